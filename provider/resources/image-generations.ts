import type * as pulumi from "@pulumi/pulumi";
import type { Args, Outputs } from "../schema/description";
import { imageGenerations } from "../schema/image-generations";
import { DynamicResource, typeName } from "./dynamic";
import { originOf } from "./origin";

/** Which image is the current one, and what else stays. */
export interface ImageGenerationsArgs extends Args<typeof imageGenerations> {}

export interface ImageGenerations extends Outputs<typeof imageGenerations> {}

/** What only an `ImagePipeline` knows of its images. */
interface PartOfPipeline {
  protected?: pulumi.Input<boolean>;
  sharedWith?: readonly string[];
  tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** The images that an entry of an `ImagePipeline` has had, and where its channels point. */
export class ImageGenerations extends DynamicResource {
  /** @param record the type of the resource that manages the current image */
  constructor(
    name: string,
    record: "ImageRecord" | "ServerImageRecord",
    args: ImageGenerationsArgs & PartOfPipeline,
    opts: pulumi.CustomResourceOptions,
  ) {
    const origin = originOf(name, typeName(record), opts.parent);
    super("ImageGenerations", "image-generations", name, imageGenerations, { ...args, origin }, opts);
  }
}
