import { createHash, randomBytes } from "node:crypto";
import { execFile } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { cacheDirectory } from "../../provider/file/cache-file";
import type { FileDigest } from "../../provider/file/digest";
import { cachedDigest, FileDigests } from "../../provider/file/digest-cache";
import { Folder } from "./images";

let folder: Folder;
let path: string;
let directory: string;
let cacheFile: string;
beforeEach(() => {
  folder = new Folder();
  path = folder.in("golden.qcow2");
  directory = folder.in("cache");
  cacheFile = join(directory, "digests.json");
  writeFileSync(path, "golden");
});
afterEach(() => {
  folder.remove();
});

/** An hour from now: what was written a moment ago is old then. */
const later = () => Date.now() + 3_600_000;

/** Whether the file was read, and its MD5, which is what differs. */
async function look(file = path, now = later): Promise<{ read: boolean; md5: string }> {
  let read = false;
  const onProgress = () => {
    read = true;
  };
  const { md5 } = await cachedDigest(file, { directory, now, onProgress });
  return { read, md5 };
}

const md5 = (content: string) => createHash("md5").update(content).digest("hex");
const read = (content = "golden") => ({ read: true, md5: md5(content) });
const cached = (content = "golden") => ({ read: false, md5: md5(content) });

interface Content {
  form: number;
  entries: Record<string, unknown>[];
}
const content = () => JSON.parse(readFileSync(cacheFile, "utf8")) as Content;

/** Puts a lie into the cache: whoever believes it shows that the file was not read. */
function change(entry: Record<string, unknown>): void {
  const now = content();
  writeFileSync(cacheFile, JSON.stringify({ ...now, entries: [{ ...now.entries[0], ...entry }] }));
}

test("a file is read once", async () => {
  expect(await look()).toEqual(read());
  expect(await look()).toEqual(cached());
  expect(await cachedDigest(path, { directory })).toEqual({
    size: 6,
    md5: md5("golden"),
    sha256: createHash("sha256").update("golden").digest("hex"),
    sha512: createHash("sha512").update("golden").digest("hex"),
  });
});

test("what is kept is the user's alone, and nothing else is left", async () => {
  await look();
  expect(statSync(cacheFile).mode & 0o777).toBe(0o600);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(readdirSync(directory)).toEqual(["digests.json"]);
  expect(readFileSync(cacheFile, "utf8")).not.toContain("golden.qcow2");
});

describe("read again is a file that", () => {
  beforeEach(async () => {
    expect(await look()).toEqual(read());
    expect(await look()).toEqual(cached());
  });

  test("was touched", async () => {
    utimesSync(path, new Date(), new Date(0));
    expect(await look()).toEqual(read());
    expect(await look()).toEqual(cached());
  });

  test("grew", async () => {
    appendFileSync(path, "er");
    expect(await look()).toEqual(read("goldener"));
  });

  test("has another byte, the same length, and the time of before", async () => {
    const { atime, mtime } = statSync(path);
    writeFileSync(path, "gilded");
    utimesSync(path, atime, mtime);
    expect(statSync(path)).toMatchObject({ size: 6, mtime });
    expect(await look()).toEqual(read("gilded"));
  });

  test("was replaced by one of the same length and time", async () => {
    const { atime, mtime } = statSync(path);
    writeFileSync(folder.in("other"), "gilded");
    utimesSync(folder.in("other"), atime, mtime);
    renameSync(folder.in("other"), path);
    expect(await look()).toEqual(read("gilded"));
  });

  test("was renamed, which changes its time of change; once", async () => {
    const moved = folder.in("moved.qcow2");
    renameSync(path, moved);
    const changed = statSync(moved, { bigint: true }).ctimeNs.toString() !== content().entries[0]?.ctimeNs;
    expect(await look(moved)).toEqual({ read: changed, md5: md5("golden") });
    expect(await look(moved)).toEqual(cached());
  });
});

describe("not kept is the digest of a file that was written to just before", () => {
  const mtime = () => Number(statSync(path, { bigint: true }).mtimeNs) / 1e6;

  test.each([0, 1000, 1999])("%i ms", async (age) => {
    const now = () => Math.floor(mtime()) + age;
    expect(await look(path, now)).toEqual(read());
    expect(await look(path, now)).toEqual(read());
    expect(readdirSync(folder.path)).toEqual(["golden.qcow2"]);
  });

  test("and kept if that was 2 s ago", async () => {
    const now = () => Math.ceil(mtime()) + 2001;
    expect(await look(path, now)).toEqual(read());
    expect(await look(path, now)).toEqual(cached());
  });

  test("and so is one whose time of modification was set back", async () => {
    utimesSync(path, new Date(0), new Date(0));
    expect(await look(path, Date.now)).toEqual(read());
    expect(await look(path, Date.now)).toEqual(read());
  });

  test("and one from the future", async () => {
    utimesSync(path, new Date(), new Date(Date.now() + 86_400_000));
    expect(await look()).toEqual(read());
    expect(await look()).toEqual(read());
  });
});

