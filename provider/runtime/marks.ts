import { randomUUID } from "node:crypto";
import type { ScpClient, TaggedImage } from "../api/client";
import { isForbidden, isNotFound } from "../api/errors";
import { unlessGone } from "./unless-gone";

/**
 * The tag on an image of which it is not certain yet that the state knows it: made by the request that makes the image, and taken
 * off once something that comes after the record in the state is at work. What bears it otherwise was left by a run that was killed.
 */
export const markKey = "pulumi-scp-images";

/** What a mark says: where an image comes from, whether it was made as a part of an `Image`, and a part that differs each time. */
export function newToken(origin: string, partOfImage: boolean): string {
  return `${origin}/${partOfImage ? "image" : "record"}-${randomUUID()}`;
}

function originIn(token: string): string {
  return token.slice(0, token.lastIndexOf("/"));
}

/** Whether a mark is on an image that was made as a part of an `Image`, where it is taken off once the state knows the image. */
export function isPartOfImage(token: string): boolean {
  return token.slice(token.lastIndexOf("/") + 1).startsWith("image-");
}

/** An image's tags without ours. */
export function withoutMarks(tags: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => key !== markKey));
}

/** What killed runs left, what this run knows not to be such, and who holds which image. */
export class Marks {
  /** Tokens of records that are in the state. */
  private readonly known = new Set<string>();
  private readonly taken = new Set<string>();
  /** By an image's id, the tokens of the resources that hold it in the state. */
  private readonly holders = new Map<string, Set<unknown>>();
  private listing?: Promise<TaggedImage[]>;

  constructor(private readonly client: ScpClient) {}

  /** Says that the state holds a record that was made with this token. */
  know(token: string): void {
    this.known.add(token);
  }

  /** Says that a resource holds an image, and goes on holding it until it is released. */
  hold(imageId: string, token: unknown): void {
    if (token !== undefined) {
      this.holders.set(imageId, (this.holders.get(imageId) ?? new Set()).add(token));
    }
  }

  /** Says that a resource is done with an image. Answers whether nobody else is known to hold it. */
  release(imageId: string, token: unknown): boolean {
    const holders = this.holders.get(imageId);
    holders?.delete(token);
    return holders === undefined || holders.size === 0;
  }

  /**
   * The images that killed runs made for the same resource of the same stack as this token names. Looked up once: what was left
   * before this run is all there can be. Each image is given out once.
   */
  async leftFor(token: string): Promise<string[]> {
    this.listing ??= this.findLeft().catch((error: unknown) => {
      this.listing = undefined;
      throw error;
    });
    const origin = originIn(token);
    const left = (await this.listing).filter(
      ({ imageId, value }) =>
        originIn(value) === origin && !this.known.has(value) && !this.taken.has(imageId),
    );
    return left.map(({ imageId }) => {
      this.taken.add(imageId);
      return imageId;
    });
  }

  /** The images that killed runs left of a stack that has none any more. */
  async leftOf(stack: string): Promise<TaggedImage[]> {
    return (await this.findLeft()).filter(({ value }) => value.startsWith(`${stack}/`));
  }

  /**
   * The images that bear this very token: more than one where a request was repeated whose first answer was lost.
   * @throws ScpError also where looking is not allowed: then it is not known whether there is one
   */
  async madeWith(token: string): Promise<string[]> {
    const marked = await this.client.findTags(markKey);
    return marked.filter(({ value }) => value === token).map(({ imageId }) => imageId);
  }

  /** Takes the mark off: the state knows the image. */
  async settle(imageId: string): Promise<void> {
    try {
      await unlessGone(() => this.client.deleteTag({ id: imageId }, markKey));
    } catch (error) {
      if (!isForbidden(error)) {
        throw error;
      }
      console.warn(`${error.message} Without that permission, the image keeps the tag ${markKey}.`);
    }
  }

  private async findLeft(): Promise<TaggedImage[]> {
    try {
      return await this.client.findTags(markKey);
    } catch (error) {
      if (isForbidden(error) || isNotFound(error)) {
        console.warn(
          `${error.message} Without that permission, an image that a killed run has made cannot be told from others, and would be left behind.`,
        );
        return [];
      }
      throw error;
    }
  }
}
