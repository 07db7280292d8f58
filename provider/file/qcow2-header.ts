import { FileError } from "./file-error";
import { optionValue } from "./formats";
import { argument, beside, foreign, quote } from "./shell";

/** The part of a qcow2's header that says where everything else is. Offsets and lengths are bytes. */
export interface Header {
  version: 2 | 3;
  virtualSize: number;
  clusterBits: number;
  clusterSize: number;
  l1Entries: number;
  l1Offset: number;
  refcountTableOffset: number;
  refcountTableClusters: number;
  snapshots: number;
  snapshotsOffset: number;
}

export const magic = Buffer.from("QFI\xfb", "latin1");

const headerLength = { 2: 72, 3: 104 } as const;

/** QEMU opens no image with a longer L1 table, refcount table or list of snapshots. */
const maxL1Entries = (32 * 1024 * 1024) / 8;
const maxRefcountTable = 8 * 1024 * 1024;
const maxSnapshots = 65536;

const feature = {
  dirty: 1n << 0n,
  corrupt: 1n << 1n,
  dataFile: 1n << 2n,
  compression: 1n << 3n,
  extendedL2: 1n << 4n,
};
const known = Object.values(feature).reduce((all, bit) => all | bit);

const extension = { dataFileName: 0x44415441, featureNames: 0x6803f857 };

/** Makes the one sentence about a file. */
export class Complaint {
  readonly check: string;
  readonly repair: string;
  readonly convert: string;
  readonly again: string;
  readonly copyAgain: string;

  constructor(readonly path: string) {
    const file = argument(path);
    this.check = `\`qemu-img check ${file}\``;
    this.repair = `\`qemu-img check -r all ${file}\` repairs it`;
    this.convert = `\`qemu-img convert -O qcow2 ${file} ${argument(beside(path))}\``;
    this.again = `make it again, until \`qemu-img info ${file}\` can open it`;
    this.copyAgain = `copy it again as a whole, until ${this.check} finds no errors`;
  }

  that(problem: string, mend: string): FileError {
    return new FileError(`${quote(this.path)} ${problem}; ${mend}.`);
  }

  cutShort(fileSize: number, what: string): FileError {
    return this.that(`is cut short: it ends at byte ${fileSize}, and ${what}`, this.copyAgain);
  }
}

/**
 * Reads the header and refuses what would not become an image that boots.
 *
 * Refused is also what OpenStack's services refuse at import (oslo.utils, format_inspector): a backing file, an external data file, and
 * features that it does not know. Accepted are internal snapshots: they take up room, and nothing reads them.
 *
 * @param start the file's beginning, at least the header's first cluster or 64 KiB of it
 */
export function readHeader(start: Buffer, fileSize: number, path: string): Header {
  const complaint = new Complaint(path);
  const version = start.length < 8 ? 0 : start.readUInt32BE(4);
  if (start.length < 8 || ((version === 2 || version === 3) && start.length < headerLength[version])) {
    throw complaint.that(
      `is cut short: it has ${fileSize} bytes, fewer than a qcow2's header`,
      complaint.copyAgain,
    );
  }
  if (version !== 2 && version !== 3) {
    throw complaint.that(
      `is a qcow2 of version ${version}, and only 2 and 3 are known`,
      `${complaint.convert} makes one of version 3, if QEMU can read it`,
    );
  }
  const clusterBits = start.readUInt32BE(20);
  if (clusterBits < 9 || clusterBits > 21) {
    throw complaint.that(
      `has a damaged header: cluster_bits is ${clusterBits}, not from 9 to 21`,
      complaint.again,
    );
  }
  if (version === 3) {
    refuseLength(start, 2 ** clusterBits, complaint);
    refuseFeatures(start, 2 ** clusterBits, complaint);
  }
  refuseDataFileName(start, version, 2 ** clusterBits, complaint);
  refuseEncryption(start, complaint);
  refuseBackingFile(start, complaint);
  const header = readPlaces(start, version, clusterBits, complaint);
  refuseSizes(header, complaint);
  refusePlaces(header, fileSize, complaint);
  return header;
}

function refuseLength(start: Buffer, clusterSize: number, complaint: Complaint): void {
  const length = start.readUInt32BE(100);
  if (length < headerLength[3] || length > clusterSize || length % 8 !== 0) {
    throw complaint.that(
      `has a damaged header: its length is ${length}, not a multiple of 8 from ${headerLength[3]} to ${clusterSize}`,
      complaint.again,
    );
  }
  const order = start.readUInt32BE(96);
  if (order > 6) {
    throw complaint.that(`has a damaged header: refcount_order is ${order}, more than 6`, complaint.again);
  }
}

