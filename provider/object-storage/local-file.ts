import { createHash } from "node:crypto";
import { open, stat, type FileHandle } from "node:fs/promises";
import { ObjectStorageError, advice } from "./errors";
import type { Part } from "./parts";

/** What tells whether a file is still the one that was looked at. */
export interface FileStamp {
  ino: bigint;
  mtimeNs: bigint;
  /** Also changes where a tool sets the time of modification back. */
  ctimeNs: bigint;
}

/** A file that is being uploaded, and must stay what it is meanwhile. */
export class LocalFile {
  private constructor(
    private readonly path: string,
    readonly size: number,
    private readonly handle: FileHandle,
    private readonly stamp: FileStamp,
    private readonly operation: string,
  ) {}

  /** @throws ObjectStorageError where it is not the file that the caller has looked at. The file system's own errors pass. */
  static async open(path: string, size: number, operation: string, stamp?: FileStamp): Promise<LocalFile> {
    const handle = await open(path, "r");
    try {
      const file = new LocalFile(
        path,
        size,
        handle,
        stamp ?? (await handle.stat({ bigint: true })),
        operation,
      );
      await file.checkUnchanged();
      return file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** By its path, so that another file in its place is noticed too. */
  async checkUnchanged(): Promise<void> {
    const now = await stat(this.path, { bigint: true }).catch(() => undefined);
    const { ino, mtimeNs, ctimeNs } = this.stamp;
    const isSame =
      now?.ino === ino &&
      now.mtimeNs === mtimeNs &&
      now.ctimeNs === ctimeNs &&
      now.size === BigInt(this.size);
    if (!isSame) {
      throw this.changed();
    }
  }

  /** Fills the buffer with a part. */
  async read({ start, size }: Part, buffer: Buffer): Promise<void> {
    for (let filled = 0; filled < size;) {
      const { bytesRead } = await this.handle.read(buffer, filled, size - filled, start + filled);
      if (bytesRead === 0) {
        throw this.changed();
      }
      filled += bytesRead;
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  private changed(): ObjectStorageError {
    return new ObjectStorageError({
      failure: "fileChanged",
      operation: this.operation,
      advice: advice.fileChanged,
    });
  }
}

export function md5Of(bytes: Buffer): Buffer {
  return createHash("md5").update(bytes).digest();
}
