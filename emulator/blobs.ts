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
  /** Keeps blobs that are being read from going, until what it returns is called. */
  hold(blobs: readonly string[]): () => Promise<void>;
  remove(blob: string): Promise<void>;
  keepOnly(blobs: Set<string>): Promise<void>;
}

/** A blob as a part of something larger. */
export interface Piece {
  blob: string;
  size: number;
}

/** Reads over pieces as if they were one blob. Of those only the one being read is open. */
export function readPieces(blobs: Blobs, pieces: readonly Piece[], start: number, end: number): Readable {
  const [only] = pieces;
  if (only && pieces.length === 1) return blobs.read(only.blob, start, end);
  return Readable.from(bytesOf(blobs, pieces, start, end), { objectMode: false });
}

async function* bytesOf(blobs: Blobs, pieces: readonly Piece[], start: number, end: number) {
  const release = blobs.hold(pieces.map(({ blob }) => blob));
  try {
    let offset = 0;
    for (const { blob, size } of pieces) {
      const [from, to] = [Math.max(0, start - offset), Math.min(size, end - offset)];
      if (from < to) yield* blobs.read(blob, from, to) as AsyncIterable<Buffer>;
      offset += size;
    }
  } finally {
    await release();
  }
}

/** What is common to both: a blob that is removed goes once nobody holds it. */
abstract class HeldBlobs {
  private readonly holders = new Map<string, number>();
  private readonly removed = new Set<string>();

  protected abstract erase(blob: string): Promise<void>;

  hold(blobs: readonly string[]): () => Promise<void> {
    for (const blob of blobs) this.holders.set(blob, (this.holders.get(blob) ?? 0) + 1);
    return async () => {
      for (const blob of blobs) await this.release(blob);
    };
  }

  private async release(blob: string): Promise<void> {
    const holders = (this.holders.get(blob) ?? 0) - 1;
    if (holders > 0) this.holders.set(blob, holders);
    else this.holders.delete(blob);
    if (holders <= 0 && this.removed.delete(blob)) await this.erase(blob);
  }

  async remove(blob: string): Promise<void> {
    if (this.holders.has(blob)) this.removed.add(blob);
    else await this.erase(blob);
  }
}

export class MemoryBlobs extends HeldBlobs implements Blobs {
  /** Chunks as they came: joining them would need the memory twice. */
  private readonly blobs = new Map<string, Buffer[]>();

  async write(source: AsyncIterable<Buffer>): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of source) chunks.push(chunk);
    const blob = randomUUID();
    this.blobs.set(blob, chunks);
    return blob;
  }

  read(blob: string, start: number, end: number): Readable {
    return Readable.from(cut(this.blobs.get(blob) ?? [], start, end), { objectMode: false });
  }

  protected erase(blob: string): Promise<void> {
    this.blobs.delete(blob);
    return Promise.resolve();
  }

  keepOnly(blobs: Set<string>): Promise<void> {
    for (const blob of this.blobs.keys()) if (!blobs.has(blob)) this.blobs.delete(blob);
    return Promise.resolve();
  }
}

function* cut(chunks: readonly Buffer[], start: number, end: number): Generator<Buffer> {
  let offset = 0;
  for (const chunk of chunks) {
    if (offset >= end) return;
    const part = chunk.subarray(Math.max(0, start - offset), end - offset);
    if (part.length > 0) yield part;
    offset += chunk.length;
  }
}

export class FileBlobs extends HeldBlobs implements Blobs {
  constructor(private readonly folder: string) {
    super();
  }

  async write(source: AsyncIterable<Buffer>): Promise<string> {
    const blob = randomUUID();
    try {
      await pipeline(source, createWriteStream(this.file(blob)));
    } catch (error) {
      await this.erase(blob);
      throw error;
    }
    return blob;
  }

  read(blob: string, start: number, end: number): Readable {
    if (end <= start) return Readable.from([]);
    return createReadStream(this.file(blob), { start, end: end - 1, highWaterMark: 256 * 1024 });
  }

  protected async erase(blob: string): Promise<void> {
    await rm(this.file(blob), { force: true });
  }

  async keepOnly(blobs: Set<string>): Promise<void> {
    const present = await readdir(this.folder);
    await Promise.all(present.filter((blob) => !blobs.has(blob)).map((blob) => this.erase(blob)));
  }

  private file(blob: string): string {
    return path.join(this.folder, blob);
  }
}