describe("a cache file that is not as it should be", () => {
  beforeEach(async () => {
    await look();
    change({ md5: "0".repeat(32) });
    expect(await look()).toEqual({ read: false, md5: "0".repeat(32) }); // It would be believed.
  });

  test.each([
    ["nothing", ""],
    ["half of it", '{"form":1,"entries":[{"dev":"1"'],
    ["no JSON", "\0\xff\xfe"],
    ["another JSON", "[]"],
    ["null", "null"],
    ["a number", "7"],
    ["another form", '{"form":2,"entries":[]}'],
    ["no entries", '{"form":1}'],
    ["entries that are none", '{"form":1,"entries":{"length":1}}'],
    ["entries of other kinds", '{"form":1,"entries":[null,1,"x",[],{}]}'],
    ["too much", `{"form":1,"entries":[]}${" ".repeat(1024 * 1024)}`],
  ])("%s: ignored, and replaced", async (_, text) => {
    writeFileSync(cacheFile, text);
    expect(await look()).toEqual(read());
    expect(await look()).toEqual(cached());
  });

  test.each<[string, Record<string, unknown>]>([
    ["an MD5 that is too short", { md5: "0".repeat(31) }],
    ["an MD5 of other signs", { md5: "g".repeat(32) }],
    ["an MD5 in capitals", { md5: "A".repeat(32) }],
    ["no MD5", { md5: undefined }],
    ["a list", { md5: ["0".repeat(32)] }],
    ["a SHA-256 that is too long", { sha256: "0".repeat(65) }],
    ["a SHA-512 of two lines", { sha512: `${"0".repeat(128)}\n` }],
    ["another inode", { ino: "1" }],
    ["another device", { dev: "99999" }],
    ["another size", { size: "7" }],
    ["another time of change", { ctimeNs: "1" }],
    ["a number for a text", { size: 6 }],
  ])("an entry with %s: ignored", async (_, entry) => {
    change(entry);
    expect(await look()).toEqual(read());
  });

  test("one that others may write to: ignored", async () => {
    chmodSync(cacheFile, 0o666);
    expect(await look()).toEqual(read());
    expect(statSync(cacheFile).mode & 0o777).toBe(0o600);
  });

  test("a directory in its place: no cache, and no failure", async () => {
    renameSync(cacheFile, folder.in("aside"));
    mkdirSync(cacheFile);
    expect(await look()).toEqual(read());
    expect(await look()).toEqual(read());
    expect(readdirSync(directory)).toEqual(["digests.json"]);
  });
});

test("a folder that cannot be made: no cache, and no failure", async () => {
  writeFileSync(directory, "a file");
  expect(await look()).toEqual(read());
  expect(await look()).toEqual(read());
});

test("200 files are remembered, those that were hashed last", async () => {
  const file = (index: number) => folder.in(`${index}.qcow2`);
  for (let index = 0; index < 203; index += 1) {
    writeFileSync(file(index), `${index}`);
    await look(file(index));
  }
  expect(content().entries).toHaveLength(200);
  expect(await look(file(202))).toEqual(cached("202"));
  expect(await look(file(3))).toEqual(cached("3"));
  expect(await look(file(2))).toEqual(read("2"));
});

test("several processes at once: each is right, and the file is whole at every moment", async () => {
  const files = Array.from({ length: 12 }, (_, index) => folder.in(`${index}.qcow2`));
  for (const [index, file] of files.entries()) writeFileSync(file, `${index}`.repeat(1000));
  const module = resolve(__dirname, "../../dist/provider/file/digest-cache.js");
  const script = `
    const { cachedDigest } = require(${JSON.stringify(module)});
    const [directory, ...files] = process.argv.slice(1);
    (async () => {
      const told = [];
      for (const file of files) told.push((await cachedDigest(file, { directory, now: () => Date.now() + 3600000 })).md5);
      console.log(JSON.stringify(told));
    })();`;
  const start = () => promisify(execFile)(process.execPath, ["-e", script, directory, ...files]);
  const ended = new AbortController();
  const processes = Promise.all([start(), start(), start()]).finally(() => {
    ended.abort();
  });
  const whole = () => {
    try {
      return content().entries.length > 0;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "ENOENT";
    }
  };
  while (!ended.signal.aborted) {
    expect(whole()).toBe(true);
    await new Promise(setImmediate);
  }
  const expected = files.map((_, index) => md5(`${index}`.repeat(1000)));
  expect((await processes).map(({ stdout }) => JSON.parse(stdout) as unknown)).toEqual([
    expected,
    expected,
    expected,
  ]);
  expect(readdirSync(directory)).toEqual(["digests.json"]);
});

