// Files that are no image, or none that would boot: how each is made, and the sentence about it. `golden.qcow2` is the file.

import { cluster, compressed, extension, image, inUse, place, u32, u64 } from "./images";

/** What the real qemu-img makes of such a file: it cannot open it, opens it but finds errors in it, or sees nothing wrong. */
export type Qemu = "cannot open" | "finds errors" | "sees nothing";

export interface BadFile {
  what: string;
  /** By default golden.qcow2. */
  name?: string;
  bytes: Buffer;
  sentence: string;
  qemu?: Qemu;
}

const file = "golden.qcow2";
const again = `make it again, until \`qemu-img info ${file}\` can open it.`;
const copyAgain = `copy it again as a whole, until \`qemu-img check ${file}\` finds no errors.`;
const repair = `\`qemu-img check -r all ${file}\` repairs it`;
const convert = "`qemu-img convert -O qcow2 golden.qcow2 golden-new.qcow2` makes one";

/** A file with something at a place, and zeros around it. */
function having(offset: number, text: string, length = 66000): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.write(text, offset, "latin1");
  return bytes;
}

function both(...files: Buffer[]): Buffer {
  return files.reduce((all, next) => Buffer.from(all.map((byte, index) => byte | (next[index] ?? 0))));
}

const other = (what: string, bytes: Buffer, sentence: string, name?: string): BadFile => ({
  what,
  bytes,
  sentence,
  name,
});

const mbr = having(510, "\x55\xaa");
const gpt = both(mbr, having(512, "EFI PART"));
const html = "<!DOCTYPE html>\n<html><title>404</title></html>";

