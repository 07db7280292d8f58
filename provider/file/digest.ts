import type { BigIntStats } from "node:fs";
import { FileError } from "./file-error";
import { hashHere, hashInThreads, type Hasher, type Hashes } from "./hashers";
import { explain, openFile, statFile, type OpenFile } from "./open";
import { argument, quote } from "./shell";

/** What a file's bytes are, in lower-case hex. Glance calls the MD5 `checksum`, and the SHA-512 `os_hash_value`. */
export interface FileDigest extends Hashes {
  /** Bytes. */
  size: number;
}

export interface DigestOptions {
  /** Ends the reading; the promise is then rejected with the signal's reason. */
  signal?: AbortSignal;
  /** Is told how many bytes have been read so far. */
  onProgress?: (bytes: number) => void;
}

/** A digest, and the state of the file that it is of. */
export interface Hashed {
  digest: FileDigest;
  stats: BigIntStats;
}

/** From this length on, two threads are faster than one: starting them takes as long as hashing 10 MiB. */
const threadsFrom = 32 * 1024 * 1024;

/**
 * Reads a file once, in constant memory, and computes its hashes.
 * @throws FileError if it cannot be read, or changes meanwhile.
 */
export async function digestFile(path: string, options: DigestOptions = {}): Promise<FileDigest> {
  return (await hashFile(path, options)).digest;
}

/** As {@link digestFile}, and tells the state of the file that was read. */
export async function hashFile(path: string, options: DigestOptions): Promise<Hashed> {
  options.signal?.throwIfAborted();
  const file = await openFile(path);
  try {
    return await hashOpenFile(file, path, options);
  } catch (error) {
    throw explain(error, path);
  } finally {
    await file.handle.close();
  }
}

async function hashOpenFile(file: OpenFile, path: string, options: DigestOptions): Promise<Hashed> {
  const size = Number(file.stats.size);
  const hasher = size < threadsFrom ? hashHere() : hashInThreads();
  try {
    const read = await readInto(hasher, file, options);
    const hashes = await abortable(hasher.finish(), options.signal);
    const after = await file.handle.stat({ bigint: true });
    // By its path too: another file may have taken its place.
    const named = await statFile(path);
    if (read !== size || !isSame(file.stats, after) || !isSame(file.stats, named)) {
      throw new FileError(
        `${quote(path)} changed while it was read; run again when it is complete (\`ls -l ${argument(path)}\` shows whether it still grows).`,
      );
    }
    return { digest: { size, ...hashes }, stats: after };
  } finally {
    await hasher.close();
  }
}

async function readInto(
  hasher: Hasher,
  { handle, stats }: OpenFile,
  options: DigestOptions,
): Promise<number> {
  let position = 0;
  // One byte more than there was: a file that grows is not read to an end that never comes.
  while (position <= stats.size) {
    const room = await abortable(hasher.room(), options.signal);
    const { bytesRead } = await handle.read(room, 0, room.length, position);
    if (bytesRead === 0) {
      break;
    }
    hasher.add(bytesRead);
    position += bytesRead;
    options.onProgress?.(position);
  }
  return position;
}

/** Waits for a promise, but no longer than until the signal. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) {
    return await promise;
  }
  signal.throwIfAborted();
  let abort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", abort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Whether nobody has written to the file between two looks at it. */
function isSame(one: BigIntStats, other: BigIntStats): boolean {
  return (
    one.dev === other.dev && one.ino === other.ino && one.size === other.size && one.mtimeNs === other.mtimeNs
  );
}
