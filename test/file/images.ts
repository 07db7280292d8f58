import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const cluster = 65536;

/** The clusters of {@link image}. */
export const place = { refcountTable: 1, refcountBlock: 2, l1: 3, l2: 4, data: 5 };

/** A qcow2 made by hand, from the format's specification: a disk of 1 MiB whose first 64 KiB hold data. */
export function image(version: 2 | 3 = 3): Buffer {
  const bytes = Buffer.alloc(6 * cluster);
  bytes.write("QFI\xfb", "latin1");
  u32(bytes, 4, version);
  u32(bytes, 20, 16); // cluster_bits
  u64(bytes, 24, 1024 * 1024); // size
  u32(bytes, 36, 1); // l1_size
  u64(bytes, 40, place.l1 * cluster);
  u64(bytes, 48, place.refcountTable * cluster);
  u32(bytes, 56, 1); // refcount_table_clusters
  if (version === 3) {
    u32(bytes, 96, 4); // refcount_order
    u32(bytes, 100, 112); // header_length
  }
  u64(bytes, place.refcountTable * cluster, place.refcountBlock * cluster);
  for (let used = 0; used < 6; used += 1) {
    bytes.writeUInt16BE(1, place.refcountBlock * cluster + 2 * used);
  }
  u64(bytes, place.l1 * cluster, inUse | BigInt(place.l2 * cluster));
  u64(bytes, place.l2 * cluster, inUse | BigInt(place.data * cluster));
  bytes.fill("data", place.data * cluster);
  return bytes;
}

/** The mark of an L1 or L2 entry whose cluster nothing else uses, and those of clusters that are compressed or read as zeros. */
export const inUse = 1n << 63n;
export const compressed = 1n << 62n;
export const zeros = 1n;

export function u32(bytes: Buffer, offset: number, value: number): number {
  return bytes.writeUInt32BE(value, offset);
}

export function u64(bytes: Buffer, offset: number, value: number | bigint): number {
  return bytes.writeBigUInt64BE(BigInt(value), offset);
}

/** Writes a header extension at `offset`, and answers where the next one begins. */
export function extension(bytes: Buffer, offset: number, type: number, data: string | Buffer): number {
  const content = Buffer.from(data as string, "utf8");
  u32(bytes, offset, type);
  u32(bytes, offset + 4, content.length);
  content.copy(bytes, offset + 8);
  return offset + 8 + Math.ceil(content.length / 8) * 8;
}

/** A folder for a test file's files. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), "file-"));

  in(name: string): string {
    return join(this.path, name);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

function findQemu(): boolean {
  try {
    execFileSync("qemu-img", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Tests that ask the real qemu-img, where there is one. */
export const onQemu = findQemu() ? test : test.skip;

export function qemu(...args: string[]): string {
  return execFileSync("qemu-img", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** As {@link qemu}, for what makes a LUKS header: QEMU 7 measures this machine first, and where that fails by chance it fails too. */
export function qemuLuks(...args: string[]): string {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return qemu(...args);
    } catch (error) {
      if (attempt === 30 || !String(error).includes("Unable to get accurate CPU usage")) {
        throw error;
      }
    }
  }
}