function refuseFeatures(start: Buffer, clusterSize: number, complaint: Complaint): void {
  const features = start.readBigUInt64BE(72);
  const unknown = features & ~known;
  if (unknown !== 0n) {
    throw complaint.that(
      `uses features that are not known here: ${nameFeatures(unknown, start, clusterSize)}`,
      `${complaint.convert} makes one without them, with the QEMU that made this`,
    );
  }
  if ((features & feature.corrupt) !== 0n) {
    throw complaint.that("is marked as corrupt by QEMU", complaint.repair);
  }
  if ((features & feature.dirty) !== 0n) {
    throw complaint.that(
      "is marked as dirty: a machine has it open, or was stopped while it had",
      `${complaint.repair} once that machine is off`,
    );
  }
  // QEMU opens it since 5.2, but Glance, Nova and Cinder allow bits 0 to 3 alone (oslo.utils: I_FEATURES_MAX_BIT = 4, and below it), and
  // an import would go back to "queued" without a word.
  if ((features & feature.extendedL2) !== 0n) {
    throw complaint.that(
      "has extended L2 entries, which OpenStack's services refuse as an unknown feature",
      `${complaint.convert} makes one without them`,
    );
  }
  refuseCompression(start, (features & feature.compression) !== 0n, complaint);
}

/** zstd is accepted: OpenStack's services allow the bit, and QEMU has read it since 5.1, of 2020. */
function refuseCompression(start: Buffer, other: boolean, complaint: Complaint): void {
  const type = start.readUInt32BE(100) > 104 ? (start[104] ?? 0) : 0;
  if (type > 1) {
    throw complaint.that(
      `is compressed in a way that is not known here: compression_type is ${type}`,
      `${complaint.convert} makes one that is not, with the QEMU that made this`,
    );
  }
  if (other !== (type !== 0)) {
    throw complaint.that(
      `has a damaged header: compression_type is ${type}, and the feature bit for it is ${other ? "set" : "not set"}`,
      complaint.again,
    );
  }
}

/** Bits are named by the table that the image has for this, else by their numbers. */
function nameFeatures(bits: bigint, start: Buffer, clusterSize: number): string {
  const table = findExtension(start, 3, clusterSize, extension.featureNames);
  const names = new Map<number, string>();
  for (let entry = 0; table !== undefined && entry + 48 <= table.length; entry += 48) {
    if (table[entry] === 0) {
      names.set(table[entry + 1] ?? 0, text(table.subarray(entry + 2, entry + 48)));
    }
  }
  return Array.from({ length: 64 }, (_, bit) => bit)
    .filter((bit) => (bits & (1n << BigInt(bit))) !== 0n)
    .map((bit) => (names.has(bit) ? `bit ${bit} ${foreign(names.get(bit) ?? "")}` : `bit ${bit}`))
    .join(", ");
}

/** Also without the feature bit: `qemu-img info` tells the name then too, and Nova and Cinder go by what it tells. */
function refuseDataFileName(start: Buffer, version: 2 | 3, clusterSize: number, complaint: Complaint): void {
  const name = findExtension(start, version, clusterSize, extension.dataFileName);
  const marked = version === 3 && (start.readBigUInt64BE(72) & feature.dataFile) !== 0n;
  if (name !== undefined || marked) {
    throw complaint.that(
      `has its data in another file${name === undefined ? "" : `, ${foreign(text(name))}`}`,
      `${complaint.convert} makes one that holds it`,
    );
  }
}

/** Looks through the header's extensions, as far as they are in `start`. */
function findExtension(
  start: Buffer,
  version: 2 | 3,
  clusterSize: number,
  wanted: number,
): Buffer | undefined {
  const end = Math.min(start.length, clusterSize);
  let position = version === 2 ? headerLength[2] : start.readUInt32BE(100);
  while (position + 8 <= end) {
    const type = start.readUInt32BE(position);
    const length = start.readUInt32BE(position + 4);
    if (type === 0) {
      return undefined;
    }
    if (type === wanted) {
      return start.subarray(position + 8, Math.min(position + 8 + length, end));
    }
    position += 8 + Math.ceil(length / 8) * 8;
  }
  return undefined;
}

function text(bytes: Buffer): string {
  return bytes.toString("utf8").replace(/\0[^]*$/, "");
}