export const otherFormats: BadFile[] = [
  other(
    "a raw disk",
    mbr,
    "golden.qcow2 is a raw disk, or its beginning, with an MBR, not a qcow2; `qemu-img convert -f raw -O qcow2 golden.qcow2 golden-new.qcow2` makes a qcow2 of it.",
  ),
  other(
    "a raw disk, and so named",
    mbr,
    "golden.img is a raw disk, or its beginning, with an MBR, not a qcow2; `qemu-img convert -f raw -O qcow2 golden.img golden.qcow2` makes a qcow2 of it.",
    "golden.img",
  ),
  other(
    "a boot sector alone",
    having(510, "\x55\xaa", 512),
    "golden.qcow2 is a raw disk, or its beginning, with an MBR, not a qcow2; `qemu-img convert -f raw -O qcow2 golden.qcow2 golden-new.qcow2` makes a qcow2 of it.",
  ),
  other(
    "a raw disk with a GPT",
    gpt,
    "golden.qcow2 is a raw disk with a GPT, not a qcow2; `qemu-img convert -f raw -O qcow2 golden.qcow2 golden-new.qcow2` makes a qcow2 of it.",
  ),
  other(
    "a raw disk with a GPT, sectors of 4 KiB",
    both(mbr, having(4096, "EFI PART")),
    "golden.qcow2 is a raw disk with a GPT, not a qcow2; `qemu-img convert -f raw -O qcow2 golden.qcow2 golden-new.qcow2` makes a qcow2 of it.",
  ),
  other(
    "VMDK",
    having(0, "KDMV\x01\0\0\0"),
    "golden.vmdk is a VMDK image, not a qcow2; `qemu-img convert -f vmdk -O qcow2 golden.vmdk golden.qcow2` makes a qcow2 of it.",
    "golden.vmdk",
  ),
  other(
    "VMDK of an ESX host",
    having(0, "COWD\x01\0\0\0"),
    "golden.qcow2 is a VMDK image of an ESX host, not a qcow2; `qemu-img convert -f vmdk -O qcow2 golden.qcow2 golden-new.qcow2` makes a qcow2 of it.",
  ),
  other(
    "VMDK, the description",
    Buffer.from('# Disk DescriptorFile\nversion=1\ncreateType="monolithicFlat"\n'),
    "golden.qcow2 is the description of a VMDK image, whose data is in other files, not a qcow2; `qemu-img convert -f vmdk -O qcow2 golden.qcow2 golden-new.qcow2` makes a qcow2 of it.",
  ),
  other(
    "VMDK, the description after an empty line",
    Buffer.from("\r\n# disk descriptorfile\r\nversion=1\r\n"),
    "golden.qcow2 is the description of a VMDK image, whose data is in other files, not a qcow2; `qemu-img convert -f vmdk -O qcow2 golden.qcow2 golden-new.qcow2` makes a qcow2 of it.",
  ),
  other(
    "VHD, dynamic",
    having(0, "conectix"),
    "golden.qcow2 is a VHD image, not a qcow2; `qemu-img convert -f vpc -O qcow2 golden.qcow2 golden-new.qcow2` makes a qcow2 of it.",
  ),
  other(
    "VHD, fixed: a raw disk with a footer",
    Buffer.concat([gpt, having(0, "conectix", 512)]),
    "golden.vhd is a VHD image, not a qcow2; `qemu-img convert -f vpc -O qcow2 golden.vhd golden.qcow2` makes a qcow2 of it.",
    "golden.vhd",
  ),
  other(
    "VHDX",
    having(0, "vhdxfile"),
    "golden.vhdx is a VHDX image, not a qcow2; `qemu-img convert -f vhdx -O qcow2 golden.vhdx golden.qcow2` makes a qcow2 of it.",
    "golden.vhdx",
  ),
  other(
    "VDI",
    both(having(0, "<<< Oracle VM VirtualBox Disk Image >>>\n"), having(64, "\x7f\x10\xda\xbe")),
    "golden.vdi is a VDI image, not a qcow2; `qemu-img convert -f vdi -O qcow2 golden.vdi golden.qcow2` makes a qcow2 of it.",
    "golden.vdi",
  ),
  other(
    "QED",
    having(0, "QED\0"),
    "golden.qcow2 is a QED image, not a qcow2; `qemu-img convert -f qed -O qcow2 golden.qcow2 golden-new.qcow2` makes a qcow2 of it.",
  ),
  other(
    "QCOW, version 1",
    having(0, "QFI\xfb\0\0\0\x01"),
    "golden.qcow2 is a QCOW image of version 1, not a qcow2; `qemu-img convert -f qcow -O qcow2 golden.qcow2 golden-new.qcow2` makes a qcow2 of it.",
  ),
  other(
    "Parallels, old",
    having(0, "WithoutFreeSpace"),
    "golden.hds is a Parallels image, not a qcow2; `qemu-img convert -f parallels -O qcow2 golden.hds golden.qcow2` makes a qcow2 of it.",
    "golden.hds",
  ),
  other(
    "Parallels",
    having(0, "WithouFreSpacExt"),
    "golden.hds is a Parallels image, not a qcow2; `qemu-img convert -f parallels -O qcow2 golden.hds golden.qcow2` makes a qcow2 of it.",
    "golden.hds",
  ),
  other(
    "a disk of LUKS",
    having(0, "LUKS\xba\xbe\0\x02"),
    "golden.qcow2 is a disk encrypted with LUKS, not a qcow2; `qemu-img convert --object secret,id=key,file=PASSPHRASE-FILE --image-opts driver=luks,key-secret=key,file.filename=golden.qcow2 -O qcow2 golden-new.qcow2` makes a qcow2 that is not.",
  ),
  other(
    "an ISO",
    having(0x8001, "CD001"),
    "golden.iso is an ISO 9660 image, a CD to install from and no disk to boot servers from, not a qcow2; `qemu-img create -f qcow2 golden.qcow2 20G` makes an empty disk to install on.",
    "golden.iso",
  ),
  other(
    "an ISO that boots from a USB stick",
    both(gpt, having(0x8001, "CD001")),
    "golden.iso is an ISO 9660 image, a CD to install from and no disk to boot servers from, not a qcow2; `qemu-img create -f qcow2 golden.qcow2 20G` makes an empty disk to install on.",
    "golden.iso",
  ),
  other(
    "gzip",
    having(0, "\x1f\x8b\x08"),
    "golden.qcow2.gz is packed with gzip, not a qcow2; `gzip -dc < golden.qcow2.gz > golden.qcow2` unpacks it.",
    "golden.qcow2.gz",
  ),
  other(
    "gzip, named as if it were not",
    having(0, "\x1f\x8b\x08"),
    "golden.qcow2 is packed with gzip, not a qcow2; `gzip -dc < golden.qcow2 > golden-new.qcow2` unpacks it.",
  ),
  other(
    "xz",
    having(0, "\xfd7zXZ\0"),
    "golden.qcow2.xz is packed with xz, not a qcow2; `xz -dc < golden.qcow2.xz > golden.qcow2` unpacks it.",
    "golden.qcow2.xz",
  ),
  other(
    "zstd",
    having(0, "\x28\xb5\x2f\xfd"),
    "golden.qcow2.zst is packed with zstd, not a qcow2; `zstd -dc < golden.qcow2.zst > golden.qcow2` unpacks it.",
    "golden.qcow2.zst",
  ),
  other(
    "bzip2",
    having(0, "BZh91AY&SY"),
    "golden.qcow2.bz2 is packed with bzip2, not a qcow2; `bzip2 -dc < golden.qcow2.bz2 > golden.qcow2` unpacks it.",
    "golden.qcow2.bz2",
  ),
  other(
    "bzip2, of nothing",
    having(0, "BZh9\x17\x72\x45\x38\x50\x90", 14),
    "golden.img is packed with bzip2, not a qcow2; `bzip2 -dc < golden.img > golden.qcow2` unpacks it.",
    "golden.img",
  ),
  other(
    "zip",
    having(0, "PK\x03\x04"),
    "golden.zip is a zip archive, not a qcow2; `unzip golden.zip` unpacks it.",
    "golden.zip",
  ),
  other(
    "7z",
    having(0, "7z\xbc\xaf\x27\x1c"),
    "golden.7z is a 7z archive, not a qcow2; `7z x golden.7z` unpacks it.",
    "golden.7z",
  ),
  other(
    "tar",
    both(having(0, "golden.qcow2\0"), having(257, "ustar")),
    "golden.tar is a tar archive, not a qcow2; `tar -xf golden.tar` unpacks it.",
    "golden.tar",
  ),
  other(
    "OVA",
    both(having(0, "golden.ovf\0"), having(257, "ustar")),
    "golden.ova is an OVA, a tar archive with a virtual machine in it, not a qcow2; `tar -xf golden.ova` unpacks it, and `qemu-img convert -f vmdk -O qcow2 DISK.vmdk golden.qcow2` makes a qcow2 of the disk that was in it.",
    "golden.ova",
  ),
  other(
    "Git LFS",
    Buffer.from("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"),
    "golden.qcow2 is a pointer of Git LFS, not the file itself, not a qcow2; `git lfs pull --include golden.qcow2` fetches the file.",
  ),
  other(
    "a page that says why there is no download",
    Buffer.from(html),
    "golden.qcow2 is a page of HTML or XML, as a failed download leaves it, not a qcow2; `head -c 500 golden.qcow2` shows what it says.",
  ),
  other(
    "an error of an object storage's",
    Buffer.from('<?xml version="1.0"?>\n<Error><Code>NoSuchKey</Code></Error>'),
    "golden.qcow2 is a page of HTML or XML, as a failed download leaves it, not a qcow2; `head -c 500 golden.qcow2` shows what it says.",
  ),
  other(
    "zeros",
    Buffer.alloc(100_000),
    "golden.qcow2 begins with 65536 zero bytes and is no qcow2: perhaps a copy that was not completed; `qemu-img info golden.qcow2` looks at it.",
  ),
  other(
    "a text",
    Buffer.from("Hello\n"),
    "golden.qcow2 is not a qcow2: it begins with 48 65 6c 6c instead of 51 46 49 fb; `qemu-img convert -O qcow2 golden.qcow2 golden-new.qcow2` makes a qcow2 of any disk that QEMU knows.",
  ),
  other(
    "half a magic",
    Buffer.from("QF"),
    "golden.qcow2 is not a qcow2: it begins with 51 46 instead of 51 46 49 fb; `qemu-img convert -O qcow2 golden.qcow2 golden-new.qcow2` makes a qcow2 of any disk that QEMU knows.",
  ),
  other(
    "the magic in another order",
    having(0, "\xfbIFQ\x03"),
    "golden.qcow2 is not a qcow2: it begins with fb 49 46 51 instead of 51 46 49 fb; `qemu-img convert -O qcow2 golden.qcow2 golden-new.qcow2` makes a qcow2 of any disk that QEMU knows.",
  ),
  other(
    "what begins as bzip2 does, and is none",
    having(0, "BZh9, he said"),
    "golden.qcow2 is not a qcow2: it begins with 42 5a 68 39 instead of 51 46 49 fb; `qemu-img convert -O qcow2 golden.qcow2 golden-new.qcow2` makes a qcow2 of any disk that QEMU knows.",
  ),
  other("nothing", Buffer.alloc(0), `golden.qcow2 is empty; ${again}`),
];

