import type * as pulumi from "@pulumi/pulumi";
import type { Args, Outputs } from "../schema/description";
import { imagePin } from "../schema/image-pin";
import { DynamicResource, isOfType, typeName } from "./dynamic";

/** Which image to look up, and until when to hold it. */
export interface ImagePinArgs extends Args<typeof imagePin> {}

export interface ImagePin extends Outputs<typeof imagePin> {}

/**
 * An image that is looked up once, and held: a newer one changes nothing until `pin`, or a filter, changes.
 *
 * ```ts
 * const base = new ImagePin("base", { osDistro: "ubuntu", scpImageType: "standard", mostRecent: true, pin: "2026-11" });
 * export const imageId = base.imageId;
 * ```
 *
 * It makes nothing in the cloud, and deleting it deletes nothing there. An image that is deleted stays pinned, and is told.
 */
export class ImagePin extends DynamicResource {
  /** Whether a value is an `ImagePin`, also one of another copy of this package; and for policy packs, whether a resource is one. */
  static override isInstance(value: unknown): value is ImagePin {
    return isOfType(value, typeName("ImagePin"));
  }

  constructor(name: string, args: ImagePinArgs, opts?: pulumi.CustomResourceOptions) {
    super("ImagePin", "image-pin", name, imagePin, { ...args }, opts);
  }
}
