// What the benches of files share.

import { createCipheriv, createHash } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";

export const MiB = 1024 ** 2;

/** Writes what no part of is like another; answers its SHA-256. */
export function writeNoise(path: string, size: number): string {
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, 1), Buffer.alloc(16));
  const hash = createHash("sha256");
  const file = openSync(path, "w");
  for (let at = 0; at < size; at += MiB) {
    const bytes = cipher.update(Buffer.alloc(Math.min(MiB, size - at)));
    hash.update(bytes);
    writeSync(file, bytes);
  }
  closeSync(file);
  return hash.digest("hex");
}

/** A size such as `1GiB`, in bytes. */
export function bytesOf(text: string): number {
  const [, number, unit] = /^(\d+)(MiB|GiB)$/.exec(text) ?? [];
  if (number === undefined) {
    throw new Error(`"${text}" should be a size such as 1GiB or 64MiB.`);
  }
  return Number(number) * (unit === "GiB" ? 1024 * MiB : MiB);
}

/** `1.08 (0.80 to 1.17)`: the median of some numbers, the least, the most. */
export function range(numbers: readonly number[], digits = 2): string {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle) - 1] ?? NaN)) / 2;
  const [least, most] = [sorted[0] ?? NaN, sorted.at(-1) ?? NaN];
  return `${median.toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`;
}
