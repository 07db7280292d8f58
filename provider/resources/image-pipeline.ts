import * as pulumi from "@pulumi/pulumi";
import type { ChannelTarget } from "../schema/image-generations";
import { isOfType } from "./dynamic";
import { Image, type ImageArgs } from "./image";
import { ImageGenerations } from "./image-generations";

/** An image of a pipeline: what `Image` takes, and what becomes of its generations. */
export interface PipelineImage extends Omit<ImageArgs, "name"> {
  /** The image's own name. By default the entry's. */
  name?: ImageArgs["name"];
  /** What this content is called, such as `2026.11.2`. A channel can point at it for as long as it is kept. */
  version?: string;
  /** How many earlier generations stay when the image is replaced. By default 0. */
  keep?: number;
  /** The names that the entry has had. */
  renamedFrom?: string | readonly string[];
}

/** Where a channel points. */
export interface PipelineChannel {
  /** The entry. */
  image: string;
  /** Which of its generations. By default the current one. */
  version?: string;
}

export interface ImagePipelineArgs {
  /** The images, by logical names that stay. */
  images: Record<string, PipelineImage>;
  /** The channels, by name, such as `ubuntu-24.04/stable`. */
  channels?: Record<string, PipelineChannel>;
}

const pipelineType = "scp:index:ImagePipeline";

/** Images that are replaced generation by generation, and channels that point at one of them. */
export class ImagePipeline extends pulumi.ComponentResource {
  /** Whether a value is an `ImagePipeline`, also one of another copy of this package. */
  static override isInstance(value: unknown): value is ImagePipeline {
    return isOfType(value, pipelineType);
  }

  /** The current images, by entry. */
  readonly images: Readonly<Record<string, Image>>;

  /** Where the channels point, by name. */
  readonly channels: pulumi.Output<Record<string, ChannelTarget>>;

  constructor(name: string, args: ImagePipelineArgs, opts?: pulumi.ComponentResourceOptions) {
    super(pipelineType, name, {}, opts);
    const made = Object.entries(args.images).map(([key, image]) =>
      this.declare(key, image, args.channels ?? {}),
    );
    this.images = Object.fromEntries(made.map(({ key, image }) => [key, image]));
    this.channels = pulumi
      .all(made.map(({ generations }) => generations.targets))
      .apply((all) => Object.assign({}, ...all) as Record<string, ChannelTarget>);
    this.registerOutputs({ channels: this.channels });
  }

  private declare(key: string, entry: PipelineImage, channels: Record<string, PipelineChannel>): Declared {
    const { version, keep, renamedFrom = [], ...args } = entry;
    const { region, environment, profile, tags } = args;
    const aliases = [renamedFrom].flat().map((name) => ({ name }));
    const own = Object.entries(channels).filter(([, { image }]) => image === key);
    const settled = { ...args, name: args.name ?? key, inGenerations: true };
    const image = new Image(key, settled, { parent: this, aliases });
    const generations = new ImageGenerations(
      key,
      {
        imageId: image.id,
        version,
        keep,
        channels: Object.fromEntries(own.map(([channel, target]) => [channel, target.version ?? ""])),
        protected: args.protected,
        tags,
        region,
        environment,
        profile,
      },
      { parent: image },
    );
    return { key, image, generations };
  }
}

interface Declared {
  key: string;
  image: Image;
  generations: ImageGenerations;
}
