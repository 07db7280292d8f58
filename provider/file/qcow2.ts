import { FileError } from "./file-error";
import { describeOther, endBytes, startBytes } from "./formats";
import { explain, openFile, readAt, type OpenFile } from "./open";
import { magic, readHeader } from "./qcow2-header";
import { refuseCutShort } from "./qcow2-tables";
import { argument, quote } from "./shell";

export interface Qcow2 {
  version: 2 | 3;
  /** Bytes that a server sees as its disk. */
  virtualSize: number;
  /** Bytes of the file itself. */
  fileSize: number;
}

/**
 * Looks at a qcow2: its header and tables, no data. Takes milliseconds, however long the file.
 * @throws FileError if it is none, or none that would become an image that boots: what is wrong, and the command that mends it.
 */
export async function inspectQcow2(path: string): Promise<Qcow2> {
  const file = await openFile(path);
  try {
    return await inspect(file, path);
  } catch (error) {
    throw explain(error, path);
  } finally {
    await file.handle.close();
  }
}

async function inspect({ handle, stats }: OpenFile, path: string): Promise<Qcow2> {
  const fileSize = Number(stats.size);
  const start = await readAt(handle, 0, Math.min(fileSize, startBytes));
  if (start.length === 0) {
    throw new FileError(
      `${quote(path)} is empty; make it again, until \`qemu-img info ${argument(path)}\` can open it.`,
    );
  }
  const isQcow2 = start.subarray(0, magic.length).equals(magic);
  // Version 1 has the same magic, and is another format.
  if (!isQcow2 || (start.length >= 8 && start.readUInt32BE(4) === 1)) {
    const end = await readAt(handle, Math.max(fileSize - endBytes, 0), endBytes);
    throw new FileError(describeOther(path, { start, end }));
  }
  const header = readHeader(start, fileSize, path);
  await refuseCutShort(handle, header, fileSize, path);
  return { version: header.version, virtualSize: header.virtualSize, fileSize };
}
