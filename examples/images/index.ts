import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { Image } from "pulumi-scp-images";
import { ManifestError, readManifest, type Entry } from "./manifest";

/** Makes an `Image` of each entry of images.yaml, or of the file that the config value `file` names. */
function program(): { images: pulumi.Output<unknown>[] } {
  const file = new pulumi.Config().get("file") ?? "images.yaml";
  const entries = readManifest(readFileSync(join(pulumi.getRootDirectory(), file), "utf8"), file);
  const images = entries.map((entry) => new Image(entry.name, fromProject(entry)));
  return {
    images: images.map(({ name, id, status, size, virtualSize, minDisk, minRam, visibility }) =>
      pulumi.output({ name, id, status, size, virtualSize, minDisk, minRam, visibility }),
    ),
  };
}

/** A file is named from where images.yaml is, wherever this program runs. */
function fromProject({ source, ...entry }: Entry): Entry {
  return typeof source?.file === "string"
    ? { ...entry, source: { ...source, file: join(pulumi.getRootDirectory(), source.file) } }
    : { ...entry, source };
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
