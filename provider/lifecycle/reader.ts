import type { ScpClient } from "../api/client";
import { ScpError } from "../api/errors";
import type { Image } from "../api/images";
import type { Clock } from "./clock";

/** How many images are read one by one before all are listed. */
const listFrom = 4;

/** How long a list is good for reads that come after it, in milliseconds. */
const fresh = 5_000;

interface Snapshot {
  takenAt: number;
  images: Promise<ReadonlyMap<string, Image>>;
}

/** Reads images for a refresh: from a few on, by lists that serve all. */
export class ImageReader {
  private reads = 0;
  private snapshot?: Snapshot;

  constructor(
    private readonly client: Pick<ScpClient, "allImages">,
    private readonly clock: Clock,
  ) {}

  /** An image as a list has it; undefined where none has, so that it must be asked for by itself. */
  async listed(id: string): Promise<Image | undefined> {
    this.reads += 1;
    if (this.reads < listFrom) {
      return undefined;
    }
    const now = this.clock.now();
    if (this.snapshot === undefined || now - this.snapshot.takenAt >= fresh) {
      this.snapshot = { takenAt: now, images: this.list() };
    }
    return (await this.snapshot.images).get(id);
  }

  /** Says that this run changes an image: no list from before tells of it. */
  forget(): void {
    this.snapshot = undefined;
  }

  /** Where listing fails, nothing is listed: then each image is asked for, and says itself what is wrong. */
  private async list(): Promise<ReadonlyMap<string, Image>> {
    const images = new Map<string, Image>();
    try {
      for await (const image of this.client.allImages({ limit: 1000 })) {
        images.set(image.id, image);
      }
      return images;
    } catch (error) {
      if (error instanceof ScpError) {
        return new Map();
      }
      throw error;
    }
  }
}
