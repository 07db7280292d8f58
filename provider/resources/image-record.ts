import type * as pulumi from "@pulumi/pulumi";
import type { Args, Outputs } from "../schema/description";
import { imageRecord } from "../schema/image-record";
import { DynamicResource, isOfType, typeName } from "./dynamic";
import { originOf } from "./origin";

/** What one declares of an image. A wrong value is refused in preview, before anything is done. */
export interface ImageRecordArgs extends Args<typeof imageRecord> {}

/** The operating systems that SCP knows. */
export type OsDistro = pulumi.Unwrap<ImageRecordArgs["osDistro"]>;

export interface ImageRecord extends Outputs<typeof imageRecord> {}

/**
 * An image's record: made at once, before the file is imported, so that its id is in Pulumi's state before any waiting begins.
 * Deleting it deletes the image. Most programs want `Image`, which is this and an `ImageImport`.
 *
 * Alone, it keeps its creation tag until it is updated, and what a killed run left of it is told, never adopted.
 */
export class ImageRecord extends DynamicResource {
  /** Whether a value is an `ImageRecord`, also one of another copy of this package; and for policy packs, whether a resource is one. */
  static override isInstance(value: unknown): value is ImageRecord {
    return isOfType(value, typeName("ImageRecord"));
  }

  constructor(name: string, args: ImageRecordArgs, opts?: pulumi.CustomResourceOptions) {
    const isLookUp = opts?.id !== undefined;
    const origin = isLookUp ? undefined : originOf(name, typeName("ImageRecord"), opts?.parent);
    super("ImageRecord", "image-record", name, imageRecord, { ...args, origin }, opts);
  }

  /** Looks up a record that something else manages, by the image's id. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): ImageRecord {
    return new ImageRecord(name, {} as ImageRecordArgs, { ...opts, id });
  }
}
