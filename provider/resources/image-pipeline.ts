import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { ChannelEntry, FileEntry, ImageEntry, LookupEntry, Manifest, ServerEntry } from "../manifest";
import type { ChannelTarget } from "../schema/image-generations";
import type { ImageInfo } from "../schema/image-info";
import { isOfType } from "./dynamic";
import { getImageOutput } from "./get-image";
import { Image, type ImageArgs } from "./image";
import { ImageGenerations } from "./image-generations";
import { ImageMember } from "./image-member";
import { perStack } from "./per-stack";
import { runError } from "./run-error";
import { ServerImage, type ServerImageArgs } from "./server-image";

export interface ImagePipelineArgs {
  /** Path of the manifest, from the folder of Pulumi.yaml. */
  manifest: string;
  /**
   * Whether an image that stands in the state by itself, under the name of an entry or of its `renamedFrom`, is that entry's: one that a
   * program declared by `new Image(…)` before, or that came from another stack by `pulumi state move`. Nothing of the image changes. Once
   * it has been run it can be taken out. By default false.
   */
  adoptTopLevel?: boolean;
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
  readonly images: Readonly<Record<string, PipelineImage>>;

  /** Where the channels point, by their names. */
  readonly channels: pulumi.Output<Record<string, ChannelTarget>>;

  constructor(name: string, args: ImagePipelineArgs, opts?: pulumi.ComponentResourceOptions) {
    super(pipelineType, name, {}, opts);
    const { images, channels } = readFrom(args.manifest);
    images.forEach(({ key, ...entry }) => {
      refuseSecrets(key, entry);
    });
    channels.forEach(({ name: channel, ...entry }) => {
      refuseSecrets(`channel ${channel}`, entry);
      refuseSecondChannel(channel, name);
    });
    const made = images.map((entry) => {
      const own = channels.filter(({ image }) => image === entry.key);
      return entry.origin === "lookup"
        ? lookUp(entry, own)
        : this.make(entry, own, args.adoptTopLevel ?? false);
    });
    this.images = Object.fromEntries(made.map(({ key, image }) => [key, image]));
    this.channels = pulumi
      .all(made.map(({ targets }) => targets))
      .apply((all) => Object.assign({}, ...all) as Record<string, ChannelTarget>);
    this.registerOutputs({ channels: this.channels });
  }

  private make(
    entry: FileEntry | ServerEntry,
    channels: readonly ChannelEntry[],
    adoptTopLevel: boolean,
  ): Declared {
    const { key, renamedFrom, sharedWith = [] } = entry;
    const earlier = renamedFrom.map((name): pulumi.Alias => ({ name }));
    const parent = pulumi.rootStackResource;
    const outside = adoptTopLevel ? [{ parent }, ...earlier.map((alias) => ({ ...alias, parent }))] : [];
    const opts = { parent: this, aliases: [...earlier, ...outside] };
    const inGenerations = { inGenerations: true };
    const image =
      entry.origin === "server"
        ? new ServerImage(key, { ...serverArgsOf(entry), ...inGenerations }, opts)
        : new Image(key, { ...argsOf(entry), ...inGenerations }, opts);
    const members = sharedWith.map((memberId) => {
      const { region, environment, profile } = entry.properties;
      const member = { imageId: image.id, memberId, region, environment, profile, ...inGenerations };
      return new ImageMember(`${key}/${memberId}`, member, {
        parent: image,
        aliases: renamedFrom.map((name) => ({ name: `${name}/${memberId}` })),
      });
    });
    const generations = keepGenerations(entry, image, channels, members); // A channel points at what is shared already.
    return { key, image, targets: generations.targets };
  }
}

/** An image of a pipeline: one that it makes, or one that it only looks up. */
export type PipelineImage = Image | ServerImage | pulumi.Output<ImageInfo>;

interface Declared {
  key: string;
  image: PipelineImage;
  targets: pulumi.Output<Record<string, ChannelTarget>>;
}