const vmdk = having(0, "KDMV");

export const oddNames: BadFile[] = [
  other(
    "a space",
    vmdk,
    "'my golden.vmdk' is a VMDK image, not a qcow2; `qemu-img convert -f vmdk -O qcow2 'my golden.vmdk' 'my golden.qcow2'` makes a qcow2 of it.",
    "my golden.vmdk",
  ),
  other(
    "a quote and a dollar",
    vmdk,
    "'it'\\''s $HOME.vmdk' is a VMDK image, not a qcow2; `qemu-img convert -f vmdk -O qcow2 'it'\\''s $HOME.vmdk' 'it'\\''s $HOME.qcow2'` makes a qcow2 of it.",
    "it's $HOME.vmdk",
  ),
  other(
    "what a terminal would obey",
    vmdk,
    "$'red\\u001b[31m\\'.vmdk' is a VMDK image, not a qcow2; `qemu-img convert -f vmdk -O qcow2 $'red\\u001b[31m\\'.vmdk' $'red\\u001b[31m\\'.qcow2'` makes a qcow2 of it.",
    "red\u001b[31m'.vmdk",
  ),
  other(
    "a turn of direction",
    vmdk,
    "$'a\\u202eb.vmdk' is a VMDK image, not a qcow2; `qemu-img convert -f vmdk -O qcow2 $'a\\u202eb.vmdk' $'a\\u202eb.qcow2'` makes a qcow2 of it.",
    "a\u202eb.vmdk",
  ),
  other(
    "letters of Korea",
    vmdk,
    "'이미지.vmdk' is a VMDK image, not a qcow2; `qemu-img convert -f vmdk -O qcow2 '이미지.vmdk' '이미지.qcow2'` makes a qcow2 of it.",
    "이미지.vmdk",
  ),
  other(
    "a comma, which parts QEMU's options",
    changed((bytes) => u32(bytes, 32, 2)),
    "a,b.qcow2 is encrypted with LUKS, and no server could read it; `qemu-img convert --object secret,id=key,file=PASSPHRASE-FILE --image-opts driver=qcow2,encrypt.key-secret=key,file.filename=a,,b.qcow2 -O qcow2 a,b-new.qcow2` makes one that is not.",
    "a,b.qcow2",
  ),
];

