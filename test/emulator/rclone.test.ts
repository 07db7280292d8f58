import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { type Emulator, startEmulator } from "../../emulator";
import { MiB, noise } from "./s3";

const hasRclone = spawnSync("rclone", ["version"]).status === 0;
const withRclone = hasRclone ? describe : describe.skip;

/** A client that shares nothing with the AWS SDK for JavaScript: another language, signer and order of requests. */
withRclone("rclone (skipped where it is not installed)", () => {
  let emulator: Emulator;
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "rclone-"));
    emulator = await startEmulator({ dataDir: path.join(folder, "data") });
  });
  afterEach(async () => {
    await emulator.close();
    await rm(folder, { recursive: true });
  });

  async function rclone(...args: string[]): Promise<string> {
    const env = {
      PATH: process.env.PATH,
      HOME: folder,
      RCLONE_CONFIG: path.join(folder, "none.conf"),
      RCLONE_CONFIG_SCP_TYPE: "s3",
      RCLONE_CONFIG_SCP_PROVIDER: "Ceph",
      RCLONE_CONFIG_SCP_ENDPOINT: emulator.objectStorageUrl,
      RCLONE_CONFIG_SCP_ACCESS_KEY_ID: emulator.options.accessKey,
      RCLONE_CONFIG_SCP_SECRET_ACCESS_KEY: emulator.options.secretKey,
      RCLONE_S3_CHUNK_SIZE: "5Mi",
      RCLONE_S3_UPLOAD_CUTOFF: "6Mi",
      RCLONE_RETRIES: "1",
      RCLONE_LOW_LEVEL_RETRIES: "1",
    };
    const { stdout } = await promisify(execFile)("rclone", args, { cwd: folder, env });
    return stdout;
  }

  const big = noise(13 * MiB + 5);
  const small = Buffer.from("small");

  async function write(name: string, bytes: Buffer): Promise<void> {
    const file = path.join(folder, "up", name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }

  test("copies up in parts, lists, checks hashes, copies down, and deletes by sync", async () => {
    await write("big.qcow2", big);
    await write("a folder/small & é.txt", small);
    await rclone("copy", "up", "scp:images/deep");
    expect(emulator.stats()).toMatchObject({
      createMultipartUpload: 1,
      uploadPart: 3,
      completeMultipartUpload: 1,
    });
    expect(emulator.uploads()).toEqual([]);
    expect(emulator.objects().map(({ key, size }) => [key, size])).toEqual(
      expect.arrayContaining([
        ["deep/big.qcow2", big.length],
        ["deep/a folder/small & é.txt", small.length],
      ]),
    );

    const listed = JSON.parse(await rclone("lsjson", "-R", "--hash", "--files-only", "scp:images/deep")) as {
      Path: string;
      Hashes?: { md5?: string };
    }[];
    const md5 = (bytes: Buffer) => createHash("md5").update(bytes).digest("hex");
    expect(Object.fromEntries(listed.map(({ Path, Hashes }) => [Path, Hashes?.md5]))).toEqual({
      // Of a multipart upload rclone keeps the MD5 in the metadata.
      "big.qcow2": md5(big),
      "a folder/small & é.txt": md5(small),
    });

    await rclone("check", "--download", "up", "scp:images/deep");
    await rclone("check", "up", "scp:images/deep");
    await rclone(
      "copy",
      "--multi-thread-cutoff",
      "1Mi",
      "--multi-thread-streams",
      "3",
      "scp:images/deep",
      "down",
    );
    expect((await readFile(path.join(folder, "down", "big.qcow2"))).equals(big)).toBe(true);
    expect((await readFile(path.join(folder, "down", "a folder", "small & é.txt"))).equals(small)).toBe(true);

    await rm(path.join(folder, "up", "big.qcow2"));
    await rclone("sync", "up", "scp:images/deep");
    expect(emulator.objects().map(({ key }) => key)).toEqual(["deep/a folder/small & é.txt"]);
  });

  test("copies on the server, whole and in parts, and lists the uploads it finds", async () => {
    await write("big.qcow2", big);
    await rclone("copy", "--s3-acl", "public-read", "up", "scp:images");
    await rclone("copyto", "--s3-copy-cutoff", "6Mi", "scp:images/big.qcow2", "scp:images/parts.qcow2");
    await rclone("moveto", "scp:images/big.qcow2", "scp:images/moved.qcow2");
    expect(emulator.stats()).toMatchObject({ uploadPartCopy: 3, copyObject: 1 });
    const sizes = emulator.objects().map(({ key, size }) => [key, size]);
    expect(Object.fromEntries(sizes)).toEqual({ "moved.qcow2": big.length, "parts.qcow2": big.length });
    await rclone("copy", "scp:images", "back");
    for (const name of ["moved.qcow2", "parts.qcow2"])
      expect((await readFile(path.join(folder, "back", name))).equals(big)).toBe(true);
    expect(JSON.parse(await rclone("backend", "list-multipart-uploads", "scp:images"))).toEqual({
      images: [],
    });
  });

  test("does not come in with another's secret", async () => {
    emulator.options.accounts[0].secretKey = "another";
    await expect(rclone("lsf", "scp:")).rejects.toMatchObject({
      stderr: expect.stringContaining("SignatureDoesNotMatch") as string,
    });
  });
});
