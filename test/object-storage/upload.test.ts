import { createHash } from "node:crypto";
import { appendFileSync, renameSync, writeFileSync } from "node:fs";
import { GetObjectAclCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { PartSlots } from "../../provider/object-storage/parts";
import type { UploadProgress } from "../../provider/object-storage/upload";
import { s3Error, type Fate } from "./proxy";
import { servers, tellMissing } from "./servers";
import { begin, begun, MiB, partSize, request, stored, World, type TestFile } from "./world";

jest.setTimeout(120_000);
tellMissing();

describe.each(servers)("uploads to $name", (kind) => {
  let world: World;
  let file: TestFile;
  let part: (number: number) => Buffer;

  beforeAll(async () => {
    world = await World.start(kind);
  });
  afterAll(() => world.close());
  let seed = 0;
  beforeEach(() => {
    world.proxy.reset();
    // Five parts, the last one short.
    file = world.file(`file-${++seed}`, 4 * partSize + 1234, seed);
    part = (number) => file.bytes.subarray((number - 1) * partSize, number * partSize);
  });

  test("a file arrives whole, private, with its SHA-256, and the second time nothing is sent", async () => {
    const seen: UploadProgress[] = [];
    const result = await world
      .store()
      .upload(request(file), { onProgress: (progress) => seen.push(progress) });
    expect(result).toEqual({ sent: file.size, kept: 0 });
    const md5s = [1, 2, 3, 4, 5].map((number) => createHash("md5").update(part(number)).digest());
    const etag = createHash("md5").update(Buffer.concat(md5s)).digest("hex");
    expect(await stored(world.server.s3, file.key)).toEqual({
      sha256: file.sha256,
      ETag: `"${etag}-5"`,
      Metadata: { sha256: file.sha256 },
      ContentType: "application/octet-stream",
    });
    expect((await fetch(world.server.anonymousUrl(file.key))).status).toBe(403);
    expect(world.proxy.parts()).toEqual([1, 2, 3, 4, 5]);
    expect(world.proxy.bytes).toBe(file.size);
    expect(seen[0]).toEqual({ sent: 0, total: file.size, kept: 0 });
    expect(seen.at(-1)).toEqual({ sent: file.size, total: file.size, kept: 0 });
    expect(seen.map(({ sent }) => sent)).toEqual(seen.map(({ sent }) => sent).sort((a, b) => a - b));

    world.proxy.reset();
    expect(await world.store().upload(request(file))).toEqual({ sent: 0, kept: file.size });
    expect(world.proxy.passed.map(({ operation }) => operation)).toEqual(["head"]);
    expect(await world.store().show("images", file.key)).toMatchObject({
      size: file.size,
      etag: `${etag}-5`,
      sha256: file.sha256,
    });
  });

  test.each([1, 1000, partSize, partSize + 1])("a file of %d bytes arrives whole", async (size) => {
    const other = world.file(`of-${size}`, size, 99);
    await world.store().upload(request(other));
    expect((await stored(world.server.s3, other.key)).sha256).toBe(other.sha256);
  });

  test("an empty file is refused before anything is asked", async () => {
    const empty = world.file("empty", 0);
    await expect(world.store().upload(request(empty))).rejects.toMatchObject({ failure: "invalid" });
    expect(world.proxy.passed).toEqual([]);
  });

  test.each([0, 1, 2, 4])(
    "cancelled after %d parts it is gone on with, and no part is sent twice",
    async (after) => {
      const cancelled = new AbortController();
      world.proxy.fate = ({ part: number = 0 }) => {
        if (number > after) cancelled.abort();
        return number > after ? "silent" : "passes";
      };
      const first = world.store({}, new PartSlots(1)).upload(request(file), { signal: cancelled.signal });
      await expect(first).rejects.toMatchObject({ failure: "cancelled" });
      // Without a part there is nothing worth its money.
      const there = Array.from({ length: after }, (_, index) => index + 1);
      expect((await begun(world.server.s3, file.key)).map(({ parts }) => parts)).toEqual(
        after === 0 ? [] : [there],
      );

      world.proxy.reset();
      const result = await world.store().upload(request(file));
      expect(result.kept).toBe(after * partSize);
      expect(world.proxy.parts()).toEqual([1, 2, 3, 4, 5].filter((number) => number > after));
      expect((await stored(world.server.s3, file.key)).sha256).toBe(file.sha256);
      expect(await begun(world.server.s3, file.key)).toEqual([]);
    },
  );

  test("of several begun uploads the best is gone on with; a part that is not the file's is sent again", async () => {
    const { s3 } = world.server;
    await begin(s3, file, { 1: part(1) });
    const best = await begin(s3, file, { 1: part(1), 2: part(3), 3: part(3), 5: part(5) });
    await begin(s3, file, { 1: part(2), 2: part(3), 3: part(4), 4: part(1) });
    const neighbour = await begin(s3, { ...file, key: `${file.key}.other` }, { 1: part(1) });
    let resumed: string | undefined;
    world.proxy.fate = async ({ operation }): Promise<Fate> => {
      if (operation === "complete")
        resumed = (await begun(s3, file.key)).find(({ id }) => id !== neighbour)?.id;
      return "passes";
    };
    const result = await world.store().upload(request(file));
    expect(resumed).toBe(best);
    expect(result.kept).toBe(2 * partSize + 1234);
    expect(world.proxy.parts()).toEqual([2, 4]);
    expect((await stored(s3, file.key)).sha256).toBe(file.sha256);
    // The key's own are gone, the one of a longer key is nobody's business.
    expect((await begun(s3, file.key)).map(({ id }) => id)).toEqual([neighbour]);
    await world.store().abortUpload("images", `${file.key}.other`, neighbour);
    await world.store().abortUpload("images", `${file.key}.other`, neighbour);
    expect(await begun(s3, file.key)).toEqual([]);
  });

  test("an upload in parts of another size is gone on with in that size", async () => {
    const other = 6 * MiB;
    await begin(world.server.s3, file, {
      1: file.bytes.subarray(0, other),
      2: file.bytes.subarray(other, 2 * other),
    });
    const result = await world.store().upload(request(file));
    expect(result.kept).toBe(2 * other);
    expect(world.proxy.parts()).toEqual([3, 4]);
    expect((await stored(world.server.s3, file.key)).sha256).toBe(file.sha256);
  });

  test("what cannot succeed is aborted, and nothing is left", async () => {
    world.proxy.fate = ({ part: number }) => (number === 3 ? s3Error(403, "QuotaExceeded") : "passes");
    await expect(world.store().upload(request(file))).rejects.toMatchObject({
      failure: "quota",
      code: "QuotaExceeded",
    });
    expect(await begun(world.server.s3, file.key)).toEqual([]);
    expect(world.proxy.count("abort")).toBe(1);
  });

  test.each([
    [
      "grows",
      () => {
        appendFileSync(file.path, "x");
      },
    ],
    [
      "is written to",
      () => {
        writeFileSync(file.path, file.bytes.fill(7));
      },
    ],
    [
      "is replaced by another",
      () => {
        writeFileSync(`${file.path}.new`, file.bytes);
        renameSync(`${file.path}.new`, file.path);
      },
    ],
  ])("a file that %s meanwhile is an error, and nothing is left", async (_, change) => {
    world.proxy.fate = ({ part: number }) => {
      if (number === 5) change();
      return "passes";
    };
    const upload = world.store({}, new PartSlots(1)).upload(request(file));
    await expect(upload).rejects.toMatchObject({ failure: "fileChanged" });
    expect(await begun(world.server.s3, file.key)).toEqual([]);
    expect(world.proxy.count("complete")).toBe(0);
    expect(await world.store().show("images", file.key)).toBeUndefined();
  });

  test("a file that changed since it was looked at is not sent at all", async () => {
    const stamp = { ino: 1n, mtimeNs: 1n, ctimeNs: 1n };
    const upload = world.store().upload({ ...request(file), stamp });
    await expect(upload).rejects.toMatchObject({ failure: "fileChanged" });
    expect(world.proxy.passed).toEqual([]);
  });

  test("what is there under the key and not ours is neither replaced nor removed", async () => {
    const at = { Bucket: "images", Key: file.key };
    await world.server.s3.send(new PutObjectCommand({ ...at, Body: "another's" }));
    await expect(world.store().upload(request(file))).rejects.toMatchObject({ failure: "conflict" });
    expect(world.proxy.passed.map(({ operation }) => operation)).toEqual(["head"]);
    expect(await world.store().remove("images", file.key, file.sha256)).toBe("another's");
    expect((await stored(world.server.s3, file.key)).sha256).toBe(
      createHash("sha256").update("another's").digest("hex"),
    );
  });

  test("remove removes ours, and says what was gone; others' objects stay", async () => {
    const { s3 } = world.server;
    await s3.send(new PutObjectCommand({ Bucket: "images", Key: `other-${seed}`, Body: "other" }));
    const small = world.file(`small-${seed}`, 10);
    const store = world.store();
    await store.upload(request(small));
    expect(await store.remove("images", small.key, "0".repeat(64))).toBe("another's");
    expect(await store.remove("images", small.key, small.sha256)).toBe("removed");
    expect(await store.remove("images", small.key, small.sha256)).toBe("gone");
    const { Contents = [] } = await s3.send(
      new ListObjectsV2Command({ Bucket: "images", Prefix: `other-${seed}` }),
    );
    expect(Contents.map(({ Key }) => Key)).toEqual([`other-${seed}`]);
  });

  test("list tells all objects and all begun uploads under a prefix, over all pages", async () => {
    const { s3 } = world.server;
    const prefix = `many-${seed}/`;
    const keys = Array.from({ length: 1003 }, (_, index) => `${prefix}${String(index).padStart(4, "0")}`);
    for (let at = 0; at < keys.length; at += 50) {
      await Promise.all(
        keys
          .slice(at, at + 50)
          .map((Key) => s3.send(new PutObjectCommand({ Bucket: "images", Key, Body: "1" }))),
      );
    }
    const id = await begin(s3, { ...file, key: `${prefix}upload` }, { 1: part(5) });
    const { objects, uploads } = await world.store().list("images", prefix);
    expect(objects.map(({ key }) => key)).toEqual(keys);
    expect(uploads).toMatchObject([{ key: `${prefix}upload`, id }]);
    expect(world.proxy.count("listObjects")).toBe(2);
    expect(await world.store().buckets()).toEqual(["images"]);
  });

  test("four files at once share the slots: never more than four parts on their way", async () => {
    const files = [1, 2, 3, 4].map((number) => world.file(`at-once-${number}-${seed}`, 3 * partSize, number));
    const slots = new PartSlots(4);
    await Promise.all(files.map((one) => world.store({}, slots).upload(request(one))));
    expect(world.proxy.busiest).toBeGreaterThan(1);
    expect(world.proxy.busiest).toBeLessThanOrEqual(4);
    for (const { key, sha256 } of files) {
      expect((await stored(world.server.s3, key)).sha256).toBe(sha256);
    }
  });

  test("two runs with the same file at once both succeed", async () => {
    const runs = [1, 2].map(() => world.store().upload(request(file)));
    await Promise.all(runs);
    expect((await stored(world.server.s3, file.key)).sha256).toBe(file.sha256);
    expect(await begun(world.server.s3, file.key)).toEqual([]);
  });

  test("an object is opened to everybody, and closed", async () => {
    if (!world.server.hasAcls) {
      // versitygw has ACLs of buckets only, and says so.
      await expect(world.store().publish("images", file.key)).rejects.toMatchObject({
        code: "NotImplemented",
      });
      return;
    }
    const store = world.store();
    await store.upload(request(file));
    const read = async () => (await fetch(world.server.anonymousUrl(file.key))).status;
    expect([await store.isPublic("images", file.key), await read()]).toEqual([false, 403]);
    await store.publish("images", file.key);
    expect([await store.isPublic("images", file.key), await read()]).toEqual([true, 200]);
    await store.unpublish("images", file.key);
    expect([await store.isPublic("images", file.key), await read()]).toEqual([false, 403]);
    const { Grants = [] } = await world.server.s3.send(
      new GetObjectAclCommand({ Bucket: "images", Key: file.key }),
    );
    expect(Grants).toHaveLength(1);
  });
});