/** The hand-made image, with something changed. */
function changed(change: (bytes: Buffer) => unknown, version: 2 | 3 = 3): Buffer {
  const bytes = image(version);
  change(bytes);
  return bytes;
}

const bad = (
  what: string,
  change: (bytes: Buffer) => unknown,
  sentence: string,
  qemu: Qemu | undefined,
  version: 2 | 3 = 3,
): BadFile => ({ what, bytes: changed(change, version), sentence: `golden.qcow2 ${sentence}`, qemu });

const cut = (what: string, length: number, sentence: string, qemu: Qemu, version: 2 | 3 = 3): BadFile => ({
  what,
  bytes: image(version).subarray(0, length),
  sentence: `golden.qcow2 ${sentence}`,
  qemu,
});

const max32 = 0xffffffff;
const max64 = 0xffffffffffffffffn;

export const headers: BadFile[] = [
  ...[0, 4, 5, max32].map((version) =>
    bad(
      `version ${version}`,
      (bytes) => u32(bytes, 4, version),
      `is a qcow2 of version ${version}, and only 2 and 3 are known; ${convert} of version 3, if QEMU can read it.`,
      "cannot open",
    ),
  ),
  ...[0, 8, 22, 31, max32].map((bits) =>
    bad(
      `cluster_bits ${bits}`,
      (bytes) => u32(bytes, 20, bits),
      `has a damaged header: cluster_bits is ${bits}, not from 9 to 21; ${again}`,
      "cannot open",
    ),
  ),
  bad(
    "cluster_bits 22 in version 2",
    (bytes) => u32(bytes, 20, 22),
    `has a damaged header: cluster_bits is 22, not from 9 to 21; ${again}`,
    "cannot open",
    2,
  ),
  ...[0, 72, 96, 65544, max32].map((length) =>
    bad(
      `header_length ${length}`,
      (bytes) => u32(bytes, 100, length),
      `has a damaged header: its length is ${length}, not a multiple of 8 from 104 to 65536; ${again}`,
      "cannot open",
    ),
  ),
  bad(
    "header_length 105",
    (bytes) => u32(bytes, 100, 105),
    `has a damaged header: its length is 105, not a multiple of 8 from 104 to 65536; ${again}`,
    "sees nothing",
  ),
  ...[7, 64, max32].map((order) =>
    bad(
      `refcount_order ${order}`,
      (bytes) => u32(bytes, 96, order),
      `has a damaged header: refcount_order is ${order}, more than 6; ${again}`,
      "cannot open",
    ),
  ),
];

const featureName = (bit: number, name: string) =>
  Buffer.concat([Buffer.from([0, bit]), Buffer.from(name.padEnd(46, "\0"), "utf8")]);
const without = `${convert} without them, with the QEMU that made this.`;

