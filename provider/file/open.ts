import { constants, type BigIntStats } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { FileError } from "./file-error";
import { argument, quote } from "./shell";

export interface OpenFile {
  handle: FileHandle;
  stats: BigIntStats;
}

/** Opens a regular file to be read. @throws FileError if there is none, or it cannot be read. */
export async function openFile(path: string): Promise<OpenFile> {
  // Looked at first: to open a pipe that nobody writes to would wait for ever.
  await statFile(path);
  const handle = await open(path, constants.O_RDONLY).catch((error: unknown) => {
    throw explain(error, path);
  });
  try {
    return { handle, stats: await handle.stat({ bigint: true }) };
  } catch (error) {
    await handle.close();
    throw explain(error, path);
  }
}

/** @throws FileError if there is no regular file at the path. */
export async function statFile(path: string): Promise<BigIntStats> {
  const stats = await stat(path, { bigint: true }).catch((error: unknown) => {
    throw explain(error, path);
  });
  if (stats.isDirectory()) {
    throw new FileError(
      `${quote(path)} is a directory, not a file; \`ls -l ${argument(path)}\` lists the files in it.`,
    );
  }
  if (!stats.isFile()) {
    throw new FileError(
      `${quote(path)} is a device, pipe or socket, not a file; \`qemu-img convert -O qcow2 ${argument(path)} disk.qcow2\` copies a device into one.`,
    );
  }
  return stats;
}

/** Turns an error of the file system's into a sentence, and leaves any other as it is. */
export function explain(error: unknown, path: string): unknown {
  if (typeof error !== "object" || error === null || !("syscall" in error) || !("code" in error)) {
    return error;
  }
  switch (error.code) {
    case "ENOENT":
    case "ENOTDIR":
      return new FileError(
        `${quote(path)} is not there; \`ls -l ${argument(dirname(path))}\` lists what is.`,
      );
    case "EACCES":
    case "EPERM":
      return new FileError(
        `${quote(path)} may not be read by this user; \`chmod u+r ${argument(path)}\` lets its owner.`,
      );
    case "ELOOP":
      return new FileError(
        `${quote(path)} is a symbolic link that leads back to itself; \`ls -l ${argument(path)}\` shows where to.`,
      );
    default:
      return new FileError(
        `${quote(path)} could not be read (${String(error.code)}); \`cat ${argument(path)} > /dev/null\` tries it again.`,
      );
  }
}

/** Reads at most `length` bytes at `position`: fewer only where the file ends. */
export async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) {
      break;
    }
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
