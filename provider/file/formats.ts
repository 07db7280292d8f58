import { argument, beside, quote } from "./shell";

/** The beginning and the end of a file: as much as tells formats apart. */
export interface Ends {
  start: Buffer;
  end: Buffer;
}

/** How much of the file's beginning is looked at: an ISO 9660 volume says what it is at 32 KiB. */
export const startBytes = 64 * 1024;
/** How much of its end: the footer of a VHD. */
export const endBytes = 512;

interface Format {
  /** What the file is, as a sentence's middle. */
  is: string;
  matches: (ends: Ends) => boolean;
  /** What makes a qcow2 of it, and what that does. */
  mend: (path: string) => string;
}

const at = (offset: number, magic: string) => {
  const bytes = Buffer.from(magic, "latin1");
  return ({ start }: Ends) => start.subarray(offset, offset + bytes.length).equals(bytes);
};

const text = (pattern: RegExp) => (ends: Ends) =>
  pattern.test(ends.start.subarray(0, 512).toString("latin1").trimStart());

const converted = (format: string) => (path: string) =>
  `\`qemu-img convert -f ${format} -O qcow2 ${argument(path)} ${argument(beside(path))}\` makes a qcow2 of it`;

const unpacked = (command: string) => (path: string) =>
  `\`${command} -dc < ${quote(path)} > ${quote(unpackedName(path))}\` unpacks it`;

/** The name without the packer's ending. Never the same name: the shell would empty the file before it is read. */
function unpackedName(path: string): string {
  const name = path.replace(/\.(gz|xz|zst|bz2)$/i, "");
  return name === path || name === "" ? beside(path) : name;
}

/** In the order in which they are asked: what holds another's mark too (a GPT disk has an MBR, an ISO may) comes before it. */
const formats: readonly Format[] = [
  { is: "a QCOW image of version 1", matches: at(0, "QFI\xfb\0\0\0\x01"), mend: converted("qcow") },
  { is: "a QED image", matches: at(0, "QED\0"), mend: converted("qed") },
  { is: "a VMDK image", matches: at(0, "KDMV"), mend: converted("vmdk") },
  { is: "a VMDK image of an ESX host", matches: at(0, "COWD"), mend: converted("vmdk") },
  {
    is: "the description of a VMDK image, whose data is in other files",
    matches: text(/^# Disk DescriptorFile/i),
    mend: converted("vmdk"),
  },
  { is: "a VHDX image", matches: at(0, "vhdxfile"), mend: converted("vhdx") },
  { is: "a VDI image", matches: at(0x40, "\x7f\x10\xda\xbe"), mend: converted("vdi") },
  { is: "a Parallels image", matches: at(0, "WithoutFreeSpace"), mend: converted("parallels") },
  { is: "a Parallels image", matches: at(0, "WithouFreSpacExt"), mend: converted("parallels") },
  {
    is: "a disk encrypted with LUKS",
    matches: at(0, "LUKS\xba\xbe"),
    mend: (path) =>
      `\`qemu-img convert --object secret,id=key,file=PASSPHRASE-FILE --image-opts driver=luks,key-secret=key,file.filename=${optionValue(path)} -O qcow2 ${argument(beside(path))}\` makes a qcow2 that is not`,
  },
  { is: "packed with gzip", matches: at(0, "\x1f\x8b"), mend: unpacked("gzip") },
  { is: "packed with xz", matches: at(0, "\xfd7zXZ\0"), mend: unpacked("xz") },
  { is: "packed with zstd", matches: at(0, "\x28\xb5\x2f\xfd"), mend: unpacked("zstd") },
  { is: "packed with bzip2", matches: isBzip2, mend: unpacked("bzip2") },
  {
    is: "a zip archive",
    matches: at(0, "PK\x03\x04"),
    mend: (path) => `\`unzip ${argument(path)}\` unpacks it`,
  },
  {
    is: "a 7z archive",
    matches: at(0, "7z\xbc\xaf\x27\x1c"),
    mend: (path) => `\`7z x ${argument(path)}\` unpacks it`,
  },
  {
    is: "an OVA, a tar archive with a virtual machine in it",
    matches: (ends) => isTar(ends) && /^[^\0]*\.ovf\0/i.test(ends.start.subarray(0, 101).toString("latin1")),
    mend: (path) =>
      `\`tar -xf ${argument(path)}\` unpacks it, and \`qemu-img convert -f vmdk -O qcow2 DISK.vmdk ${argument(beside(path))}\` makes a qcow2 of the disk that was in it`,
  },
  { is: "a tar archive", matches: isTar, mend: (path) => `\`tar -xf ${argument(path)}\` unpacks it` },
  {
    is: "an ISO 9660 image, a CD to install from and no disk to boot servers from",
    matches: at(0x8001, "CD001"),
    mend: (path) =>
      `\`qemu-img create -f qcow2 ${argument(beside(path))} 20G\` makes an empty disk to install on`,
  },
  {
    is: "a pointer of Git LFS, not the file itself",
    matches: at(0, "version https://git-lfs.github.com/spec/"),
    mend: (path) => `\`git lfs pull --include ${argument(path)}\` fetches the file`,
  },
  {
    is: "a page of HTML or XML, as a failed download leaves it",
    matches: text(/^(<!doctype html|<html|<\?xml)/i),
    mend: (path) => `\`head -c 500 ${argument(path)}\` shows what it says`,
  },
  {
    is: "a VHD image",
    matches: (ends) => at(0, "conectix")(ends) || ends.end.subarray(0, 8).toString("latin1") === "conectix",
    mend: converted("vpc"),
  },
  {
    is: "a raw disk with a GPT",
    matches: (ends) => at(512, "EFI PART")(ends) || at(4096, "EFI PART")(ends),
    mend: converted("raw"),
  },
  { is: "a raw disk, or its beginning, with an MBR", matches: at(510, "\x55\xaa"), mend: converted("raw") },
];

function isTar(ends: Ends): boolean {
  return at(257, "ustar")(ends);
}

/** `BZh`, a digit, and the mark of the first block, or of the end where there is none. */
function isBzip2({ start }: Ends): boolean {
  const mark = start.subarray(4, 10).toString("hex");
  return /^BZh[1-9]/.test(start.toString("latin1", 0, 4)) && ["314159265359", "177245385090"].includes(mark);
}

/** A path as the value of one of QEMU's options, where a comma stands between options unless it stands twice. */
export function optionValue(path: string): string {
  return quote(path.replaceAll(",", ",,"));
}

/** One sentence about a file that does not begin as a qcow2 does. */
export function describeOther(path: string, ends: Ends): string {
  const format = formats.find(({ matches }) => matches(ends));
  if (format !== undefined) {
    return `${quote(path)} is ${format.is}, not a qcow2; ${format.mend(path)}.`;
  }
  if (ends.start.every((byte) => byte === 0)) {
    return `${quote(path)} begins with ${ends.start.length} zero bytes and is no qcow2: perhaps a copy that was not completed; \`qemu-img info ${argument(path)}\` looks at it.`;
  }
  const bytes = ends.start
    .subarray(0, 4)
    .toString("hex")
    .replace(/..(?=.)/g, "$& ");
  return `${quote(path)} is not a qcow2: it begins with ${bytes} instead of 51 46 49 fb; \`qemu-img convert -O qcow2 ${argument(path)} ${argument(beside(path))}\` makes a qcow2 of any disk that QEMU knows.`;
}