export const features: BadFile[] = [
  ...[5, 6, 31, 32, 63].map((bit) =>
    bad(
      `unknown feature, bit ${bit}`,
      (bytes) => u64(bytes, 72, 1n << BigInt(bit)),
      `uses features that are not known here: bit ${bit}; ${without}`,
      "cannot open",
    ),
  ),
  bad(
    "two unknown features, and a known one",
    (bytes) => u64(bytes, 72, 0b1100001),
    `uses features that are not known here: bit 5, bit 6; ${without}`,
    "cannot open",
  ),
  bad(
    "an unknown feature with a name",
    (bytes) => {
      u64(bytes, 72, 1n << 7n);
      const names = [featureName(0, "dirty bit"), featureName(7, "time travel")];
      extension(bytes, 112, 0x6803f857, Buffer.concat(names));
    },
    `uses features that are not known here: bit 7 "time travel"; ${without}`,
    "cannot open",
  ),
  bad(
    "an unknown feature whose name a terminal would obey",
    (bytes) => {
      u64(bytes, 72, 1n << 7n);
      extension(bytes, 112, 0x6803f857, featureName(7, "\u001b[31mred\u0007 alert"));
    },
    `uses features that are not known here: bit 7 "red alert"; ${without}`,
    "cannot open",
  ),
  bad(
    "marked as corrupt",
    (bytes) => u64(bytes, 72, 2),
    `is marked as corrupt by QEMU; ${repair}.`,
    "sees nothing",
  ),
  bad(
    "marked as dirty",
    (bytes) => u64(bytes, 72, 1),
    `is marked as dirty: a machine has it open, or was stopped while it had; ${repair} once that machine is off.`,
    "sees nothing",
  ),
  bad(
    "marked as both",
    (bytes) => u64(bytes, 72, 3),
    `is marked as corrupt by QEMU; ${repair}.`,
    "sees nothing",
  ),
  bad(
    "extended L2 entries",
    (bytes) => {
      u64(bytes, 72, 16);
      u32(bytes, place.l2 * cluster + 12, 1); // the first subcluster holds data
    },
    `has extended L2 entries, which OpenStack's services refuse as an unknown feature; ${convert} without them.`,
    "sees nothing",
  ),
  ...[2, 255].map((type) =>
    bad(
      `compression_type ${type}`,
      (bytes) => {
        u64(bytes, 72, 8);
        bytes[104] = type;
      },
      `is compressed in a way that is not known here: compression_type is ${type}; ${convert} that is not, with the QEMU that made this.`,
      "cannot open",
    ),
  ),
  bad(
    "another compression, but zlib",
    (bytes) => u64(bytes, 72, 8),
    `has a damaged header: compression_type is 0, and the feature bit for it is set; ${again}`,
    "cannot open",
  ),
  bad(
    "another compression, in a header without a place for it",
    (bytes) => {
      u64(bytes, 72, 8);
      u32(bytes, 100, 104);
    },
    `has a damaged header: compression_type is 0, and the feature bit for it is set; ${again}`,
    "cannot open",
  ),
  bad(
    "zstd without the bit for it",
    (bytes) => (bytes[104] = 1),
    `has a damaged header: compression_type is 1, and the feature bit for it is not set; ${again}`,
    "cannot open",
  ),
];

const held = `${convert} that holds it.`;

export const elsewhere: BadFile[] = [
  bad(
    "an external data file",
    (bytes) => u64(bytes, 72, 4),
    `has its data in another file; ${held}`,
    "cannot open",
  ),
  bad(
    "an external data file with a name",
    (bytes) => {
      u64(bytes, 72, 4);
      extension(bytes, 112, 0x44415441, "golden.raw");
    },
    `has its data in another file, "golden.raw"; ${held}`,
    "cannot open",
  ),
  bad(
    "an external data file whose name a terminal would obey",
    (bytes) => {
      u64(bytes, 72, 4);
      extension(bytes, 112, 0x44415441, "\u001b]0;title\u0007/etc/\u202eshadow");
    },
    `has its data in another file, "/etc/ shadow"; ${held}`,
    "cannot open",
  ),
  bad(
    "the name of an external data file, behind another extension",
    (bytes) => {
      u64(bytes, 72, 4);
      const next = extension(bytes, 112, 0x6803f857, featureName(0, "dirty bit"));
      extension(bytes, next, 0x44415441, "golden.raw");
    },
    `has its data in another file, "golden.raw"; ${held}`,
    "cannot open",
  ),
  bad(
    "the name of an external data file, longer than there is room",
    (bytes) => {
      u64(bytes, 72, 4);
      extension(bytes, 112, 0x44415441, "golden.raw\0");
      u32(bytes, 116, max32);
    },
    `has its data in another file, "golden.raw"; ${held}`,
    "cannot open",
  ),
  bad(
    "the name of an external data file alone",
    (bytes) => extension(bytes, 112, 0x44415441, "golden.raw"),
    `has its data in another file, "golden.raw"; ${held}`,
    "sees nothing",
  ),
  bad(
    "the name of an external data file in version 2",
    (bytes) => extension(bytes, 72, 0x44415441, "golden.raw"),
    `has its data in another file, "golden.raw"; ${held}`,
    "sees nothing",
    2,
  ),
  ...(
    [
      ["AES", 1, 3],
      ["LUKS", 2, 3],
      ["AES", 1, 2],
    ] as const
  ).map(([name, method, version]) =>
    bad(
      `encrypted with ${name}, version ${version}`,
      (bytes) => u32(bytes, 32, method),
      `is encrypted with ${name}, and no server could read it; \`qemu-img convert --object secret,id=key,file=PASSPHRASE-FILE --image-opts driver=qcow2,encrypt.key-secret=key,file.filename=golden.qcow2 -O qcow2 golden-new.qcow2\` makes one that is not.`,
      "cannot open",
      version,
    ),
  ),
  ...[3, max32].map((method) =>
    bad(
      `crypt_method ${method}`,
      (bytes) => u32(bytes, 32, method),
      `has a damaged header: crypt_method is ${method}; ${again}`,
      "cannot open",
    ),
  ),
  ...([2, 3] as const).map((version) =>
    bad(
      `a backing file, version ${version}`,
      (bytes) => {
        u64(bytes, 8, 1024);
        u32(bytes, 16, 10);
        bytes.write("base.qcow2 and more", 1024);
      },
      `holds only what differs from a backing file, "base.qcow2"; ${convert} that holds all.`,
      "cannot open",
      version,
    ),
  ),
  bad(
    "a backing file whose name a terminal would obey",
    (bytes) => {
      u64(bytes, 8, 1024);
      u32(bytes, 16, 14);
      bytes.write("\u001b[2J/etc/hosts", 1024);
    },
    `holds only what differs from a backing file, "/etc/hosts"; ${convert} that holds all.`,
    "cannot open",
  ),
  bad(
    "a backing file of the network",
    (bytes) => {
      u64(bytes, 8, 1024);
      u32(bytes, 16, 31);
      bytes.write("nbd://198.51.100.7:10809/golden", 1024);
    },
    `holds only what differs from a backing file, "nbd://198.51.100.7:10809/golden"; ${convert} that holds all.`,
    // qemu-img would ask the network.
    undefined,
  ),
  bad(
    "a backing file whose name is not in the file",
    (bytes) => u64(bytes, 8, max64),
    `holds only what differs from a backing file; ${convert} that holds all.`,
    "cannot open",
  ),
];

