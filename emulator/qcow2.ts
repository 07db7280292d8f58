/** The part of a file's start that {@link readQcow2Header} needs. */
export const headerBytes = 104;

const magic = 0x514649fb; // "QFI" and 0xfb
const externalDataFile = 1n << 2n;
const knownIncompatibleFeatures = 0b11111n;

export interface Qcow2Header {
  version: number;
  /** Bytes that a machine sees as its disk. */
  virtualSize: number;
}

/** Reads a qcow2 header and refuses, by throwing, what Glance's format check refuses. */
export function readQcow2Header(start: Buffer): Qcow2Header {
  if (start.length < 72 || start.readUInt32BE(0) !== magic) throw new Error("The file is not a qcow2 image.");
  const version = start.readUInt32BE(4);
  if (version !== 2 && version !== 3) throw new Error(`qcow2 version ${version} is not supported.`);
  if (start.readBigUInt64BE(8) !== 0n) throw new Error("The image has a backing file.");
  if (version === 3) refuseUnsafeFeatures(start);
  return { version, virtualSize: Number(start.readBigUInt64BE(24)) };
}

function refuseUnsafeFeatures(start: Buffer): void {
  if (start.length < headerBytes) throw new Error("The qcow2 header is cut short.");
  const incompatible = start.readBigUInt64BE(72);
  if (incompatible & externalDataFile) throw new Error("The image has an external data file.");
  if (incompatible & ~knownIncompatibleFeatures) throw new Error("The image uses unknown features.");
}
