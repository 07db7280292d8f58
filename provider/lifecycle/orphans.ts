import type { ScpClient } from "../api/client";
import type { TaggedImage } from "../api/tags";
import { ScpError } from "../api/errors";
import type { Image } from "../api/images";
import { duration } from "./progress";
import { creationTagKey, parseCreationTag, type CreationTag } from "../schema/creation-tag";

/** An image that carries a creation tag. */
export interface Tagged extends TaggedImage {
  /** Undefined where the value was written by an older version, or by somebody else. */
  tag?: CreationTag;
}

interface Services {
  client: ScpClient;
  warnOnce: (topic: string, text: string) => void;
}

/** Finds what killed runs left. What was left before this run is all there can be, so it is asked for once. */
export class OrphanFinder {
  private found?: Promise<Tagged[]>;

  constructor(private readonly services: Services) {}

  /** Never fails: where it cannot be asked, the user is told what that means. */
  async tagged(): Promise<Tagged[]> {
    const { client, warnOnce } = this.services;
    if (!client.settings.creationTag) {
      return [];
    }
    this.found ??= taggedImages(client).catch((error: unknown) => {
      if (!(error instanceof ScpError)) {
        throw error;
      }
      warnOnce(
        "no orphans found",
        `${error.message} So an image that a killed run left cannot be found; pulumi-scp-images orphans tries again.`,
      );
      return [];
    });
    return this.found;
  }
}

/** @throws ScpError */
export async function taggedImages(client: ScpClient): Promise<Tagged[]> {
  const found = await client.tags.find(creationTagKey);
  return found.map((image) => ({ ...image, tag: parseCreationTag(image.value) }));
}

/** An image in words: `70a5… ("golden", active, created 5 min 3 s ago)`. */
export function describeImage({ id, name, status, createdAt }: Image, now: number): string {
  const age = now - Date.parse(createdAt ?? "");
  const made = Number.isNaN(age) ? "" : `, created ${duration(Math.max(0, age))} ago`;
  return `${id} ("${name}", ${status}${made})`;
}
