import type { ScpClient } from "../api/client";
import { ScpError } from "../api/errors";
import type { Image } from "../api/images";
import type { Clock } from "./clock";

/** How many images are read one by one before all are listed. */
const listFrom = 4;

/** How long a list is good for reads that come after it, in milliseconds. */
const fresh = 5_000;

interface Snapshot<T> {
  takenAt: number;
  byImage: Promise<ReadonlyMap<string, T>>;
}

/** What is asked for many images in a row: from a few on, by lists that serve all. */
class Lists<T> {
  private reads = 0;
  private snapshot?: Snapshot<T>;

  constructor(
    private readonly list: () => Promise<ReadonlyMap<string, T>>,
    private readonly clock: Clock,
  ) {}

  async find(imageId: string): Promise<T | undefined> {
    this.reads += 1;
    if (this.reads < listFrom) {
      return undefined;
    }
    const now = this.clock.now();
    if (this.snapshot === undefined || now - this.snapshot.takenAt >= fresh) {
      this.snapshot = { takenAt: now, byImage: this.listOrNothing() };
    }
    return (await this.snapshot.byImage).get(imageId);
  }

  forget(): void {
    this.snapshot = undefined;
  }

  /** Where listing fails, nothing is listed: then each image is asked for, and says itself what is wrong. */
  private async listOrNothing(): Promise<ReadonlyMap<string, T>> {
    return this.list().catch((error: unknown) => {
      if (error instanceof ScpError) {
        return new Map<string, T>();
      }
      throw error;
    });
  }
}

/** Reads images, and their tags, for a refresh. */
export class ImageReader {
  private readonly images: Lists<Image>;
  private readonly tags: Lists<Record<string, string>>;

  constructor(client: Pick<ScpClient, "allImages"> & { tags: Pick<ScpClient["tags"], "all"> }, clock: Clock) {
    this.images = new Lists(() => imagesById(client), clock);
    this.tags = new Lists(() => client.tags.all(), clock);
  }

  /** An image as a list has it; undefined where none has, so that it must be asked for by itself. */
  listed(id: string): Promise<Image | undefined> {
    return this.images.find(id);
  }

  /** The same for an image's tags. Of an image without tags no list tells. */
  listedTags(id: string): Promise<Record<string, string> | undefined> {
    return this.tags.find(id);
  }

  /** Says that this run changes an image: no list from before tells of it. */
  forget(): void {
    this.images.forget();
    this.tags.forget();
  }
}

async function imagesById(client: Pick<ScpClient, "allImages">): Promise<ReadonlyMap<string, Image>> {
  return new Map((await client.allImages()).map((image) => [image.id, image]));
}
