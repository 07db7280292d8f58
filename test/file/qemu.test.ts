// Images made by the real qemu-img: what is accepted, what is refused, and that the command in the sentence mends it.

import { execFileSync } from "node:child_process";
import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { inspectQcow2 } from "../../provider/file/qcow2";
import { Folder, onQemu, qemu, qemuLuks, u64 } from "./images";

let folder: Folder;
let path: string;
beforeEach(() => {
  folder = new Folder();
  path = folder.in("golden.qcow2");
  // A disk of 3 MiB with data at its beginning and at its end, and zeros between.
  const disk = Buffer.alloc(3 * 1024 * 1024);
  disk.write("the first sector");
  disk.write("the last sector", disk.length - 512);
  disk.writeUInt16BE(0x55aa, 510);
  writeFileSync(folder.in("disk.raw"), disk);
});
afterEach(() => {
  folder.remove();
});

const convert = (...options: string[]) => {
  qemuLuks("convert", "-f", "raw", "-O", "qcow2", ...options, folder.in("disk.raw"), path);
};

/** What qemu-img says of an image, to compare. */
function told(): { version: number; virtualSize: number; fileSize: number } {
  const info = JSON.parse(qemu("info", "-f", "qcow2", "--output=json", path)) as {
    "virtual-size": number;
    "format-specific": { data: { compat: string } };
  };
  return {
    version: info["format-specific"].data.compat === "0.10" ? 2 : 3,
    virtualSize: info["virtual-size"],
    fileSize: statSync(path).size,
  };
}

describe("accepted", () => {
  const options: [string, string[]][] = [
    ["version 2", ["-o", "compat=0.10"]],
    ["version 3", ["-o", "compat=1.1"]],
    ["compressed", ["-c"]],
    ["compressed with zstd", ["-c", "-o", "compression_type=zstd"]],
    ["compressed, version 2", ["-c", "-o", "compat=0.10"]],
    ["lazy refcounts", ["-o", "lazy_refcounts=on"]],
    ...["off", "metadata", "falloc", "full"].map((mode): [string, string[]] => [
      `preallocation=${mode}`,
      ["-o", `preallocation=${mode}`],
    ]),
    ...["1", "16", "64"].map((bits): [string, string[]] => [
      `refcounts of ${bits} bits`,
      ["-o", `refcount_bits=${bits}`],
    ]),
    ...["512", "4k", "64k", "1M", "2M"].flatMap((size): [string, string[]][] => [
      [`clusters of ${size}`, ["-o", `cluster_size=${size}`]],
      [`compressed clusters of ${size}`, ["-c", "-o", `cluster_size=${size}`]],
      [`metadata for clusters of ${size}`, ["-o", `preallocation=metadata,cluster_size=${size}`]],
    ]),
  ];

  onQemu.each(options)("%s", async (_, given) => {
    convert(...given);
    expect(await inspectQcow2(path)).toEqual(told());
  });

  onQemu.each([
    ["512", "1G"],
    ["64k", "4G"],
    ["64k", "500T"],
    ["2M", "7P"],
  ])("an empty disk, clusters of %s, %s", async (clusterSize, size) => {
    qemu("create", "-q", "-f", "qcow2", "-o", `cluster_size=${clusterSize}`, path, size);
    expect(await inspectQcow2(path)).toEqual(told());
  });

  onQemu("internal snapshots: they take up room, and nothing reads them", async () => {
    convert();
    qemu("snapshot", "-c", "before", path);
    qemu("snapshot", "-c", "after", path);
    expect(await inspectQcow2(path)).toEqual(told());
    expect(qemu("snapshot", "-l", path)).toContain("before");
  });

  onQemu("a bitmap", async () => {
    convert();
    qemu("bitmap", "--add", path, "changed");
    expect(await inspectQcow2(path)).toEqual(told());
  });

  onQemu("grown and shrunk", async () => {
    convert();
    qemu("resize", "-q", path, "10G");
    expect(await inspectQcow2(path)).toEqual(told());
    qemu("resize", "-q", "--shrink", path, "2G");
    expect(await inspectQcow2(path)).toEqual(told());
  });
});

