import type * as pulumi from "@pulumi/pulumi";
import type { Args, Outputs } from "../schema/description";
import { imageImport } from "../schema/image-import";
import type { Timeouts } from "../schema/image-record";
import { DynamicResource, isOfType, typeName } from "./dynamic";

/** Which file goes into which record. */
export interface ImageImportArgs extends Args<typeof imageImport> {}

export interface ImageImport extends Outputs<typeof imageImport> {}

/**
 * The import of a file into an image record; made when the image is `active`. It starts the import where nothing else does,
 * waits while one is under way, and starts a failed one again, a few times.
 *
 * Used alone, on a record that exists already, it manages that image: deleting it deletes the image, unless `deleteImage` is
 * false or the resource option `retainOnDelete` is set.
 */
export class ImageImport extends DynamicResource {
  /** Whether a value is an `ImageImport`, also one of another copy of this package; and for policy packs, whether a resource is one. */
  static override isInstance(value: unknown): value is ImageImport {
    return isOfType(value, typeName("ImageImport"));
  }

  constructor(name: string, args: ImageImportArgs, opts?: pulumi.CustomResourceOptions) {
    const timeouts = args.timeouts ?? timeoutsOf(opts);
    super("ImageImport", "image-import", name, imageImport, { ...args, timeouts }, opts);
  }

  /** Looks up the file's side of an image that something else manages, by the image's id. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): ImageImport {
    return new ImageImport(name, {} as ImageImportArgs, { ...opts, id });
  }
}

/** Pulumi does not hand customTimeouts on to a dynamic provider, so they travel as the argument. */
export function timeoutsOf(opts: pulumi.CustomResourceOptions | undefined): Timeouts | undefined {
  const create = opts?.customTimeouts?.create;
  return create === undefined ? undefined : { create };
}