const l2Covers = 512 * 1024 * 1024;

export const places: BadFile[] = [
  bad(
    "a disk of nothing",
    (bytes) => u64(bytes, 24, 0),
    "holds a disk of 0 bytes; `qemu-img resize -f qcow2 golden.qcow2 10G` gives it a size.",
    "sees nothing",
  ),
  ...[1n << 63n, max64, (1n << 51n) + 1n].map((size) =>
    bad(
      `a disk of ${size} bytes`,
      (bytes) => u64(bytes, 24, size),
      `has a damaged header: it says that the disk has ${size} bytes, and 2251799813685248 is the most; ${again}`,
      "cannot open",
    ),
  ),
  bad(
    "a disk of 9 PiB in clusters of 2 MiB",
    (bytes) => {
      u32(bytes, 20, 21);
      u64(bytes, 24, 9n << 50n);
    },
    `has a damaged header: it says that the disk has ${9n << 50n} bytes, and 9007199254740991 is the most; ${again}`,
    "cannot open",
  ),
  bad(
    "a disk of 128 GiB and a byte in clusters of 512 bytes",
    (bytes) => {
      u32(bytes, 20, 9);
      u64(bytes, 24, (1n << 37n) + 1n);
    },
    `has a damaged header: it says that the disk has 137438953473 bytes, and 137438953472 is the most; ${again}`,
    "cannot open",
  ),
  bad(
    "no L1 table",
    (bytes) => u32(bytes, 36, 0),
    `has a damaged header: its L1 table has 0 entries, and a disk of 1048576 bytes needs 1; ${again}`,
    "cannot open",
  ),
  bad(
    "an L1 table that is too small by one",
    (bytes) => u64(bytes, 24, l2Covers + 1),
    `has a damaged header: its L1 table has 1 entries, and a disk of 536870913 bytes needs 2; ${again}`,
    "cannot open",
  ),
  ...[4194305, max32].map((entries) =>
    bad(
      `an L1 table of ${entries} entries`,
      (bytes) => u32(bytes, 36, entries),
      `has a damaged header: its L1 table has ${entries} entries, and 4194304 are the most; ${again}`,
      "cannot open",
    ),
  ),
  bad(
    "an L1 table in the header",
    (bytes) => u64(bytes, 40, 0),
    `has a damaged header: its L1 table is said to be at byte 0, where no cluster begins that can hold it; ${again}`,
    "finds errors",
  ),
  bad(
    "an L1 table in the midst of a cluster",
    (bytes) => u64(bytes, 40, 3 * cluster + 512),
    `has a damaged header: its L1 table is said to be at byte 197120, where no cluster begins that can hold it; ${again}`,
    "cannot open",
  ),
  bad(
    "an L1 table beyond the file",
    (bytes) => u64(bytes, 40, 100 * cluster),
    `is cut short: it ends at byte 393216, and its L1 table is from byte 6553600 to 6553608; ${copyAgain}`,
    "finds errors",
  ),
  bad(
    "an L1 table at the file's end",
    (bytes) => u64(bytes, 40, 6 * cluster),
    `is cut short: it ends at byte 393216, and its L1 table is from byte 393216 to 393224; ${copyAgain}`,
    "finds errors",
  ),
  bad(
    "an L1 table that the file has not room for",
    (bytes) => {
      u64(bytes, 40, 5 * cluster);
      u32(bytes, 36, 8193);
    },
    `is cut short: it ends at byte 393216, and its L1 table is from byte 327680 to 393224; ${copyAgain}`,
    "finds errors",
  ),
  bad(
    "no refcount table",
    (bytes) => u32(bytes, 56, 0),
    `has a damaged header: its refcount table has no clusters; ${again}`,
    "finds errors",
  ),
  ...[129, max32].map((clusters) =>
    bad(
      `a refcount table of ${clusters} clusters`,
      (bytes) => u32(bytes, 56, clusters),
      `has a damaged header: its refcount table has ${clusters} clusters, and 128 are the most; ${again}`,
      "cannot open",
    ),
  ),
  bad(
    "a refcount table in the header",
    (bytes) => u64(bytes, 48, 0),
    `has a damaged header: its refcount table is said to be at byte 0, where no cluster begins that can hold it; ${again}`,
    "finds errors",
  ),
  bad(
    "a refcount table in the midst of a cluster",
    (bytes) => u64(bytes, 48, cluster + 8),
    `has a damaged header: its refcount table is said to be at byte 65544, where no cluster begins that can hold it; ${again}`,
    "cannot open",
  ),
  bad(
    "a refcount table beyond the file",
    (bytes) => u64(bytes, 48, 1n << 40n),
    `is cut short: it ends at byte 393216, and its refcount table is from byte 1099511627776 to 1099511693312; ${copyAgain}`,
    "finds errors",
  ),
  bad(
    "a refcount table that the file has not room for",
    (bytes) => {
      u64(bytes, 48, 5 * cluster);
      u32(bytes, 56, 2);
    },
    `is cut short: it ends at byte 393216, and its refcount table is from byte 327680 to 458752; ${copyAgain}`,
    "cannot open",
  ),
  bad(
    "more snapshots than QEMU takes",
    (bytes) => {
      u32(bytes, 60, 65537);
      u64(bytes, 64, 5 * cluster);
    },
    `has a damaged header: it says that it has 65537 snapshots, and 65536 are the most; ${again}`,
    "cannot open",
  ),
  bad(
    "snapshots nowhere",
    (bytes) => u32(bytes, 60, 1),
    `has a damaged header: its list of snapshots is said to be at byte 0, where no cluster begins that can hold it; ${again}`,
    "finds errors",
  ),
  bad(
    "snapshots in the midst of a cluster",
    (bytes) => {
      u32(bytes, 60, 1);
      u64(bytes, 64, 5 * cluster + 1);
    },
    `has a damaged header: its list of snapshots is said to be at byte 327681, where no cluster begins that can hold it; ${again}`,
    "cannot open",
  ),
  bad(
    "snapshots beyond the file",
    (bytes) => {
      u32(bytes, 60, 3);
      u64(bytes, 64, 6 * cluster);
    },
    `is cut short: it ends at byte 393216, and its list of snapshots is from byte 393216 to 393336; ${copyAgain}`,
    "finds errors",
  ),
];

