import type * as pulumi from "@pulumi/pulumi";
import type { Args, Outputs } from "../schema/description";
import { imageMemberAcceptance } from "../schema/image-member-acceptance";
import { DynamicResource, isOfType, typeName } from "./dynamic";
import { placeOf } from "./place";

/** Which offer is answered, and how. */
export interface ImageMemberAcceptanceArgs extends Args<typeof imageMemberAcceptance> {}

export interface ImageMemberAcceptance extends Outputs<typeof imageMemberAcceptance> {}

/**
 * An account's answer to the offer of an image: with the keys of the account that the image is offered to, which are a profile's where one
 * program does both. Deleting it leaves the offer unanswered again.
 */
export class ImageMemberAcceptance extends DynamicResource {
  /** Whether a value is an `ImageMemberAcceptance`, also one of another copy of this package; and for policy packs, whether a resource is one. */
  static override isInstance(value: unknown): value is ImageMemberAcceptance {
    return isOfType(value, typeName("ImageMemberAcceptance"));
  }

  constructor(name: string, args: ImageMemberAcceptanceArgs, opts: pulumi.CustomResourceOptions = {}) {
    if (opts.import !== undefined) {
      throw new Error(
        `ImageMemberAcceptance "${name}": leave the resource option import out. An offer that is answered already is answered once more.`,
      );
    }
    const place = placeOf(name, typeName("ImageMemberAcceptance"), opts.parent);
    super(
      "ImageMemberAcceptance",
      "image-member-acceptance",
      name,
      imageMemberAcceptance,
      { ...args, place },
      opts,
    );
  }
}
