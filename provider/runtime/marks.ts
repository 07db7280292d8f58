import type { ScpClient, TaggedImage } from "../api/client";
import { isForbidden, isNotFound } from "../api/errors";
import type { Image } from "../api/images";

/**
 * The tag on an image of which it is not certain yet that the state knows it: made by the request that makes the image, and taken
 * off once something that comes after the record in the state is at work. What bears it otherwise was left by a run that was killed.
 */
export const markKey = "pulumi-scp-images";

/** The tag on an image that was taken over by its id: who took it over last. */
export const claimKey = "pulumi-scp-images:claim";

/** An image's tags without ours. */
export function withoutMarks(tags: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => key !== markKey && key !== claimKey));
}

/** What killed runs left, and what this run knows not to be such. */
export class Marks {
  /** Tokens of records that are in the state. */
  private readonly known = new Set<string>();
  private readonly taken = new Set<string>();
  private listing?: Promise<TaggedImage[]>;

  constructor(private readonly client: ScpClient) {}

  /** Says that the state holds a record that was made with this token. */
  know(token: string): void {
    this.known.add(token);
  }

  /**
   * The images that killed runs made for the same resource of the same stack as this token names. Looked up once: what was left
   * before this run is all there can be. Each image is given out once.
   */
  async leftFor(token: string): Promise<string[]> {
    this.listing ??= this.find().catch((error: unknown) => {
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

  /** The images that bear this very token: more than one where a request was repeated whose first answer was lost. */
  async madeWith(token: string): Promise<string[]> {
    return (await this.find()).filter(({ value }) => value === token).map(({ imageId }) => imageId);
  }

  /** Takes the mark off: the state knows the image. Failing to is no harm by itself, so it stops nothing. */
  async settle(imageId: string): Promise<void> {
    await this.client.deleteTag({ id: imageId }, markKey).catch(() => undefined);
  }

  /** Notes on an image who takes it over, beside the tags that it has. */
  async claim(image: Image, token: string): Promise<void> {
    await this.client.setTags(image, { ...(await this.client.listTags(image)), [claimKey]: token });
  }

  /** Whether somebody else has taken an image over since this token did. */
  async claimedSince(image: Image, token: unknown): Promise<boolean> {
    const claim = (await this.client.listTags(image))[claimKey];
    return claim !== undefined && claim !== token;
  }

  private async find(): Promise<TaggedImage[]> {
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

/** A token is where it comes from, and a part that differs each time. */
function originIn(token: string): string {
  return token.slice(0, token.lastIndexOf("/"));
}