/** Runs the command that the sentence names, as a user would, and answers what the file that it makes is. */
async function mend(made = "golden-new.qcow2"): Promise<unknown> {
  const message = await said();
  const command = /`([^`]+)`/.exec(message)?.[1] ?? "";
  execFileSync("bash", ["-c", command.replaceAll(`${folder.path}/`, "")], {
    cwd: folder.path,
    stdio: "pipe",
  });
  return await inspectQcow2(folder.in(made));
}

async function said(): Promise<string> {
  return await inspectQcow2(path).then(
    () => "nothing is wrong with it",
    (error: unknown) => (error as Error).message,
  );
}

const whole = { version: 3, virtualSize: 3 * 1024 * 1024 };
const sameDisk = (made = "golden-new.qcow2") => {
  qemu("compare", "-f", "raw", "-F", "qcow2", folder.in("disk.raw"), folder.in(made));
};

describe("refused, and mended by the command in the sentence", () => {
  onQemu("a backing file", async () => {
    qemu("create", "-q", "-f", "qcow2", "-b", folder.in("disk.raw"), "-F", "raw", path);
    expect(await said()).toContain(`a backing file, "${folder.in("disk.raw")}"`);
    expect(await mend()).toMatchObject(whole);
    sameDisk();
  });

  onQemu("an external data file", async () => {
    convert("-o", `data_file=${folder.in("data.raw")}`);
    expect(await said()).toContain(`its data in another file, "${folder.in("data.raw")}"`);
    expect(await mend()).toMatchObject(whole);
    sameDisk();
  });

  onQemu("an external data file that can be read alone", async () => {
    convert("-o", `data_file=${folder.in("data.raw")},data_file_raw=on`);
    expect(await said()).toContain(`its data in another file, "${folder.in("data.raw")}"`);
    expect(await mend()).toMatchObject(whole);
    sameDisk();
  });

  onQemu.each(["luks", "aes"])("encrypted with %s", async (format) => {
    writeFileSync(folder.in("PASSPHRASE-FILE"), "secret-passphrase");
    const key = `secret,id=key,file=${folder.in("PASSPHRASE-FILE")}`;
    const encryption = `encrypt.format=${format},encrypt.key-secret=key${format === "luks" ? ",encrypt.iter-time=100,encrypt.hash-alg=sha512" : ""}`;
    convert("--object", key, "-o", encryption);
    expect(await said()).toContain(`is encrypted with ${format.toUpperCase()}`);
    expect(await mend()).toMatchObject(whole);
    sameDisk();
  });

  onQemu("extended L2 entries", async () => {
    convert("-o", "extended_l2=on");
    expect(await said()).toContain("has extended L2 entries");
    expect(await mend()).toMatchObject(whole);
    sameDisk();
  });

  onQemu("a disk of nothing", async () => {
    qemu("create", "-q", "-f", "qcow2", path, "0");
    expect(await mend("golden.qcow2")).toMatchObject({ version: 3, virtualSize: 10 * 2 ** 30 });
  });

  onQemu.each([
    ["dirty", 1],
    ["corrupt", 2],
  ])("marked as %s", async (mark, bit) => {
    convert();
    const bytes = readFileSync(path);
    u64(bytes, 72, bit);
    writeFileSync(path, bytes);
    expect(await said()).toContain(`is marked as ${mark}`);
    expect(await mend("golden.qcow2")).toMatchObject(whole);
    sameDisk("golden.qcow2");
  });

  onQemu.each(["raw", "vmdk", "vpc", "vdi", "vhdx", "qed", "qcow", "parallels"])("%s", async (format) => {
    qemu("convert", "-f", "raw", "-O", format, folder.in("disk.raw"), path);
    expect(await said()).toContain(`\`qemu-img convert -f ${format} -O qcow2 ${path} `);
    const made = (await mend()) as { virtualSize: number };
    // Some formats round the disk's size up.
    expect(made.virtualSize).toBeGreaterThanOrEqual(whole.virtualSize);
    sameDisk();
  });

  onQemu("vmdk of two files", async () => {
    qemu("convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=monolithicFlat", folder.in("disk.raw"), path);
    expect(await said()).toContain("is the description of a VMDK image");
    expect(await mend()).toMatchObject(whole);
    sameDisk();
  });

  onQemu("vhd of fixed size", async () => {
    qemu("convert", "-f", "raw", "-O", "vpc", "-o", "subformat=fixed", folder.in("disk.raw"), path);
    expect(await said()).toContain("is a VHD image");
    await mend();
    sameDisk();
  });

  onQemu("a disk of LUKS", async () => {
    writeFileSync(folder.in("PASSPHRASE-FILE"), "secret-passphrase");
    const key = `secret,id=key,file=${folder.in("PASSPHRASE-FILE")}`;
    qemuLuks(
      "convert",
      "--object",
      key,
      "-f",
      "raw",
      "-O",
      "luks",
      "-o",
      "key-secret=key,iter-time=100,hash-alg=sha512",
      folder.in("disk.raw"),
      path,
    );
    expect(await said()).toContain("is a disk encrypted with LUKS");
    expect(await mend()).toMatchObject(whole);
    sameDisk();
  });

  onQemu.each(["gzip", "bzip2", "xz"])("packed with %s", async (packer) => {
    convert();
    writeFileSync(path, execFileSync(packer, ["-c", path]));
    expect(await said()).toContain(`is packed with ${packer}`);
    expect(await mend()).toMatchObject(whole);
    sameDisk();
  });
});

describe("an image that was cut off", () => {
  const options = [
    ["-c"],
    ["-o", "preallocation=full"],
    ["-o", "cluster_size=4k"],
    ["-o", "compat=0.10"],
    [],
  ];

  onQemu.each(options.map((given) => [given.join(" ") || "no options", given] as const))(
    "is told apart from a whole one wherever its end was: %s",
    async (_, given) => {
      // Data everywhere, so that every cluster but the tables' own is one that is missed.
      const disk = Buffer.alloc(3 * 1024 * 1024, "some data that does not repeat so soon ");
      for (let sector = 0; sector < disk.length; sector += 512) u64(disk, sector, sector);
      writeFileSync(folder.in("disk.raw"), disk);
      convert(...given);
      expect(await inspectQcow2(path)).toEqual(told());
      // The last cluster may be cut: good images end within one, too.
      const size = statSync(path).size;
      for (const part of [0.98, 0.9, 0.7, 0.5, 0.3, 0.1, 0.01]) {
        truncateSync(path, Math.floor(size * part) - (given[0] === "-c" ? 1024 : 0));
        expect(await said()).toMatch(/is cut short: it (ends at byte|has) \d+/);
      }
    },
  );
});
