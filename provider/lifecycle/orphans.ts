import type { ScpClient } from "../api/client";
import { isUnauthorized, sanitize, ScpError } from "../api/errors";
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
  /** The ids of the images that this run has told of, in whatever region. */
  told: Set<string>;
  /** The tags of the images that this run creates. */
  ownTags: Set<string>;
  warn: (text: string) => void;
  warnOnce: (topic: string, text: string) => void;
}

/**
 * Tells the user of images that carry their stack's creation tag, and that this run does not know to be in use: a killed run may have left
 * them. It never makes them ours. Whether another state holds an image, no tag can say.
 */
export class OrphanFinder {
  private found?: Promise<Tagged[]>;
  private isLast = false;

  constructor(private readonly services: Services) {}

  /**
   * Tells, in the midst of a run, of the images of a stack whose records this run has looked at: what another record made, which comes
   * later in the program or is no target of this run, that record may hold.
   */
  async tellOfKnown(stackId: string): Promise<void> {
    const { holders } = this.services;
    this.tell((await this.ofStack(stackId)).filter(({ tag }) => holders.isKnown(tag?.origin ?? "")));
  }

  /** Tells of all images of a stack that has no record any more. It is the last thing that is done: keys that are refused are told too. */
  async tellOfAll(stackId: string): Promise<void> {
    this.isLast = true;
    this.tell(await this.ofStack(stackId));
  }

  /** Says that this run creates an image with this tag, which no run has left. */
  expect(tag: string): void {
    this.services.ownTags.add(tag);
  }

  private async ofStack(stackId: string): Promise<Tagged[]> {
    const { ownTags } = this.services;
    return (await this.tagged()).filter(({ tag, value }) => tag?.stackId === stackId && !ownTags.has(value));
  }

  /** Tells of each image once a run. */
  private tell(images: readonly Tagged[]): void {
    const { holders, told, warn } = this.services;
    const orphans = images.filter(({ imageId }) => !told.has(imageId) && !holders.wasHeld(imageId));
    if (orphans.length === 0) {
      return;
    }
    orphans.forEach(({ imageId }) => told.add(imageId));
    const some = orphans.slice(0, mostNamed).map(({ imageId }) => imageId);
    const more = orphans.length > some.length ? ` and ${orphans.length - some.length} more` : "";
    warn(
      `Images carry this stack's creation tag: ${some.join(", ")}${more}. A run that was killed may have left them, or a state may hold ` +
        "them: pulumi stack export --file state.json and npx pulumi-scp-images orphans --state state.json tell which. " +
        "To manage one that no state holds, give its id as imageId.",
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
      const saidAnyway: boolean = isUnauthorized(error) && !this.isLast; // Whatever is done next says it.
      if (saidAnyway) {
        return [];
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
