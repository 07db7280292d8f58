import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { FileError } from "../../provider/file/file-error";
import { explain } from "../../provider/file/open";
import { inspectQcow2 } from "../../provider/file/qcow2";
import { argument } from "../../provider/file/shell";
import {
  elsewhere,
  features,
  headers,
  oddNames,
  otherFormats,
  places,
  tables,
  type BadFile,
  type Qemu,
} from "./bad-files";
import { cluster, compressed, Folder, image, inUse, onQemu, place, u32, u64, zeros } from "./images";

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => {
  folder.remove();
});

/** What is said of a file, with the folder left out. */
async function saidOf(path: string): Promise<string> {
  const error: unknown = await inspectQcow2(path).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(FileError);
  return (error as FileError).message.replaceAll(`${folder.path}/`, "").replaceAll(folder.path, ".");
}

function write({ name = "golden.qcow2", bytes }: BadFile): string {
  writeFileSync(folder.in(name), bytes);
  return folder.in(name);
}

const groups: [string, BadFile[]][] = [
  ["another format", otherFormats],
  ["a name that a shell would not take", oddNames],
  ["a header that cannot be", headers],
  ["features", features],
  ["data that is elsewhere", elsewhere],
  ["tables that cannot be", places],
  ["tables that name what is not there", tables],
];

test("there are more than a hundred bad files, each told apart by what it is", () => {
  const all = groups.flatMap(([group, files]) => files.map(({ what }) => `${group}: ${what}`));
  expect(all.length).toBeGreaterThan(100);
  expect(new Set(all).size).toBe(all.length);
});

describe.each(groups)("%s", (_, files) => {
  test.each(files)("$what", async (file) => {
    expect(await saidOf(write(file))).toBe(file.sentence);
  });
});

/** 1: cannot be opened; 2: corruptions; 3: leaks. */
function askQemu(path: string): Qemu {
  const { status } = spawnSync("qemu-img", ["check", "-f", "qcow2", path], { stdio: "ignore" });
  return status === 0 ? "sees nothing" : status === 1 ? "cannot open" : "finds errors";
}

onQemu("the real qemu-img finds the same files bad, except those that only a cloud does", () => {
  const asked = groups.flatMap(([, files]) => files).filter(({ qemu }) => qemu !== undefined);
  const found = asked.map((file) => [file.what, askQemu(write(file))]);
  expect(found).toEqual(asked.map(({ what, qemu }) => [what, qemu]));
});

describe("no file to read", () => {
  test("nothing there", async () => {
    expect(await saidOf(folder.in("golden.qcow2"))).toBe(
      "golden.qcow2 is not there; `ls -l .` lists what is.",
    );
  });

  test("no such folder", async () => {
    expect(await saidOf(folder.in("build/golden.qcow2"))).toBe(
      "build/golden.qcow2 is not there; `ls -l build` lists what is.",
    );
  });

  test("a file where a folder should be", async () => {
    writeFileSync(folder.in("build"), "");
    expect(await saidOf(folder.in("build/golden.qcow2"))).toBe(
      "build/golden.qcow2 is not there; `ls -l build` lists what is.",
    );
  });

  test("a directory", async () => {
    mkdirSync(folder.in("golden.qcow2"));
    expect(await saidOf(folder.in("golden.qcow2"))).toBe(
      "golden.qcow2 is a directory, not a file; `ls -l golden.qcow2` lists the files in it.",
    );
  });

  test("a pipe, which is not waited for", async () => {
    execFileSync("mkfifo", [folder.in("golden.qcow2")]);
    expect(await saidOf(folder.in("golden.qcow2"))).toBe(
      "golden.qcow2 is a device, pipe or socket, not a file; `qemu-img convert -O qcow2 golden.qcow2 disk.qcow2` copies a device into one.",
    );
  });

  test("a link to nothing", async () => {
    symlinkSync("gone.qcow2", folder.in("golden.qcow2"));
    expect(await saidOf(folder.in("golden.qcow2"))).toBe(
      "golden.qcow2 is not there; `ls -l .` lists what is.",
    );
  });

  test("a link to itself", async () => {
    symlinkSync("golden.qcow2", folder.in("golden.qcow2"));
    expect(await saidOf(folder.in("golden.qcow2"))).toBe(
      "golden.qcow2 is a symbolic link that leads back to itself; `ls -l golden.qcow2` shows where to.",
    );
  });

  const denied = "golden.qcow2 may not be read by this user; `chmod u+r golden.qcow2` lets its owner.";

  // The superuser may read everything.
  (process.getuid?.() === 0 ? test.skip : test)("a file that may not be read", async () => {
    const path = write({ what: "", bytes: image(), sentence: "" });
    chmodSync(path, 0);
    expect(await saidOf(path)).toBe(denied);
  });

  test.each([
    ["EACCES", denied],
    ["EPERM", denied],
    ["EIO", "golden.qcow2 could not be read (EIO); `cat golden.qcow2 > /dev/null` tries it again."],
  ])("an error of the system's, %s", (code, sentence) => {
    const error = Object.assign(new Error(code), { code, syscall: "read" });
    expect(explain(error, "golden.qcow2")).toEqual(new FileError(sentence));
  });

  test("an error of another kind is not made a sentence of", () => {
    const error = new TypeError("a bug");
    expect(explain(error, "golden.qcow2")).toBe(error);
  });
});