describe("where it is", () => {
  const { XDG_CACHE_HOME } = process.env;
  afterEach(() => {
    if (XDG_CACHE_HOME === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = XDG_CACHE_HOME;
  });

  test("in $XDG_CACHE_HOME", () => {
    process.env.XDG_CACHE_HOME = "/var/cache/me";
    expect(cacheDirectory()).toBe("/var/cache/me/pulumi-scp-images");
  });

  test.each([undefined, "", "relative/cache"])("else in ~/.cache: %j", (value) => {
    if (value === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = value;
    expect(cacheDirectory()).toBe(join(homedir(), ".cache/pulumi-scp-images"));
  });

  test("the default is that", async () => {
    process.env.XDG_CACHE_HOME = folder.in("xdg");
    await cachedDigest(path, { now: later });
    expect(readdirSync(folder.in("xdg/pulumi-scp-images"))).toEqual(["digests.json"]);
  });
});

describe("many files", () => {
  const digests = (atOnce?: number) => new FileDigests({ directory, now: later }, atOnce);

  /** How many were being read at the same time, at most. */
  async function mostAtOnce(files: string[], subject: FileDigests): Promise<number> {
    const open = new Set<string>();
    let most = 0;
    await Promise.all(
      files.map(async (file) => {
        await subject.digest(file, {
          onProgress: (bytes) => {
            if (bytes === statSync(file).size) open.delete(file);
            else open.add(file);
            most = Math.max(most, open.size);
          },
        });
      }),
    );
    return most;
  }

  function several(): string[] {
    return Array.from({ length: 6 }, (_, index) => {
      const file = folder.in(`${index}.qcow2`);
      writeFileSync(file, randomBytes(3_000_000));
      return file;
    });
  }

  test("two are read at a time, or as many as one says", async () => {
    expect(await mostAtOnce(several(), digests())).toBe(2);
    expect(await mostAtOnce(several(), digests(1))).toBe(1);
    expect(await mostAtOnce(several(), digests(4))).toBe(4);
  });

  test("one that fails gives its place back", async () => {
    const subject = digests(1);
    const files = several();
    const started = files.map((file) => subject.digest(file));
    writeFileSync(files[0]!, "another");
    const ends = await Promise.allSettled(started);
    expect(ends.slice(1).map(({ status }) => status)).toEqual(Array(5).fill("fulfilled"));
    expect(await subject.digest(path)).toMatchObject({ md5: md5("golden") });
  });

  /** How often a file was read, as told by its first chunk. */
  function counted(): { onProgress: (bytes: number) => void; begun: () => number } {
    let begun = 0;
    return { onProgress: (bytes) => (begun += bytes === 256 * 1024 ? 1 : 0), begun: () => begun };
  }

  test("who asks for the same file at the same time gets the same digest, read once", async () => {
    const [file] = several() as [string];
    const link = folder.in("link.qcow2");
    linkSync(file, link); // another path, the same file
    const subject = new FileDigests({ directory: folder.in("golden.qcow2/none"), now: later });
    const counts = counted();
    const asked = [file, file, link].map((name) => subject.digest(name, counts));
    const [one, two, three] = (await Promise.all(asked)) as [FileDigest, FileDigest, FileDigest];
    expect(two).toBe(one);
    expect(three).toBe(one);
    expect(counts.begun()).toBe(3); // each was told of the one reading
    await subject.digest(file, counts);
    expect(counts.begun()).toBe(4); // what has ended is not kept but in the cache, and here is none
  });

  test("who is aborted leaves, and the others get their digest", async () => {
    const [file] = several() as [string];
    const subject = digests();
    const controller = new AbortController();
    const reason = new Error("Ctrl-C");
    const leaving = subject.digest(file, {
      signal: controller.signal,
      onProgress: () => {
        controller.abort(reason);
      },
    });
    const staying = subject.digest(file);
    await expect(leaving).rejects.toBe(reason);
    expect(await staying).toMatchObject({ size: 3_000_000 });
  });

  test("when all have left, the reading ends, and whoever comes then starts anew", async () => {
    const [file] = several() as [string];
    const subject = digests(1);
    const controller = new AbortController();
    let told = 0;
    const leaving = subject.digest(file, {
      signal: controller.signal,
      onProgress: () => {
        told += 1;
        controller.abort(new Error("Ctrl-C"));
      },
    });
    await expect(leaving).rejects.toThrow("Ctrl-C");
    expect(await subject.digest(file)).toMatchObject({ size: 3_000_000 });
    expect(told).toBe(1);
  });

  test("a reading that was left has no say in the one that came after it", async () => {
    const [file] = several() as [string];
    const subject = new FileDigests({ directory: folder.in("golden.qcow2/none"), now: later }, 1);
    const controller = new AbortController();
    const onProgress = () => {
      controller.abort(new Error("Ctrl-C"));
    };
    await expect(subject.digest(file, { signal: controller.signal, onProgress })).rejects.toThrow("Ctrl-C");
    let third: Promise<FileDigest> | undefined;
    const second = await subject.digest(file, {
      onProgress: () => {
        third ??= subject.digest(file);
      },
    });
    expect(await third).toBe(second);
  });

  test("aborted before it begins: nothing is read", async () => {
    const subject = digests();
    const signal = AbortSignal.abort(new Error("Ctrl-C"));
    await expect(subject.digest(path, { signal })).rejects.toThrow("Ctrl-C");
    expect(readdirSync(folder.path)).toEqual(["golden.qcow2"]);
  });
});
