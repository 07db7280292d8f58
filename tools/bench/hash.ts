// What hashing a file takes, beside sha256sum on the same machine in the same run.

import { execFileSync } from "node:child_process";
import { createHash, randomFillSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestFile } from "../../provider/file/digest";
import { hashHere } from "../../provider/file/hashers";
import { MiB, range, writeNoise } from "./files";

/** How our ways of hashing a file compare. */
export interface Hashing {
  /** Bytes. */
  size: number;
  /** sha256sum's seconds by ours, a pair a run: above 1 means that ours is faster. */
  ratios: { threads: number[]; oneThread: number[] };
  /** Seconds of each run. */
  seconds: { sha256sum: number[]; threads: number[]; oneThread: number[] };
  /** MiB in a second of the processor's time, each hash alone. */
  alone: Record<string, number>;
  /** MiB of memory at most: Node with the package loaded, and with the file hashed. */
  memory: { before: number; peak: number };
}

/** What a process of its own tells of one hashing. */
interface Once {
  seconds: number;
  before: number;
  peak: number;
}

/** Hashes a file of random bytes, which is in the system's cache: the disk is not what is measured. */
export function measureHashing(size: number, runs: number, tell: (line: string) => void): Hashing {
  const folder = mkdtempSync(join(tmpdir(), "bench-hash-"));
  const file = join(folder, "random");
  try {
    writeNoise(file, size);
    sha256sum(file);
    const seconds: Hashing["seconds"] = { sha256sum: [], threads: [], oneThread: [] };
    const ratios: Hashing["ratios"] = { threads: [], oneThread: [] };
    const memory = { before: 0, peak: 0 };
    for (let run = 0; run < runs; run += 1) {
      for (const way of ["threads", "oneThread"] as const) {
        const [theirs, ours] = pair(file, way, run % 2 === 0);
        seconds.sha256sum.push(theirs);
        seconds[way].push(ours.seconds);
        ratios[way].push(theirs / ours.seconds);
        if (way === "threads") {
          memory.before = Math.max(memory.before, ours.before);
          memory.peak = Math.max(memory.peak, ours.peak);
        }
        tell(`${way}: ${ours.seconds.toFixed(2)} s, sha256sum ${theirs.toFixed(2)} s`);
      }
    }
    return { size, ratios, seconds, alone: measureAlone(), memory };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One after the other, at one time first the one and at another the other: what else the machine does hits both. */
function pair(file: string, way: string, oursFirst: boolean): [theirs: number, ours: Once] {
  const ours = () =>
    JSON.parse(execFileSync(process.execPath, [__filename, way, file], { encoding: "utf8" })) as Once;
  if (oursFirst) {
    const one = ours();
    return [sha256sum(file), one];
  }
  return [sha256sum(file), ours()];
}

function sha256sum(file: string): number {
  const began = performance.now();
  execFileSync("sha256sum", [file]);
  return (performance.now() - began) / 1000;
}

function measureAlone(): Record<string, number> {
  const chunk = randomFillSync(Buffer.alloc(MiB));
  const chunks = 512;
  const speeds = ["sha256", "md5", "sha512"].map((name): [string, number] => {
    const hash = createHash(name);
    const began = process.cpuUsage();
    for (let index = 0; index < chunks; index += 1) {
      hash.update(chunk);
    }
    const { user, system } = process.cpuUsage(began);
    return [name, (chunks / (user + system)) * 1e6];
  });
  return Object.fromEntries(speeds);
}

/** In a process of its own: tells of one hashing on stdout. */
async function once(way: string, file: string): Promise<void> {
  const before = process.resourceUsage().maxRSS / 1024;
  const began = performance.now();
  await (way === "threads" ? digestFile(file) : inOneThread(file));
  const seconds = (performance.now() - began) / 1000;
  const told: Once = { seconds, before, peak: process.resourceUsage().maxRSS / 1024 };
  process.stdout.write(JSON.stringify(told));
}

async function inOneThread(file: string): Promise<void> {
  const handle = await open(file);
  const hasher = hashHere();
  for (;;) {
    const { bytesRead } = await handle.read(await hasher.room());
    if (bytesRead === 0) {
      break;
    }
    hasher.add(bytesRead);
  }
  await hasher.finish();
  await handle.close();
}

/** The numbers as rows of a table. */
export function hashingRows({ ratios, seconds, alone, memory }: Hashing): [string, string][] {
  return [
    ["`sha256sum`, seconds", range(seconds.sha256sum)],
    ["three hashes in two threads, seconds", range(seconds.threads)],
    ["three hashes in one thread, seconds", range(seconds.oneThread)],
    ["speed in two threads, by that of `sha256sum`", `**${range(ratios.threads)}**`],
    ["speed in one thread, by that of `sha256sum`", range(ratios.oneThread)],
    ...Object.entries(alone).map(([name, speed]): [string, string] => [
      `${name} alone, MiB in a second of one core`,
      speed.toFixed(0),
    ]),
    [
      "memory at most, MiB (before: Node.js alone)",
      `${memory.peak.toFixed(0)} (${memory.before.toFixed(0)})`,
    ],
  ];
}

/** In a process of its own. */
async function main([way, file]: string[]): Promise<void> {
  if (way !== undefined && file !== undefined) {
    await once(way, file);
  }
}

if (require.main === module) {
  void main(process.argv.slice(2));
}