/** An image that something else manages has no generations here. */
function lookUp({ key, lookup, properties }: LookupEntry, channels: readonly ChannelEntry[]): Declared {
  const image = getImageOutput({ id: lookup, ...properties });
  const target = { imageId: lookup };
  return {
    key,
    image,
    targets: pulumi.output(Object.fromEntries(channels.map(({ name }) => [name, target]))),
  };
}

function keepGenerations(
  { key, version, keep, sharedWith, properties, origin, secrets }: FileEntry | ServerEntry,
  image: Image | ServerImage,
  channels: readonly ChannelEntry[],
  dependsOn: ImageMember[],
): ImageGenerations {
  const versions = channels.map(({ name, version: wanted = "" }) => [name, wanted]);
  const { protected: isProtected, tags, region, environment, profile } = properties;
  return new ImageGenerations(
    key,
    origin === "server" ? "ServerImageRecord" : "ImageRecord",
    {
      imageId: image.id,
      version,
      keep,
      channels: Object.fromEntries(versions) as Record<string, string>,
      protected: isProtected,
      sharedWith,
      tags: tags && secrets.includes("tags") ? pulumi.secret(tags) : tags,
      region,
      environment,
      profile,
    },
    {
      parent: image,
      dependsOn,
    },
  );
}

/** What the state has as a name, or messages tell, cannot be kept secret. */
const neverSecret = ["name", "version", "sharedWith", "source", "server", "lookup", "renamedFrom", "image"];

function refuseSecrets(what: string, { line, secrets }: Pick<ImageEntry, "line" | "secrets">): void {
  const open = secrets.filter((name) => neverSecret.includes(name));
  if (open.length > 0) {
    throw runError(
      `Line ${line}: ${open.join(" and ")} of ${what} cannot be made of a secret: states and messages tell it.`,
    );
  }
}

/** The pipelines that have a channel, by its name. */
const ownersOfChannels = perStack(() => new Map<string, string>());

/** A channel is a tag: of two that have one, each would take the other for its own. */
function refuseSecondChannel(channel: string, pipeline: string): void {
  const owners = ownersOfChannels();
  const owner = owners.get(channel);
  if (owner !== undefined) {
    throw runError(
      `The channel ${channel} of "${pipeline}" is one of "${owner}" too: give one of the two another name.`,
    );
  }
  owners.set(channel, pipeline);
}

/** What `Image` takes. A file is named from where the manifest's project is. */
function argsOf({ properties, secrets }: FileEntry): ImageArgs {
  const { source, ...others } = properties;
  const file = source && resolve(pulumi.getRootDirectory(), source.file);
  return withSecrets({ ...others, source: source && { ...source, file } } as ImageArgs, secrets);
}

/** What `ServerImage` takes. */
function serverArgsOf({ server: serverId, properties, secrets }: ServerEntry): ServerImageArgs {
  return withSecrets({ ...properties, serverId }, secrets);
}

/** What a secret of the stack's configuration went into is one. */
function withSecrets<T extends object>(args: T, secrets: readonly string[]): T {
  const all = Object.entries(args).map(([name, value]: [string, unknown]) => [
    name,
    secrets.includes(name) ? pulumi.secret(value) : value,
  ]);
  return Object.fromEntries(all) as T;
}

function readFrom(path: string): Manifest {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- only who has a manifest loads what reads it; a constructor cannot wait
  const { readManifest, ManifestError } = require("../manifest") as typeof import("../manifest");
  let text: string;
  try {
    text = readFileSync(resolve(pulumi.getRootDirectory(), path), "utf8");
  } catch (error) {
    throw runError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
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
    throw error instanceof ManifestError ? runError(error.message) : error;
  }
}

function configValue(key: string): { value: string; secret: boolean } | undefined {
  const value = pulumi.runtime.getConfig(key);
  // Pulumi has it, and does not declare it.
  const { isConfigSecret } = pulumi.runtime as { isConfigSecret?: (key: string) => boolean };
  return value === undefined ? undefined : { value, secret: isConfigSecret?.(key) ?? true };
}
