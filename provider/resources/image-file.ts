import type * as pulumi from "@pulumi/pulumi";
import type { Args, Outputs } from "../schema/description";
import { imageFile } from "../schema/image-file";
import { DynamicResource, typeName } from "./dynamic";
import { originOf } from "./origin";

/** Which file, and where it goes. */
export interface ImageFileArgs extends Args<typeof imageFile> {}

export interface ImageFile extends Outputs<typeof imageFile> {}

/** What only an `Image` knows of its file. */
interface PartOfImage {
  minDisk?: pulumi.Input<number>;
  expectedChecksum?: pulumi.Input<string>;
  ignoreContent?: boolean;
  url?: pulumi.Input<string>;
}

/** A qcow2 file on this machine as an object that an image is imported from: the part of an `Image` that has a source. */
export class ImageFile extends DynamicResource {
  constructor(name: string, args: ImageFileArgs & PartOfImage, opts: pulumi.CustomResourceOptions) {
    const origin = originOf(name, typeName("ImageRecord"), opts.parent);
    super("ImageFile", "image-file", name, imageFile, { ...args, origin }, opts);
  }
}