test.each([
  ["build/golden.qcow2", "build/golden.qcow2"],
  ["-rf.qcow2", "./-rf.qcow2"],
  ["nbd:golden.qcow2", "./nbd:golden.qcow2"],
  ["./a:b.qcow2", "./a:b.qcow2"],
  ["a/b:c.qcow2", "a/b:c.qcow2"],
  ["C:\\images\\golden.qcow2", "'C:\\images\\golden.qcow2'"],
  ["-it's.qcow2", "'./-it'\\''s.qcow2'"],
])("%s is %s in a command", (path, word) => {
  expect(argument(path)).toBe(word);
});

test.each(["a b", "it's", "$HOME", "`id`", "\u001b[31m\\'\n", "a\u202eb", '"', "*", "이미지"])(
  "a shell reads %j back as it was",
  (name) => {
    const shown = execFileSync("bash", ["-c", `printf %s ${argument(name)}`], {
      encoding: "utf8",
      env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8" },
    });
    expect(shown).toBe(name);
  },
);

/** Good ones that look odd: each is accepted here, and qemu-img finds no errors in it. */
const good: [string, (bytes: Buffer) => unknown, (2 | 3)?][] = [
  ["a plain one", () => undefined],
  ["a plain one of version 2", () => undefined, 2],
  ["a header of 104 bytes", (bytes) => u32(bytes, 100, 104)],
  ["zstd", (bytes) => [u64(bytes, 72, 8), (bytes[104] = 1)]],
  ["lazy refcounts, and compatible features that nobody knows", (bytes) => u64(bytes, 80, 0xff01)],
  ["features that clear themselves, and nobody knows", (bytes) => u64(bytes, 88, 0xff00)],
  ["an unknown header extension", (bytes) => [u32(bytes, 112, 0x12345678), u32(bytes, 116, 3)]],
  ["an L1 table that is longer than needed", (bytes) => u32(bytes, 36, 100)],
  ["a disk that ends within a sector", (bytes) => u64(bytes, 24, 1000_001)],
  ["the largest disk of one L2 table", (bytes) => u64(bytes, 24, 512 * 1024 * 1024)],
];

test.each(good)("good: %s", async (_, change, version = 3) => {
  const bytes = image(version);
  change(bytes);
  const path = write({ what: "", bytes, sentence: "" });
  expect(await inspectQcow2(path)).toEqual({
    version,
    virtualSize: Number(bytes.readBigUInt64BE(24)),
    fileSize: 6 * cluster,
  });
});

onQemu("qemu-img finds no errors in these either", () => {
  const found = good.map(([what, change, version]) => {
    const bytes = image(version);
    change(bytes);
    return [what, askQemu(write({ what, bytes, sentence: "" }))];
  });
  expect(found).toEqual(good.map(([what]) => [what, "sees nothing"]));
});

describe("what may lie beyond the end", () => {
  const l2 = place.l2 * cluster;

  test.each<[string, (bytes: Buffer) => unknown, number?]>([
    ["the rest of the last cluster", () => undefined, 5 * cluster + 1],
    ["a place kept for zeros", (bytes) => u64(bytes, l2 + 8, inUse | zeros | BigInt(20 * cluster))],
    [
      "the rest of the last sector",
      (bytes) => u64(bytes, l2 + 8, compressed | BigInt(6 * cluster - 600)),
      6 * cluster - 100,
    ],
  ])("%s", async (_, change, length = 6 * cluster) => {
    const bytes = image();
    change(bytes);
    const path = write({ what: "", bytes: bytes.subarray(0, length), sentence: "" });
    expect(await inspectQcow2(path)).toMatchObject({ fileSize: length });
  });
});

describe("the work is bounded", () => {
  const milliseconds = async (path: string) => {
    const began = performance.now();
    await inspectQcow2(path);
    return performance.now() - began;
  };

  test("of an image that is full, only tables are read, the furthest back first", async () => {
    // 3000 L2 tables, all with data: more than are looked at. The last one's data is missing, then the first one's.
    const path = folder.in("golden.qcow2");
    const tableCount = 3000;
    const bytes = Buffer.alloc(512 * (tableCount + 100));
    image().copy(bytes, 0, 0, 112);
    u32(bytes, 20, 9); // clusters of 512 bytes: an L2 table maps 32 KiB
    u64(bytes, 24, tableCount * 32768);
    u32(bytes, 36, tableCount);
    u64(bytes, 40, 1024);
    u64(bytes, 48, 512);
    const firstTable = 1024 + 512 * Math.ceil((tableCount * 8) / 512);
    for (let table = 0; table < tableCount; table += 1) {
      u64(bytes, 1024 + 8 * table, firstTable + 512 * table);
    }
    u64(bytes, firstTable, 512n << 40n);
    writeFileSync(path, bytes);
    expect(await inspectQcow2(path)).toMatchObject({ virtualSize: tableCount * 32768 });
    const last = firstTable + 512 * (tableCount - 1);
    u64(bytes, last, 1n << 40n);
    writeFileSync(path, bytes);
    expect(await saidOf(path)).toContain(`its L2 table at byte ${last} names data at byte 1099511627776`);
  });

  test("a file of 1 TiB, nearly all of it holes, takes no longer than a small one", async () => {
    const path = write({ what: "", bytes: image(), sentence: "" });
    const small = Math.min(await milliseconds(path), await milliseconds(path), await milliseconds(path));
    truncateSync(path, 2 ** 40);
    const large = Math.min(await milliseconds(path), await milliseconds(path), await milliseconds(path));
    // Reading only a thousandth of it would take a hundred times as long.
    expect(large).toBeLessThan(20 * small + 50);
  });
});