function refuseEncryption(start: Buffer, complaint: Complaint): void {
  const method = start.readUInt32BE(32);
  if (method === 0) {
    return;
  }
  const name = { 1: "AES", 2: "LUKS" }[method];
  if (name === undefined) {
    throw complaint.that(`has a damaged header: crypt_method is ${method}`, complaint.again);
  }
  const file = optionValue(complaint.path);
  throw complaint.that(
    `is encrypted with ${name}, and no server could read it`,
    `\`qemu-img convert --object secret,id=key,file=PASSPHRASE-FILE --image-opts driver=qcow2,encrypt.key-secret=key,file.filename=${file} -O qcow2 ${argument(beside(complaint.path))}\` makes one that is not`,
  );
}

function refuseBackingFile(start: Buffer, complaint: Complaint): void {
  const offset = start.readBigUInt64BE(8);
  if (offset === 0n) {
    return;
  }
  const length = start.readUInt32BE(16);
  const name =
    offset < BigInt(start.length) ? start.subarray(Number(offset), Number(offset) + length) : undefined;
  throw complaint.that(
    `holds only what differs from a backing file${name === undefined ? "" : `, ${foreign(text(name))}`}`,
    `${complaint.convert} makes one that holds all`,
  );
}

function readPlaces(start: Buffer, version: 2 | 3, clusterBits: number, complaint: Complaint): Header {
  const size = start.readBigUInt64BE(24);
  const clusterSize = 2 ** clusterBits;
  // As much as the longest L1 table can map, and as a number can hold.
  const largest = Math.min(maxL1Entries * clusterSize * (clusterSize / 8), Number.MAX_SAFE_INTEGER);
  if (size > BigInt(largest)) {
    throw complaint.that(
      `has a damaged header: it says that the disk has ${size.toString()} bytes, and ${largest} is the most`,
      complaint.again,
    );
  }
  // Beyond 2^53 these lose their last digits: no file is that long.
  const offset = (position: number) => Number(start.readBigUInt64BE(position));
  return {
    version,
    virtualSize: Number(size),
    clusterBits,
    clusterSize,
    l1Entries: start.readUInt32BE(36),
    l1Offset: offset(40),
    refcountTableOffset: offset(48),
    refcountTableClusters: start.readUInt32BE(56),
    snapshots: start.readUInt32BE(60),
    snapshotsOffset: offset(64),
  };
}

function refuseSizes(header: Header, complaint: Complaint): void {
  const { virtualSize, clusterSize, l1Entries } = header;
  if (virtualSize === 0) {
    throw complaint.that(
      "holds a disk of 0 bytes",
      `\`qemu-img resize -f qcow2 ${argument(complaint.path)} 10G\` gives it a size`,
    );
  }
  if (l1Entries > maxL1Entries) {
    throw complaint.that(
      `has a damaged header: its L1 table has ${l1Entries} entries, and ${maxL1Entries} are the most`,
      complaint.again,
    );
  }
  const needed = Math.ceil(virtualSize / (clusterSize * (clusterSize / 8)));
  if (l1Entries < needed) {
    throw complaint.that(
      `has a damaged header: its L1 table has ${l1Entries} entries, and a disk of ${virtualSize} bytes needs ${needed}`,
      complaint.again,
    );
  }
  if (header.refcountTableClusters === 0) {
    throw complaint.that("has a damaged header: its refcount table has no clusters", complaint.again);
  }
  if (header.refcountTableClusters * clusterSize > maxRefcountTable) {
    throw complaint.that(
      `has a damaged header: its refcount table has ${header.refcountTableClusters} clusters, and ${maxRefcountTable / clusterSize} are the most`,
      complaint.again,
    );
  }
  if (header.snapshots > maxSnapshots) {
    throw complaint.that(
      `has a damaged header: it says that it has ${header.snapshots} snapshots, and ${maxSnapshots} are the most`,
      complaint.again,
    );
  }
}

function refusePlaces(header: Header, fileSize: number, complaint: Complaint): void {
  const tables: [name: string, offset: number, length: number][] = [
    ["L1 table", header.l1Offset, header.l1Entries * 8],
    ["refcount table", header.refcountTableOffset, header.refcountTableClusters * header.clusterSize],
  ];
  if (header.snapshots > 0) {
    // An entry has 40 bytes at least.
    tables.push(["list of snapshots", header.snapshotsOffset, header.snapshots * 40]);
  }
  for (const [name, offset, length] of tables) {
    if (offset === 0 || offset % header.clusterSize !== 0) {
      throw complaint.that(
        `has a damaged header: its ${name} is said to be at byte ${offset}, where no cluster begins that can hold it`,
        complaint.again,
      );
    }
    if (offset + length > fileSize) {
      throw complaint.cutShort(fileSize, `its ${name} is from byte ${offset} to ${offset + length}`);
    }
  }
}
