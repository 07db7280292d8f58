const MiB = 1024 ** 2;

/** What S3 allows. Bytes, except for the number of parts. */
export const limits = {
  smallestPart: 5 * MiB,
  largestPart: 5 * 1024 * MiB,
  parts: 10_000,
  object: 5 * 1024 * 1024 * MiB,
};

const usualPart = 8 * MiB;

/** One part of a file: its number from 1 on, and the bytes from `start` on. */
export interface Part {
  number: number;
  start: number;
  size: number;
}

/** The size of a part for a file of this size: 8 MiB, and more where 10,000 of them are not enough (from 78 GiB on). */
export function partSizeFor(size: number, usual = usualPart): number {
  const needed = Math.ceil(size / limits.parts);
  return Math.max(usual, Math.ceil(needed / MiB) * MiB);
}

export function* partsOf(size: number, partSize: number): Generator<Part> {
  for (let start = 0, number = 1; start < size; start += partSize, number++) {
    yield { number, start, size: Math.min(partSize, size - start) };
  }
}

/** The part of this number; undefined where a file of this size has none. */
export function partAt(number: number, size: number, partSize: number): Part | undefined {
  const start = (number - 1) * partSize;
  return start >= size ? undefined : { number, start, size: Math.min(partSize, size - start) };
}

/**
 * How many parts may be on their way at once, over all uploads that are given the same slots. Each slot has one buffer, used again and
 * again: memory is bounded by slots times the size of a part, 32 MiB by default.
 */
export class PartSlots {
  private readonly free: Buffer[];
  private readonly waiting: ((buffer: Buffer) => void)[] = [];
  private uploads = 0;

  constructor(readonly count = 4) {
    this.free = Array.from({ length: count }, () => Buffer.alloc(0));
  }

  /** Keeps the buffers for as long as an upload is under way; a provider's process lives on for long, and needs none after that. */
  async during<T>(upload: () => Promise<T>): Promise<T> {
    this.uploads += 1;
    try {
      return await upload();
    } finally {
      this.uploads -= 1;
      if (this.uploads === 0) {
        this.free.fill(Buffer.alloc(0));
      }
    }
  }

  /** Lends a buffer of that size for as long as the work takes. */
  async use<T>(size: number, work: (buffer: Buffer) => Promise<T>): Promise<T> {
    let buffer = this.free.pop() ?? (await new Promise<Buffer>((resolve) => this.waiting.push(resolve)));
    try {
      if (buffer.length < size) {
        // Not from Node's pool, and not kept from being freed by a smaller one that is a view of it.
        buffer = Buffer.allocUnsafeSlow(size);
      }
      return await work(buffer.subarray(0, size));
    } finally {
      this.giveBack(buffer);
    }
  }

  private giveBack(buffer: Buffer): void {
    const next = this.waiting.shift();
    if (next !== undefined) {
      next(buffer);
      return;
    }
    this.free.push(buffer);
  }
}
