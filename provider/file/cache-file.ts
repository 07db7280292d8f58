import { randomBytes } from "node:crypto";
import {
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  type BigIntStats,
} from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { FileDigest } from "./digest";

/** What says that a file is still the one that was hashed. Decimal, since JSON has no whole numbers of 64 bits. */
const identityFields = ["dev", "ino", "size", "mtimeNs", "ctimeNs"] as const;

type Identity = Record<(typeof identityFields)[number], string>;

interface Entry extends Identity {
  sha256: string;
  md5: string;
  sha512: string;
}

const forms: Record<keyof Entry, RegExp> = {
  dev: /^\d{1,20}$/,
  ino: /^[1-9]\d{0,19}$/,
  size: /^\d{1,15}$/,
  mtimeNs: /^\d{1,20}$/,
  ctimeNs: /^\d{1,20}$/,
  sha256: /^[0-9a-f]{64}$/,
  md5: /^[0-9a-f]{32}$/,
  sha512: /^[0-9a-f]{128}$/,
};

const form = 1;
const mostEntries = 200;
/** An entry has some 400 bytes. Whatever is longer was not written here. */
const mostBytes = 1024 * 1024;

/** One line that is the same as long as nobody writes to the file. */
export function identityOf(stats: BigIntStats): string {
  return identityFields.map((field) => stats[field].toString()).join(":");
}

/** Where digests are kept for the user; none where the user has no folder for that. */
export function cacheDirectory(): string | undefined {
  const name = "pulumi-scp-images";
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  const base = process.platform === "win32" ? LOCALAPPDATA : (XDG_CACHE_HOME ?? "");
  if (base !== undefined && isAbsolute(base)) {
    return join(base, name);
  }
  const home = homedir();
  return isAbsolute(home) ? join(home, ".cache", name) : undefined;
}

/**
 * A file of the digests of up to 200 files, the newest last. Several processes may use it: each write is a new file that takes the old
 * one's place, so that a reader sees one or the other. When two write at once, the entries of one are lost, and hashed again.
 *
 * Reads and writes are synchronous, so that within a process none comes between another's reading and writing.
 */
export class CacheFile {
  private readonly file: string;

  constructor(private readonly directory: string) {
    this.file = join(directory, "digests.json");
  }

  find(stats: BigIntStats): FileDigest | undefined {
    const identity = identityOf(stats);
    const entry = this.read().find((candidate) => keyOf(candidate) === identity);
    return entry && { size: Number(entry.size), sha256: entry.sha256, md5: entry.md5, sha512: entry.sha512 };
  }

  /** Keeps a digest, or does not: a cache that cannot be written is none. */
  keep(stats: BigIntStats, { sha256, md5, sha512 }: FileDigest): void {
    const [dev, ino, size, mtimeNs, ctimeNs] = identityFields.map((field) => stats[field].toString()) as [
      string,
      string,
      string,
      string,
      string,
    ];
    const entry: Entry = { dev, ino, size, mtimeNs, ctimeNs, sha256, md5, sha512 };
    // What was known of the same file before is of no use any more.
    const others = this.read().filter((other) => other.dev !== dev || other.ino !== ino);
    const temporary = `${this.file}.${process.pid}-${randomBytes(6).toString("hex")}`;
    try {
      mkdirSync(this.directory, { recursive: true, mode: 0o700 });
      const entries = [...others, entry].slice(-mostEntries);
      writeFileSync(temporary, JSON.stringify({ form, entries }), { mode: 0o600, flag: "wx" });
      renameSync(temporary, this.file);
    } catch {
      rmQuietly(temporary);
    }
  }

  /** Whatever is not of the right form, or could be another user's, is not there. */
  private read(): Entry[] {
    try {
      const { size, mode, uid } = statSync(this.file);
      const foreign = process.getuid !== undefined && (uid !== process.getuid() || (mode & 0o022) !== 0);
      if (foreign || size > mostBytes) {
        return [];
      }
      return entriesIn(JSON.parse(readFileSync(this.file, "utf8")));
    } catch {
      return [];
    }
  }
}

function keyOf(entry: Entry): string {
  return identityFields.map((field) => entry[field]).join(":");
}

function entriesIn(content: unknown): Entry[] {
  if (!isRecord(content) || content.form !== form || !Array.isArray(content.entries)) {
    return [];
  }
  return content.entries.filter(isEntry);
}

function isEntry(value: unknown): value is Entry {
  return (
    isRecord(value) &&
    Object.entries(forms).every(([field, pattern]) => {
      const text = value[field];
      return typeof text === "string" && pattern.test(text);
    })
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function rmQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It is the cache's folder that is left untidy, and nothing else.
  }
}
