import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

/** A checksum of what passes. */
export interface Checksum {
  update(chunk: Buffer): unknown;
  /** To be asked once, at the end. */
  digest(): Buffer;
}

/** Checksums that S3 knows, by the name of their header. */
export const checksums: Record<string, () => Checksum> = {
  "x-amz-checksum-crc32": () => new Crc32(),
  "x-amz-checksum-crc32c": () => new ReflectedCrc(tableOf(0x82f63b78n), 4),
  "x-amz-checksum-crc64nvme": () => new ReflectedCrc(tableOf(0x9a6c9329ac4bc9b5n), 8),
  "x-amz-checksum-sha1": () => createHash("sha1"),
  "x-amz-checksum-sha256": () => createHash("sha256"),
};

/** `CRC32C` of `x-amz-checksum-crc32c`, as XML has it: `ChecksumCRC32C`. */
export const checksumElement = (header: string) =>
  `Checksum${header.slice("x-amz-checksum-".length).toUpperCase()}`;

class Crc32 implements Checksum {
  private value = 0;

  update(chunk: Buffer): void {
    this.value = crc32(chunk, this.value);
  }

  digest(): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(this.value);
    return bytes;
  }
}

/** For each byte what it makes of the checksum, in two halves, since a number's bits are 32. */
interface Table {
  low: Uint32Array;
  high: Uint32Array;
}

const tables = new Map<bigint, Table>();

function tableOf(polynomial: bigint): Table {
  const present = tables.get(polynomial);
  if (present) return present;
  const table = { low: new Uint32Array(256), high: new Uint32Array(256) };
  for (let byte = 0; byte < 256; byte++) {
    let value = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n;
    table.low[byte] = Number(value & 0xffffffffn);
    table.high[byte] = Number(value >> 32n);
  }
  tables.set(polynomial, table);
  return table;
}

/** A CRC of the reflected kind that begins and ends inverted, of up to 64 bits. */
class ReflectedCrc implements Checksum {
  private low = -1;
  private high: number;

  constructor(
    private readonly table: Table,
    private readonly bytes: 4 | 8,
  ) {
    this.high = bytes === 8 ? -1 : 0;
  }

  update(chunk: Buffer): void {
    const { low: lows, high: highs } = this.table;
    let { low, high } = this;
    for (const byte of chunk) {
      const at = (low ^ byte) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ (lows[at] ?? 0);
      high = (high >>> 8) ^ (highs[at] ?? 0);
    }
    this.low = low;
    this.high = high;
  }

  digest(): Buffer {
    const both = Buffer.alloc(8);
    both.writeUInt32BE(~this.high >>> 0, 0);
    both.writeUInt32BE(~this.low >>> 0, 4);
    return both.subarray(8 - this.bytes);
  }
}
