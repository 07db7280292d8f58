import type { FileHandle } from "node:fs/promises";
import { readAt } from "./open";
import { Complaint, type Header } from "./qcow2-header";

/** How many L2 tables are read at most, and how many bytes of them: enough for 512 GiB of data in clusters of 64 KiB. */
const mostTables = 1024;
const mostBytes = 64 * 1024 * 1024;

/**
 * Refuses an image whose tables name places beyond its end, as an interrupted copy leaves it. Glance would import it, and servers would
 * find out.
 *
 * What is read is bounded: the refcount table (8 MiB at most), the L1 table (32 MiB at most), and of the L2 tables those that are
 * furthest back, since clusters are mostly allocated in the order of the file. No data is read.
 *
 * A cluster counts as missing if it begins at the end or beyond it. Its last bytes may be missing in a good image: QEMU does not fill up
 * the last cluster, and reads zeros there.
 */
export async function refuseCutShort(
  handle: FileHandle,
  header: Header,
  fileSize: number,
  path: string,
): Promise<void> {
  const complaint = new Complaint(path);
  const { refcountTableOffset, refcountTableClusters, clusterSize } = header;
  const refcounts = await readAt(handle, refcountTableOffset, refcountTableClusters * clusterSize);
  refuseBeyond(offsetsIn(refcounts), "refcount table", "a refcount block");

  const l2Tables = offsetsIn(await readAt(handle, header.l1Offset, header.l1Entries * 8));
  refuseBeyond(l2Tables, "L1 table", "an L2 table");
  const most = Math.min(mostTables, mostBytes / clusterSize);
  for (const offset of l2Tables.sort((a, b) => b - a).slice(0, most)) {
    const last = lastPlace(await readAt(handle, offset, clusterSize), header);
    if (last >= fileSize) {
      throw complaint.cutShort(fileSize, `its L2 table at byte ${offset} names data at byte ${last}`);
    }
  }

  function refuseBeyond(offsets: readonly number[], table: string, target: string): void {
    for (const offset of offsets) {
      if (offset % clusterSize !== 0) {
        // Not even `qemu-img check -r all` mends that.
        throw complaint.that(
          `is damaged: its ${table} names ${target} at byte ${offset}, where no cluster begins`,
          complaint.copyAgain,
        );
      }
      if (offset >= fileSize) {
        throw complaint.cutShort(fileSize, `its ${table} names ${target} at byte ${offset}`);
      }
    }
  }
}

/** The offsets that a table of 64-bit entries names: bits 9 to 55. */
function offsetsIn(table: Buffer): number[] {
  const offsets: number[] = [];
  for (let entry = 0; entry + 8 <= table.length; entry += 8) {
    const offset = offsetOf(table.readUInt32BE(entry), table.readUInt32BE(entry + 4));
    if (offset !== 0) {
      offsets.push(offset);
    }
  }
  return offsets;
}

/** In two halves: numbers are exact up to 2^53, and a BigInt an entry would take ten times as long. */
function offsetOf(high: number, low: number): number {
  return (high & 0x00ffffff) * 2 ** 32 + (low - (low % 0x200));
}

/** Where the last of the data begins that an L2 table names; 0 if it names none. */
function lastPlace(table: Buffer, { version, clusterBits }: Header): number {
  let last = 0;
  for (let entry = 0; entry + 8 <= table.length; entry += 8) {
    const high = table.readUInt32BE(entry);
    const low = table.readUInt32BE(entry + 4);
    if (high === 0 && low === 0) {
      continue;
    }
    const compressed = (high & 0x40000000) !== 0;
    // A cluster that reads as zeros may have a place kept for it, which needs not be there.
    const zeros = !compressed && version === 3 && (low & 1) === 1;
    if (!zeros) {
      last = Math.max(last, compressed ? lastSector(high, low, clusterBits) : offsetOf(high, low));
    }
  }
  return last;
}

/** Where the last sector of a compressed cluster begins. The offset has x bits, the number of further sectors those up to bit 61. */
function lastSector(high: number, low: number, clusterBits: number): number {
  const highBits = 62 - (clusterBits - 8) - 32;
  const offset = (high & (2 ** highBits - 1)) * 2 ** 32 + low;
  const sectors = (high & 0x3fffffff) >>> highBits;
  return Math.floor(offset / 512) * 512 + sectors * 512;
}
