import type { ScpClient } from "../api/client";
import { sanitize, ScpError } from "../api/errors";
import type { Image } from "../api/images";
import type { TaggedImage } from "../api/tags";
import { creationTagKey, parseCreationTag, type CreationTag } from "../schema/creation-tag";
import type { ImageHolders } from "./holders";
import { duration } from "./progress";

/** An image that carries a creation tag. */
export interface Tagged extends TaggedImage {
  /** Undefined where the value was written by somebody else. */
  tag?: CreationTag;
}

interface Services {
  client: ScpClient;
  holders: ImageHolders;
  warn: (text: string) => void;
  warnOnce: (topic: string, text: string) => void;
}

/**
 * Tells the user of images that carry his stack's creation tag, and that this run does not know to be in use: a killed run may have left
 * them. It never makes them ours. Whether another state holds an image, no tag can say.
 */
export class OrphanFinder {
  private found?: Promise<Tagged[]>;
  private readonly told = new Set<string>();

  constructor(private readonly services: Services) {}

  /** Tells of the images of a stack, each once a run. */
  async tell(stackId: string): Promise<void> {
    const { holders, warn } = this.services;
    const orphans = (await this.tagged()).filter(
      ({ tag, imageId }) => tag?.stackId === stackId && !this.told.has(imageId) && !holders.isHeld(imageId),
    );
    if (orphans.length === 0) {
      return;
    }
    orphans.forEach(({ imageId }) => this.told.add(imageId));
    const some = orphans.slice(0, mostNamed).map(({ imageId }) => imageId);
    const more = orphans.length > some.length ? ` and ${orphans.length - some.length} more` : "";
    warn(
      `Images carry this stack's creation tag: ${some.join(", ")}${more}. If no state holds them, runs that were killed left them. ` +
        "npx pulumi-scp-images orphans tells more, and deletes those that you name; to manage one instead, give its id as imageId.",
    );
  }

  /** What was left before this run is all there can be, so it is asked for once. Never fails: the user is told what that means. */
  private async tagged(): Promise<Tagged[]> {
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

/** How many images a message names. */
const mostNamed = 20;

/** @throws ScpError */
export async function taggedImages(client: ScpClient): Promise<Tagged[]> {
  const found = await client.tags.find(creationTagKey);
  return found.map((image) => ({ ...image, tag: parseCreationTag(sanitize(image.value, [])) }));
}

/** An image in words: `70a5… ("golden", active, created 5 min 3 s ago)`. */
export function describeImage({ id, name, status, createdAt }: Image, now: number): string {
  const age = now - Date.parse(createdAt ?? "");
  const made = Number.isNaN(age) ? "" : `, created ${duration(Math.max(0, age))} ago`;
  return `${id} ("${name}", ${status}${made})`;
}