const block = place.refcountTable * cluster;
const l1 = place.l1 * cluster;
const l2 = place.l2 * cluster;

export const tables: BadFile[] = [
  bad(
    "a refcount block beyond the file",
    (bytes) => u64(bytes, block + 8, 7 * cluster),
    `is cut short: it ends at byte 393216, and its refcount table names a refcount block at byte 458752; ${copyAgain}`,
    "finds errors",
  ),
  bad(
    "a refcount block in the midst of a cluster",
    (bytes) => u64(bytes, block, 2 * cluster + 512),
    `is damaged: its refcount table names a refcount block at byte 131584, where no cluster begins; ${copyAgain}`,
    "cannot open",
  ),
  bad(
    "an L2 table beyond the file",
    (bytes) => u64(bytes, l1, inUse | BigInt(100 * cluster)),
    `is cut short: it ends at byte 393216, and its L1 table names an L2 table at byte 6553600; ${copyAgain}`,
    "finds errors",
  ),
  bad(
    "an L2 table at the file's end",
    (bytes) => u64(bytes, l1, inUse | BigInt(6 * cluster)),
    `is cut short: it ends at byte 393216, and its L1 table names an L2 table at byte 393216; ${copyAgain}`,
    "finds errors",
  ),
  bad(
    "an L2 table in the midst of a cluster",
    (bytes) => u64(bytes, l1, inUse | BigInt(4 * cluster + 512)),
    `is damaged: its L1 table names an L2 table at byte 262656, where no cluster begins; ${copyAgain}`,
    "finds errors",
  ),
  bad(
    "an L2 table as far away as can be",
    (bytes) => u64(bytes, l1, inUse | (0xffffn << 40n)),
    `is cut short: it ends at byte 393216, and its L1 table names an L2 table at byte 72056494526300160; ${copyAgain}`,
    "finds errors",
  ),
  bad(
    "a second L2 table beyond the file",
    (bytes) => {
      u64(bytes, 24, 2 * l2Covers);
      u32(bytes, 36, 2);
      u64(bytes, l1 + 8, BigInt(9 * cluster));
    },
    `is cut short: it ends at byte 393216, and its L1 table names an L2 table at byte 589824; ${copyAgain}`,
    "finds errors",
  ),
  bad(
    "data beyond the file",
    (bytes) => u64(bytes, l2 + 8, inUse | BigInt(0x80000000)),
    `is cut short: it ends at byte 393216, and its L2 table at byte 262144 names data at byte 2147483648; ${copyAgain}`,
    "finds errors",
  ),
  bad(
    "data beyond the file, in version 2",
    (bytes) => u64(bytes, l2 + 8, inUse | BigInt(20 * cluster)),
    `is cut short: it ends at byte 393216, and its L2 table at byte 262144 names data at byte 1310720; ${copyAgain}`,
    "finds errors",
    2,
  ),
  bad(
    "data beyond 4 GiB that the file has not",
    (bytes) => u64(bytes, l2 + 15 * 8, inUse | (5n << 32n)),
    `is cut short: it ends at byte 393216, and its L2 table at byte 262144 names data at byte 21474836480; ${copyAgain}`,
    "finds errors",
  ),
  bad(
    "data at the file's end",
    (bytes) => u64(bytes, l2 + 8, inUse | BigInt(6 * cluster)),
    `is cut short: it ends at byte 393216, and its L2 table at byte 262144 names data at byte 393216; ${copyAgain}`,
    "finds errors",
  ),
  bad(
    "compressed data beyond the file",
    (bytes) => u64(bytes, l2 + 8, compressed | BigInt(20 * cluster + 100)),
    `is cut short: it ends at byte 393216, and its L2 table at byte 262144 names data at byte 1310720; ${copyAgain}`,
    "finds errors",
  ),
  bad(
    "compressed data whose last sectors are missing",
    (bytes) => u64(bytes, l2 + 8, compressed | (2n << 54n) | BigInt(6 * cluster - 1000)),
    `is cut short: it ends at byte 393216, and its L2 table at byte 262144 names data at byte 393216; ${copyAgain}`,
    "finds errors",
  ),
  cut(
    "the magic alone",
    4,
    `is cut short: it has 4 bytes, fewer than a qcow2's header; ${copyAgain}`,
    "cannot open",
  ),
  cut("7 bytes", 7, `is cut short: it has 7 bytes, fewer than a qcow2's header; ${copyAgain}`, "cannot open"),
  cut(
    "71 bytes, version 2",
    71,
    `is cut short: it has 71 bytes, fewer than a qcow2's header; ${copyAgain}`,
    "finds errors",
    2,
  ),
  cut(
    "103 bytes",
    103,
    `is cut short: it has 103 bytes, fewer than a qcow2's header; ${copyAgain}`,
    "cannot open",
  ),
  cut(
    "the header alone, version 2",
    72,
    `is cut short: it ends at byte 72, and its L1 table is from byte 196608 to 196616; ${copyAgain}`,
    "finds errors",
    2,
  ),
  cut(
    "the header alone",
    112,
    `is cut short: it ends at byte 112, and its L1 table is from byte 196608 to 196616; ${copyAgain}`,
    "finds errors",
  ),
  cut(
    "a cluster",
    cluster,
    `is cut short: it ends at byte 65536, and its L1 table is from byte 196608 to 196616; ${copyAgain}`,
    "finds errors",
  ),
  cut(
    "half an L1 entry",
    3 * cluster + 4,
    `is cut short: it ends at byte 196612, and its L1 table is from byte 196608 to 196616; ${copyAgain}`,
    "finds errors",
  ),
  cut(
    "all but the L2 table and data",
    3 * cluster + 8,
    `is cut short: it ends at byte 196616, and its L1 table names an L2 table at byte 262144; ${copyAgain}`,
    "finds errors",
  ),
  cut(
    "half an L2 table",
    4 * cluster + 100,
    `is cut short: it ends at byte 262244, and its L2 table at byte 262144 names data at byte 327680; ${copyAgain}`,
    "finds errors",
  ),
  cut(
    "all but the data",
    5 * cluster,
    `is cut short: it ends at byte 327680, and its L2 table at byte 262144 names data at byte 327680; ${copyAgain}`,
    "finds errors",
  ),
];
