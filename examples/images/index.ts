import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { Image, type ImageArgs } from "pulumi-scp-images";
import { ManifestError, readManifest, type ImageEntry } from "pulumi-scp-images/manifest";

/** Makes an `Image` of each entry of images.yaml, or of the file that the config value `file` names. */
function program(): { images: pulumi.Output<unknown>[] } {
  const file = new pulumi.Config().get("file") ?? "images.yaml";
  const manifest = readManifest(readFileSync(join(pulumi.getRootDirectory(), file), "utf8"), file, {
    stack: pulumi.getStack(),
    project: pulumi.getProject(),
    organization: pulumi.getOrganization(),
    env: process.env,
    config: (key) => pulumi.runtime.getConfig(key),
  });
  const images = manifest.images.map(imageOf);
  return {
    images: images.map(({ name, id, status, size, virtualSize, minDisk, minRam, visibility }) =>
      pulumi.output({ name, id, status, size, virtualSize, minDisk, minRam, visibility }),
    ),
  };
}

function imageOf(entry: ImageEntry): Image {
  switch (entry.origin) {
    case "url":
    case "source":
      return new Image(entry.key, fromProject(entry.properties));
    case "lookup":
      return Image.get(entry.key, entry.lookup);
    case "server":
      throw new pulumi.RunError(`Line ${entry.line}: this program makes no images of servers.`);
  }
}

/** A file is named from where images.yaml is, wherever this program runs. */
function fromProject({ source, ...args }: ImageArgs): ImageArgs {
  return typeof source?.file === "string"
    ? { ...args, source: { ...source, file: join(pulumi.getRootDirectory(), source.file) } }
    : { ...args, source };
}

function run(): { images: pulumi.Output<unknown>[] } {
  try {
    return program();
  } catch (error) {
    throw error instanceof ManifestError ? new pulumi.RunError(error.message) : error;
  }
}

/** What `npm run up` shows as a table. */
export const { images } = run();
