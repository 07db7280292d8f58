import { execFileSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import {
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
  closeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeleteBucketCommand, DeleteObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { startEmulator, type Emulator } from "../../emulator";
import { image as handMade, u32, u64 } from "../file/images";
import type { Declaration } from "./program";
import { fail, succeed, type OpenStack, type TestStack } from "./stack";

const example = readFileSync(join(__dirname, "../../examples/images/example.qcow2"));

/** A qcow2 that is sound, and has so many bytes besides which nothing but hashes look at. */
export function padded(bytes: number): Buffer {
  return Buffer.concat([example, randomFillSync(Buffer.alloc(bytes))]);
}

/** A qcow2 with a disk of 2 GiB. */
function image2GiB(): Buffer {
  const bytes = handMade();
  u64(bytes, 24, 2 * 1024 ** 3);
  u32(bytes, 36, 4);
  return bytes;
}

/** What the tools of the system say of a file. */
export function sum(tool: "md5sum" | "sha256sum" | "sha512sum", path: string): string {
  return execFileSync(tool, [path], { encoding: "utf8" }).split(" ")[0]!;
}

/** The life of an image that is made of a file on this machine. Every claim is checked against what the emulator says. */
export function sourceSuite(open: OpenStack, timeout: number): void {
  jest.setTimeout(timeout);

  let cloud: Emulator;
  let stack: TestStack;
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "source-"));
    file = join(folder, "golden.qcow2");
    writeFileSync(file, padded(6_000_000));
    cloud = await startEmulator({ importMs: 0 });
    await cloud.putObject("images", "other's.txt", Buffer.from("not ours"), "private");
    stack = await open(cloud.env);
  });
  afterEach(async () => {
    stack.close();
    await cloud.close();
    rmSync(folder, { recursive: true });
  });

  const golden = (
    source: Record<string, unknown> = {},
    more: Record<string, unknown> = {},
    name = "golden",
    options?: Declaration["options"],
  ): Declaration => ({
    type: "Image",
    name,
    args: { name, osDistro: "alma", source: { file, bucket: "images", ...source }, ...more },
    options,
  });

  const image = () => {
    expect(cloud.images()).toHaveLength(1);
    return cloud.images()[0]!;
  };
  const ours = () => cloud.objects().filter(({ key }) => key !== "other's.txt");
  const uploaded = () => cloud.stats().completeMultipartUpload ?? 0;

  /** Nothing else of the bucket was touched, and nothing of an upload is left. */
  afterEach(() => {
    expect(cloud.objects().map(({ key }) => key)).toContain("other's.txt");
    expect(cloud.uploads()).toEqual([]);
    expect(ours().filter(({ acl, key }) => acl === "public-read" && !key.includes("kept"))).toEqual([]);
  });

  const s3 = () =>
    new S3Client({
      endpoint: cloud.objectStorageUrl,
      region: cloud.options.region,
      forcePathStyle: true,
      credentials: { accessKeyId: cloud.options.accessKey, secretAccessKey: cloud.options.secretKey },
    });

  async function removeBucket(bucket: string): Promise<void> {
    for (const { key } of cloud.objects().filter((object) => object.bucket === bucket)) {
      await s3().send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    }
    await s3().send(new DeleteBucketCommand({ Bucket: bucket }));
  }

  async function expectNothingToDo(): Promise<void> {
    const before = uploaded();
    await succeed(stack.preview({ expectNoChanges: true }));
    await succeed(stack.preview({ refresh: true, expectNoChanges: true }));
    await succeed(stack.refresh({ previewOnly: true, expectNoChanges: true }));
    await succeed(stack.up({ expectNoChanges: true }));
    expect(uploaded()).toBe(before);
  }

  test("a file becomes an image: uploaded, imported, verified, and its object removed; nothing is left to do", async () => {
    stack.declare(golden({}, { minDisk: 1 }));
    await succeed(stack.up());
    expect(image()).toMatchObject({
      status: "active",
      checksum: sum("md5sum", file),
      os_hash_value: sum("sha512sum", file),
    });
    expect(image().url).toContain(sum("sha256sum", file));
    expect(ours()).toEqual([]);
    const { golden: outputs } = await stack.outputs();
    expect(outputs).toMatchObject({ id: image().id, status: "active", checksum: sum("md5sum", file) });
    await expectNothingToDo();

    await succeed(stack.destroy());
    expect(cloud.images()).toEqual([]);
  });

  test("the content decides: a touched, a renamed file is no change, and one byte replaces the image", async () => {
    stack.declare(golden());
    await succeed(stack.up());
    const { id } = image();

    utimesSync(file, new Date(), new Date());
    await expectNothingToDo();
    const renamed = join(folder, "renamed.qcow2");
    renameSync(file, renamed);
    stack.declare(golden({ file: renamed }));
    await expectNothingToDo();
    expect(image().id).toBe(id);

    const handle = openSync(renamed, "r+");
    writeSync(handle, Buffer.from([7]), 0, 1, example.length + 5);
    closeSync(handle);
    const preview = await succeed(stack.preview());
    expect(preview).toMatch(/replace/);
    expect(image().id).toBe(id);
    await succeed(stack.up());
    expect(image().id).not.toBe(id);
    expect(image().checksum).toBe(sum("md5sum", renamed));
    expect(cloud.deleted().map((one) => one.id)).toEqual([id]);
    expect(ours()).toEqual([]);
    await succeed(stack.destroy());
    expect(cloud.images()).toEqual([]);
  });

  test("a machine without the file previews where the program states its content", async () => {
    stack.declare(golden());
    await succeed(stack.up());
    const sha256 = sum("sha256sum", file);
    unlinkSync(file);

    expect(await fail(stack.preview())).toContain(`sha256: "${sha256}"`);
    await succeed(stack.refresh());
    stack.declare(golden({ sha256 }));
    await expectNothingToDo();
    stack.declare(golden({ sha256: "0".repeat(64) }));
    await fail(stack.preview());

    // Another name is another image of the same content, which nobody here has any more.
    stack.declare(golden({ sha256 }, { name: "silver" }));
    expect(await fail(stack.preview())).toContain("Run this where the file is");
    stack.declare();
    await succeed(stack.up());
    expect(cloud.images()).toEqual([]);
  });

  test("what is wrong is said in preview, before anything is sent", async () => {
    const wrong: [Declaration, string][] = [
      [golden({ bucket: "nowhere" }), "nowhere"],
      [golden({ bucket: "N" }), "must be a bucket's name"],
      [golden({ file: join(folder, "absent.qcow2") }), "absent.qcow2"],
      [golden({}, { minDisk: 1, url: cloud.objectUrl("images", "a.qcow2") }), "take one out"],
      [golden({ sha256: "0".repeat(64) }), `has ${sum("sha256sum", file)}`],
      [{ type: "Image", name: "none", args: { name: "none", osDistro: "alma" } }, "url is missing"],
    ];
    writeFileSync(join(folder, "cut.qcow2"), example.subarray(0, 50));
    wrong.push([golden({ file: join(folder, "cut.qcow2") }), "cut.qcow2"]);
    const large = join(folder, "large.qcow2");
    writeFileSync(large, image2GiB());
    wrong.push([golden({ file: large }, { minDisk: 1 }), "It must be 2 or more"]);
    for (const [declaration, sentence] of wrong) {
      stack.declare(declaration);
      expect(await fail(stack.preview())).toContain(sentence);
    }
    expect(cloud.images()).toEqual([]);
    expect(cloud.stats().createMultipartUpload ?? 0).toBe(0);
    expect(cloud.stats().putObject ?? 0).toBe(0);
  });

  test("the object can be kept, public or private, and goes with the image", async () => {
    stack.declare(golden({ afterImport: "private" }));
    await succeed(stack.up());
    expect(ours()).toMatchObject([{ acl: "private" }]);
    await expectNothingToDo();

    stack.declare(golden({ afterImport: "removed" }));
    await succeed(stack.up());
    expect(ours()).toEqual([]);

    stack.declare(golden({ afterImport: "kept" }, { name: "again" }));
    await succeed(stack.up());
    expect(ours()).toMatchObject([{ acl: "public-read" }]);
    await expectNothingToDo();
    await succeed(stack.destroy());
    expect(ours()).toEqual([]);
  });

  test("many images of one file upload it once", async () => {
    const names = ["one", "two", "three", "four"];
    stack.declare(...names.map((name) => golden({}, { name }, name)));
    await succeed(stack.up());
    expect(cloud.images().map(({ status }) => status)).toEqual(names.map(() => "active"));
    expect(cloud.stats().createMultipartUpload).toBe(1);
    expect(ours()).toEqual([]);
    await expectNothingToDo();

    // One of them goes, and the others stay as they are.
    stack.declare(...names.slice(1).map((name) => golden({}, { name }, name)));
    await succeed(stack.up());
    expect(cloud.images()).toHaveLength(3);
    await succeed(stack.destroy());
  });

  test("an image of another content is not let through, and made anew as the message says", async () => {
    stack.declare(golden({ afterImport: "private" }));
    await succeed(stack.up());
    const [object] = ours();

    // Somebody else's bytes stand at the object's place, and say that they are the file's.
    const sha256 = sum("sha256sum", file);
    await s3().send(
      new PutObjectCommand({
        Bucket: object!.bucket,
        Key: object!.key,
        Body: padded(readFileSync(file).length - example.length),
        Metadata: { sha256 },
      }),
    );
    stack.declare(golden({ afterImport: "private" }, { name: "again" }));
    const text = await fail(stack.up());
    expect(text).toContain(`should be ${sum("md5sum", file)}`);
    expect(ours()).toEqual([]); // It is not what it says, so nobody imports it again.
    await fail(stack.up());
    const made = cloud.images().map(({ name }) => name);
    expect(made.sort()).toEqual(["again", "golden"]); // What depends on the old one still has it.

    // As the message says: the record is replaced, and the file uploaded anew.
    const { resources = [] } = (await stack.state()).deployment;
    const records = resources.filter(
      ({ type, delete: replaced }) => type.endsWith("ImageRecord") && !replaced,
    );
    await succeed(stack.up({ replace: records.map(({ urn }) => urn) }));
    expect(image()).toMatchObject({ name: "again", status: "active", checksum: sum("md5sum", file) });
    await succeed(stack.destroy());
  });

  test("an import that fails leaves no public object, and the next run goes on with the same image", async () => {
    cloud.faults.add({ kind: "import-fails", times: "always" });
    stack.declare(golden());
    await fail(stack.up());
    const { id } = image();
    expect(ours()).toMatchObject([{ acl: "private" }]);

    cloud.faults.clear();
    await succeed(stack.up());
    expect(image()).toMatchObject({ id, status: "active" });
    expect(ours()).toEqual([]);
    expect(uploaded()).toBe(1);
  });

  test("an image by url is held against the checksum that is expected, and made anew when another one is", async () => {
    await cloud.putObject("images", "kept/by-url.qcow2", readFileSync(file));
    const url = cloud.objectUrl("images", "kept/by-url.qcow2");
    const byUrl = (expectedChecksum?: string): Declaration => ({
      type: "Image",
      name: "golden",
      args: { name: "golden", osDistro: "alma", url, expectedChecksum },
    });
    stack.declare(byUrl("0".repeat(32)));
    expect(await fail(stack.up())).toContain(sum("md5sum", file));
    stack.declare(byUrl(sum("md5sum", file)));
    await succeed(stack.up());
    const { id } = image();
    await expectNothingToDo();
    stack.declare(byUrl(sum("sha512sum", file).toUpperCase()));
    await succeed(stack.up());
    expect(image().id).toBe(id);

    // A pipeline writes the object anew, and says what is in it.
    writeFileSync(file, padded(1000));
    await cloud.putObject("images", "kept/by-url.qcow2", readFileSync(file));
    stack.declare(byUrl(sum("sha512sum", file)));
    await succeed(stack.up());
    expect(image().id).not.toBe(id);
    expect(image().checksum).toBe(sum("md5sum", file));
    await expectNothingToDo();
  });

  test("a key pair that may not change ACLs makes no image, and loses none", async () => {
    stack.declare(golden());
    cloud.faults.add({
      kind: "status",
      status: 403,
      operation: "putObjectAcl",
      service: "storage",
      times: "always",
    });
    await fail(stack.up());
    expect(cloud.images()).toEqual([]);
    cloud.faults.clear();
    await succeed(stack.up());
    const { id } = image();

    // It cannot be closed: the image is made all the same, and the next run sees to it.
    writeFileSync(file, padded(7_000_000));
    cloud.faults.add({
      kind: "status",
      status: 403,
      operation: "deleteObject",
      service: "storage",
      times: "always",
    });
    await stack.up();
    cloud.faults.clear();
    await succeed(stack.up());
    expect(image().id).not.toBe(id);
    expect(ours()).toEqual([]);
    await expectNothingToDo();
  });

  test("where a service converts, the image is taken as it is if the program says so", async () => {
    stack.declare(golden({}, { verify: "warn" }));
    cloud.faults.add({
      kind: "null-fields",
      fields: ["checksum", "os_hash_value"],
      operation: "showImage",
      times: "always",
    });
    expect(await succeed(stack.up())).toContain("SCP does not tell its MD5 or SHA-512");
    cloud.faults.clear();
    expect(image().status).toBe("active");
    expect(ours()).toEqual([]);
  });

  test("resource options reach the file: what is retained, replaced on changes, ignored", async () => {
    stack.declare(golden({}, {}, "golden", { retainOnDelete: true, replaceOnChanges: ["*"] }));
    await succeed(stack.up());
    const { id } = image();
    writeFileSync(file, padded(6_000_001));
    for (const ignoreChanges of [["source"], ["*"], ["source.file"]]) {
      stack.declare(golden({}, {}, "golden", { ignoreChanges }));
      await succeed(stack.up());
      expect(image().id).toBe(id);
    }
    stack.declare(golden({}, { expectedChecksum: "0".repeat(32) }, "golden", { ignoreChanges: ["*"] }));
    await succeed(stack.up());
    expect(image().id).toBe(id);
  });

  test("a checksum that the file does not have is refused in preview, and deletes no live image", async () => {
    stack.declare(golden());
    await succeed(stack.up());
    stack.declare(golden({}, { expectedChecksum: "0".repeat(32) }));
    expect(await fail(stack.preview())).toContain("expectedChecksum is not that of the file");
    stack.declare(golden({}, { expectedChecksum: sum("md5sum", file) }));
    const { id } = image();
    await succeed(stack.up());
    expect(image().id).toBe(id);
    expect(uploaded()).toBe(1);
  });

  test("with deleteBeforeReplace the new content is uploaded before the live image is deleted", async () => {
    stack.declare(golden({}, {}, "golden", { deleteBeforeReplace: true }));
    await succeed(stack.up());
    const { id } = image();
    writeFileSync(file, padded(6_000_001));
    cloud.options.quotaBytes = 1_000_000;
    expect(await fail(stack.up())).toMatch(/quota/i);
    expect(image().id).toBe(id);
    cloud.options.quotaBytes = null;
    await succeed(stack.up());
    expect(image().checksum).toBe(sum("md5sum", file));
  });

  test("an object that one image keeps stays, whatever others of the same file do", async () => {
    const kept = golden({ afterImport: "kept" }, {}, "one");
    stack.declare(kept);
    await succeed(stack.up());
    stack.declare(kept, golden({}, {}, "two"));
    await succeed(stack.up());
    expect(ours()).toMatchObject([{ acl: "public-read" }]);
    stack.declare(kept);
    await succeed(stack.up());
    expect(ours()).toMatchObject([{ acl: "public-read" }]);
    // Who kept it goes: it becomes what the others wish.
    stack.declare(kept, golden({ afterImport: "private" }, {}, "two"));
    await succeed(stack.up());
    stack.declare(golden({ afterImport: "private" }, {}, "two"));
    await succeed(stack.up());
    expect(ours()).toMatchObject([{ acl: "private" }]);
    await succeed(stack.destroy());
    expect(ours()).toEqual([]);
  });

  test("an object that cannot be removed is made private; one in a bucket that is gone is gone", async () => {
    cloud.faults.add({
      kind: "status",
      status: 403,
      operation: "deleteObject",
      service: "storage",
      times: "always",
    });
    stack.declare(golden());
    expect(await succeed(stack.up())).toContain("It is private now");
    expect(ours()).toMatchObject([{ acl: "private" }]);
    cloud.faults.clear();
    await succeed(stack.up());
    expect(ours()).toEqual([]);

    const elsewhere = golden({ bucket: "short-lived" }, {}, "other");
    await cloud.putObject("short-lived", "kept", Buffer.from("x"));
    stack.declare(golden(), elsewhere);
    await succeed(stack.up());
    await removeBucket("short-lived");
    writeFileSync(file, padded(6_000_001));
    stack.declare(golden());
    await succeed(stack.up());
    await succeed(stack.destroy());
    expect(cloud.images()).toEqual([]);
  });
}
