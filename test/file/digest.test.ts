import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFileSync, readdirSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { digestFile } from "../../provider/file/digest";
import { FileError } from "../../provider/file/file-error";
import { Folder } from "./images";

let folder: Folder;
let path: string;
beforeEach(() => {
  folder = new Folder();
  path = folder.in("golden.qcow2");
});
afterEach(() => {
  folder.remove();
});

const MiB = 1024 * 1024;
/** From here on threads hash. */
const large = 40 * MiB;

/** What the tools of this machine say of a file: another implementation than Node's. */
function toolsSay(file: string): Record<string, string> {
  const say = (tool: string) => execFileSync(tool, ["-b", file], { encoding: "utf8" }).split(" ")[0]!;
  return { sha256: say("sha256sum"), md5: say("md5sum"), sha512: say("sha512sum") };
}

/** The threads of this process; undefined where the system does not tell. */
function threads(): number | undefined {
  try {
    return readdirSync("/proc/self/task").length;
  } catch {
    return undefined;
  }
}

test("the hashes of nothing, which are known", async () => {
  writeFileSync(path, "");
  expect(await digestFile(path)).toEqual({
    size: 0,
    md5: "d41d8cd98f00b204e9800998ecf8427e",
    sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    sha512:
      "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
  });
});

test.each([
  1,
  63,
  MiB / 4 - 1,
  MiB / 4,
  MiB / 4 + 1,
  MiB,
  32 * MiB - 1,
  32 * MiB,
  32 * MiB + 1,
  large + 12345,
])("%i bytes: as the tools of this machine say", async (size) => {
  writeFileSync(path, randomBytes(size));
  expect(await digestFile(path)).toEqual({ size, ...toolsSay(path) });
});

test("two large files at once", async () => {
  const other = folder.in("other.qcow2");
  writeFileSync(path, randomBytes(large));
  writeFileSync(other, randomBytes(large + 1));
  const [one, two] = await Promise.all([digestFile(path), digestFile(other)]);
  expect([one, two]).toMatchObject([toolsSay(path), toolsSay(other)]);
});

test("holes read as zeros", async () => {
  writeFileSync(path, "");
  truncateSync(path, 100 * MiB);
  expect(await digestFile(path)).toEqual({ size: 100 * MiB, ...toolsSay(path) });
});

test.each([MiB, large])("progress of %i bytes grows up to the whole", async (size) => {
  writeFileSync(path, Buffer.alloc(size));
  const told: number[] = [];
  await digestFile(path, { onProgress: (bytes) => told.push(bytes) });
  expect(told).toEqual([...told].sort((a, b) => a - b));
  expect(told.length).toBeGreaterThan(1);
  expect(told.at(-1)).toBe(size);
});

describe("a file that changes while it is read", () => {
  const sentence = () =>
    `${path} changed while it was read; run again when it is complete (\`ls -l ${path}\` shows whether it still grows).`;

  test.each<[string, () => void]>([
    [
      "grows",
      () => {
        appendFileSync(path, "more");
      },
    ],
    [
      "is cut short",
      () => {
        truncateSync(path, 100);
      },
    ],
    [
      "is emptied",
      () => {
        truncateSync(path, 0);
      },
    ],
    [
      "is written to",
      () => {
        writeFileSync(path, "x", { flag: "r+" });
      },
    ],
    [
      "is replaced by another",
      () => {
        writeFileSync(folder.in("new"), Buffer.alloc(large));
        renameSync(folder.in("new"), path);
      },
    ],
  ])("%s", async (_, change) => {
    for (const size of [MiB, large]) {
      writeFileSync(path, Buffer.alloc(size));
      let changed = false;
      const digest = digestFile(path, {
        onProgress: () => {
          if (!changed) change();
          changed = true;
        },
      });
      await expect(digest).rejects.toEqual(new FileError(sentence()));
    }
  });

  test("grows without end: it is not read to an end that never comes", async () => {
    writeFileSync(path, Buffer.alloc(MiB));
    let most = 0;
    const digest = digestFile(path, {
      onProgress: (bytes) => {
        most = bytes;
        appendFileSync(path, Buffer.alloc(MiB));
      },
    });
    await expect(digest).rejects.toThrow(FileError);
    expect(most).toBeLessThan(2 * MiB);
  });

  test("is removed", async () => {
    writeFileSync(path, Buffer.alloc(large));
    const digest = digestFile(path, {
      onProgress: () => {
        folder.remove();
      },
    });
    await expect(digest).rejects.toThrow(`${path} is not there`);
  });
});

test("what is no file is said as of any other", async () => {
  await expect(digestFile(path)).rejects.toEqual(
    new FileError(`${path} is not there; \`ls -l ${folder.path}\` lists what is.`),
  );
});

describe("aborted", () => {
  const reason = new Error("Ctrl-C");

  test("before it begins", async () => {
    await expect(digestFile(path, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test.each([MiB, large])("after the first of %i bytes, and no thread is left", async (size) => {
    writeFileSync(path, Buffer.alloc(size));
    await digestFile(path); // Node's own threads are there from now on.
    const before = threads();
    const controller = new AbortController();
    let told = 0;
    const digest = digestFile(path, {
      signal: controller.signal,
      onProgress: () => {
        told += 1;
        controller.abort(reason);
      },
    });
    await expect(digest).rejects.toBe(reason);
    expect(told).toBe(1);
    expect(threads()).toBe(before);
    expect(process.getActiveResourcesInfo()).not.toContain("MessagePort");
  });

  test("an error of the listener's ends the threads as well", async () => {
    writeFileSync(path, Buffer.alloc(large));
    await digestFile(path);
    const before = threads();
    const onProgress = () => {
      throw reason;
    };
    await expect(digestFile(path, { onProgress })).rejects.toBe(reason);
    expect(threads()).toBe(before);
  });
});

/** In a process of its own, with what `npm run build` made: the worker is found there too. */
function inProcess(code: string): string {
  const module = resolve(__dirname, "../../dist/provider/file/digest.js");
  const script = `const { digestFile } = require(${JSON.stringify(module)}); const path = ${JSON.stringify(path)}; ${code}`;
  return execFileSync(process.execPath, ["-e", script], { encoding: "utf8", timeout: 50_000 });
}

describe("in a process that ends by itself", () => {
  beforeEach(() => {
    writeFileSync(path, randomBytes(large));
  });

  test("it ends when the digest is there", () => {
    const { sha256 } = toolsSay(path);
    expect(inProcess("digestFile(path).then((digest) => console.log(digest.sha256));")).toBe(`${sha256}\n`);
  });

  test("it ends when the digest was aborted", () => {
    const code = `const controller = new AbortController();
      digestFile(path, { signal: controller.signal, onProgress: () => controller.abort("enough") }).catch(console.log);`;
    expect(inProcess(code)).toBe("enough\n");
  });

  // Linux alone tells in kilobytes; the bound is for what comes on top of Node itself.
  (process.platform === "linux" ? test : test.skip)("memory does not grow with the file", () => {
    truncateSync(path, 400 * MiB);
    const code = `const before = process.resourceUsage().maxRSS;
      digestFile(path).then(() => console.log((process.resourceUsage().maxRSS - before) / 1024));`;
    expect(Number(inProcess(code))).toBeLessThan(60);
  });
});
