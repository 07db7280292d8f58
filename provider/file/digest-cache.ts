import type { BigIntStats } from "node:fs";
import { cacheDirectory, CacheFile, identityOf } from "./cache-file";
import { hashFile, type DigestOptions, type FileDigest } from "./digest";
import { statFile } from "./open";

export interface CacheOptions {
  /** Where digests are kept. By default the user's cache folder: `pulumi-scp-images` in $XDG_CACHE_HOME, ~/.cache or %LOCALAPPDATA%. */
  directory?: string;
  /** The time in milliseconds since 1970, to tell how old a file is. By default the clock. */
  now?: () => number;
}

/** How long nobody must have written to a file, in milliseconds. File systems tell times apart that are 2 s apart (FAT) or less. */
const settled = 2000;

/**
 * As `digestFile`, but a file that is the same as when it was hashed last is not read again: the same device, inode, size, times of
 * modification and of change. No progress is told of a file that is not read.
 *
 * A file that was written to less than 2 s before it was hashed is hashed again the next time: a write in the same tick of the clock
 * would leave no trace in its times.
 * @throws FileError as `digestFile`
 */
export async function cachedDigest(
  path: string,
  options: DigestOptions & CacheOptions = {},
): Promise<FileDigest> {
  const cache = cacheIn(options.directory ?? cacheDirectory());
  options.signal?.throwIfAborted();
  const known = cache?.find(await statFile(path));
  if (known !== undefined) {
    return known;
  }
  const began = (options.now ?? Date.now)();
  const { digest, stats } = await hashFile(path, options);
  if (isSettled(stats, began)) {
    cache?.keep(stats, digest);
  }
  return digest;
}

function cacheIn(directory: string | undefined): CacheFile | undefined {
  return directory === undefined ? undefined : new CacheFile(directory);
}

/** Any write that comes after `began` changes the times. Some file systems have no inodes: 0 is the same for all files. */
function isSettled({ ino, mtimeNs, ctimeNs }: BigIntStats, began: number): boolean {
  const before = BigInt(began - settled) * 1_000_000n;
  return ino !== 0n && mtimeNs < before && ctimeNs < before;
}

/**
 * Digests of many files: some at a time, the others in turn, and each file once, however many ask for it at the same time.
 * One object for all who are to share that bound.
 */
export class FileDigests {
  private readonly jobs = new Map<string, Job>();
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  /** @param atOnce how many files are read at a time; 2 by default, as one keeps two threads busy */
  constructor(
    private readonly options: CacheOptions = {},
    private readonly atOnce = 2,
  ) {}

  /** As {@link cachedDigest}. A signal ends the wait of who gave it, and the reading once nobody waits any more. */
  async digest(path: string, options: DigestOptions = {}): Promise<FileDigest> {
    const identity = identityOf(await statFile(path));
    options.signal?.throwIfAborted();
    const job = this.jobs.get(identity) ?? this.start(identity, path);
    return await job.join(options);
  }

  private start(identity: string, path: string): Job {
    const job: Job = new Job(
      (options) => this.inTurn(path, options),
      () => {
        // Another may have been started since, after all had left this one.
        if (this.jobs.get(identity) === job) {
          this.jobs.delete(identity);
        }
      },
    );
    this.jobs.set(identity, job);
    return job;
  }

  private async inTurn(path: string, options: DigestOptions): Promise<FileDigest> {
    if (this.running >= this.atOnce) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else {
      this.running += 1;
    }
    try {
      return await cachedDigest(path, { ...options, ...this.options });
    } finally {
      // Whoever is next takes this place over: it does not become free.
      const next = this.waiting.shift();
      if (next === undefined) {
        this.running -= 1;
      } else {
        next();
      }
    }
  }
}

/** One reading of a file, for all who want its digest. */
class Job {
  private readonly controller = new AbortController();
  private readonly listeners = new Set<(bytes: number) => void>();
  private readonly result: Promise<FileDigest>;
  private waiters = 0;

  /** @param forget is called once it ends, or all have left: whoever asks from then on starts anew */
  constructor(
    start: (options: DigestOptions) => Promise<FileDigest>,
    private readonly forget: () => void,
  ) {
    const onProgress = (bytes: number) => {
      for (const listener of this.listeners) {
        listener(bytes);
      }
    };
    this.result = start({ signal: this.controller.signal, onProgress }).finally(forget);
    // Nobody may be left who waits for it.
    this.result.catch(() => undefined);
  }

  async join({ signal, onProgress }: DigestOptions): Promise<FileDigest> {
    this.waiters += 1;
    const listener = (bytes: number) => {
      onProgress?.(bytes);
    };
    this.listeners.add(listener);
    let leave: () => void = () => undefined;
    const left = new Promise<never>((_, reject) => {
      leave = () => {
        reject(signal?.reason as Error);
      };
      signal?.addEventListener("abort", leave, { once: true });
    });
    try {
      return await Promise.race([this.result, left]);
    } finally {
      signal?.removeEventListener("abort", leave);
      this.listeners.delete(listener);
      this.waiters -= 1;
      if (this.waiters === 0) {
        this.forget();
        this.controller.abort(signal?.reason);
      }
    }
  }
}
