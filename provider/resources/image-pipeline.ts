import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { ChannelEntry, FileEntry, ImageEntry, LookupEntry, Manifest } from "../manifest";
import type { ChannelTarget } from "../schema/image-generations";
import { isOfType } from "./dynamic";
import { Image, type ImageArgs } from "./image";
import { ImageGenerations } from "./image-generations";

export interface ImagePipelineArgs {
  /** Path of the manifest, from the folder of Pulumi.yaml. */
  manifest: string;
}

/** The component's type in the state. Permanent. */
const pipelineType = "scp:index:ImagePipeline";

/**
 * The images of a manifest, images.yaml: made, kept as it says, replaced generation by generation, shared, and handed out by channels.
 *
 * ```ts
 * export const { channels } = new ImagePipeline("images", { manifest: "images.yaml" });
 * ```
 *
 * A mistake in the manifest ends the program before anything is done, with every mistake's line and column.
 */
export class ImagePipeline extends pulumi.ComponentResource {
  /** Whether a value is an `ImagePipeline`, also one of another copy of this package. */
  static override isInstance(value: unknown): value is ImagePipeline {
    return isOfType(value, pipelineType);
  }

  /** The current images, by their keys in the manifest. */
  readonly images: Readonly<Record<string, Image>>;

  /** Where the channels point, by their names. */
  readonly channels: pulumi.Output<Record<string, ChannelTarget>>;

  constructor(name: string, { manifest: path }: ImagePipelineArgs, opts?: pulumi.ComponentResourceOptions) {
    super(pipelineType, name, {}, opts);
    const { images, channels } = readFrom(path);
    const made = images.map((entry) =>
      this.declare(
        entry,
        channels.filter(({ image }) => image === entry.key),
      ),
    );
    this.images = Object.fromEntries(made.map(({ key, image }) => [key, image]));
    this.channels = pulumi
      .all(made.map(({ targets }) => targets))
      .apply((all) => Object.assign({}, ...all) as Record<string, ChannelTarget>);
    this.registerOutputs({ channels: this.channels });
  }

  private declare(entry: ImageEntry, channels: readonly ChannelEntry[]): Declared {
    switch (entry.origin) {
      case "lookup":
        return this.lookUp(entry, channels);
      case "server":
        throw new pulumi.RunError(`Line ${entry.line}: images of servers are not there yet.`);
      default:
        return this.make(entry, channels);
    }
  }

  /** An image that something else manages has no generations here. */
  private lookUp({ key, lookup, properties }: LookupEntry, channels: readonly ChannelEntry[]): Declared {
    const image = Image.get(key, lookup, { parent: this });
    const targets = image.id.apply((imageId) =>
      Object.fromEntries(channels.map(({ name }) => [name, { imageId }])),
    );
    void properties;
    return { key, image, targets };
  }

  private make(entry: FileEntry, channels: readonly ChannelEntry[]): Declared {
    const { key, renamedFrom } = entry;
    const args = { ...argsOf(entry), inGenerations: true };
    const aliases = renamedFrom.map((name) => ({ name }));
    const image = new Image(key, args, { parent: this, aliases });
    return { key, image, targets: this.keepGenerations(entry, image, args, channels).targets };
  }

  private keepGenerations(
    { key, version, keep }: ImageEntry,
    image: Image,
    { protected: isProtected, tags, region, environment, profile }: ImageArgs,
    channels: readonly ChannelEntry[],
  ): ImageGenerations {
    const versions = channels.map(({ name, version: wanted = "" }) => [name, wanted]);
    return new ImageGenerations(
      key,
      {
        imageId: image.id,
        version,
        keep,
        channels: Object.fromEntries(versions) as Record<string, string>,
        protected: isProtected,
        tags,
        region,
        environment,
        profile,
      },
      { parent: image },
    );
  }
}

interface Declared {
  key: string;
  image: Image;
  targets: pulumi.Output<Record<string, ChannelTarget>>;
}

/** What `Image` takes. A file is named from where the manifest's project is; what a secret went into stays one. */
function argsOf({ properties, secrets }: FileEntry): ImageArgs {
  const { source, ...others } = properties;
  const file = source && resolve(pulumi.getRootDirectory(), source.file);
  const args: Record<string, unknown> = { ...others, source: source && { ...source, file } };
  const isSecret = (name: string) => secrets.includes(name);
  const all = Object.entries(args).map(([name, value]) => [
    name,
    isSecret(name) ? pulumi.secret(value) : value,
  ]);
  return Object.fromEntries(all) as unknown as ImageArgs;
}

function readFrom(path: string): Manifest {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- only who has a manifest loads what reads it; a constructor cannot wait
  const { readManifest, ManifestError } = require("../manifest") as typeof import("../manifest");
  let text: string;
  try {
    text = readFileSync(resolve(pulumi.getRootDirectory(), path), "utf8");
  } catch (error) {
    throw new pulumi.RunError(
      `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  try {
    return readManifest(text, path, {
      stack: pulumi.getStack(),
      project: pulumi.getProject(),
      organization: pulumi.getOrganization(),
      env: process.env,
      config: configValue,
    });
  } catch (error) {
    throw error instanceof ManifestError ? new pulumi.RunError(error.message) : error;
  }
}

function configValue(key: string): { value: string; secret: boolean } | undefined {
  const value = pulumi.runtime.getConfig(key);
  // Pulumi has it, and does not declare it.
  const { isConfigSecret } = pulumi.runtime as { isConfigSecret?: (key: string) => boolean };
  return value === undefined ? undefined : { value, secret: isConfigSecret?.(key) ?? true };
}
