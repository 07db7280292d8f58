import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Where the bytes of objects are. A blob is written once, under a new name, and never changed. */
export interface Blobs {
  write(source: AsyncIterable<Buffer>): Promise<string>;
  /** The bytes from `start` up to, but without, `end`. */
  read(blob: string, start: number, end: number): Readable;
  remove(blob: string): Promise<void>;
  keepOnly(blobs: Set<string>): Promise<void>;
}

export class MemoryBlobs implements Blobs {
  private readonly blobs = new Map<string, Buffer>();

  async write(source: AsyncIterable<Buffer>): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of source) chunks.push(chunk);
    const blob = randomUUID();
    this.blobs.set(blob, Buffer.concat(chunks));
    return blob;
  }

  read(blob: string, start: number, end: number): Readable {
    const bytes = this.blobs.get(blob)?.subarray(start, end);
    return Readable.from(bytes?.length ? [bytes] : [], { objectMode: false });
  }

  remove(blob: string): Promise<void> {
    this.blobs.delete(blob);
    return Promise.resolve();
  }

  keepOnly(blobs: Set<string>): Promise<void> {
    for (const blob of this.blobs.keys()) if (!blobs.has(blob)) this.blobs.delete(blob);
    return Promise.resolve();
  }
}

export class FileBlobs implements Blobs {
  constructor(private readonly folder: string) {}

  async write(source: AsyncIterable<Buffer>): Promise<string> {
    const blob = randomUUID();
    try {
      await pipeline(source, createWriteStream(this.file(blob)));
    } catch (error) {
      await this.remove(blob);
      throw error;
    }
    return blob;
  }

  read(blob: string, start: number, end: number): Readable {
    if (end <= start) return Readable.from([]);
    return createReadStream(this.file(blob), { start, end: end - 1 });
  }

  async remove(blob: string): Promise<void> {
    await rm(this.file(blob), { force: true });
  }

  async keepOnly(blobs: Set<string>): Promise<void> {
    const present = await readdir(this.folder);
    await Promise.all(present.filter((blob) => !blobs.has(blob)).map((blob) => this.remove(blob)));
  }

  private file(blob: string): string {
    return path.join(this.folder, blob);
  }
}
