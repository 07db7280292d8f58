import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { type Emulator, startEmulator } from "../../emulator";
import { MiB, noise, raw, sdkClient } from "./s3";

let emulator: Emulator;
let dataDir: string;
const at = { Bucket: "images", Key: "big.qcow2" };
const start = async () => (emulator = await startEmulator({ dataDir }));
const send = async <T>(work: (s3: ReturnType<typeof sdkClient>) => Promise<T>): Promise<T> => {
  // A stream cannot be sent again, of which the SDK warns aloud.
  const logger = { debug: jest.fn(), info: jest.fn(), warn: jest.fn(), error: jest.fn() };
  const s3 = sdkClient(emulator, { logger });
  return work(s3).finally(() => {
    s3.destroy();
  });
};
const files = () => readdir(path.join(dataDir, "objects"));

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), "scp-emulator-"));
  await start();
  await send((s3) => s3.send(new CreateBucketCommand({ Bucket: "images" })));
});
afterEach(async () => {
  await emulator.close();
  await rm(dataDir, { recursive: true });
});

const begin = async () => (await send((s3) => s3.send(new CreateMultipartUploadCommand(at)))).UploadId!;
const part = async (UploadId: string, PartNumber: number, Body: Buffer) => {
  const { ETag } = await send((s3) => s3.send(new UploadPartCommand({ ...at, UploadId, PartNumber, Body })));
  return { PartNumber, ETag };
};

test("an upload goes on after a restart, and its bytes stay where they are", async () => {
  const [one, two] = [noise(5 * MiB, 1), noise(100, 2)];
  const UploadId = await begin();
  const parts = [await part(UploadId, 1, one)];
  const before = emulator.uploads();
  const [file] = await files();
  await writeFile(path.join(dataDir, "objects", "left-by-a-kill"), "x");
  await emulator.close();
  await start();
  expect(emulator.uploads()).toEqual(before);
  expect(await files()).toEqual([file]);
  const { Parts } = await send((s3) => s3.send(new ListPartsCommand({ ...at, UploadId })));
  expect(Parts).toMatchObject([{ PartNumber: 1, ETag: parts[0]!.ETag, Size: 5 * MiB }]);

  parts.push(await part(UploadId, 2, two));
  const MultipartUpload = { Parts: parts };
  await send((s3) => s3.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload })));
  await emulator.close();
  await start();
  expect(await files()).toContain(file);
  expect(await files()).toHaveLength(2);
  const got = await send(async (s3) => {
    const { Body } = await s3.send(new GetObjectCommand(at));
    return Buffer.from(await Body!.transformToByteArray());
  });
  expect(got.equals(Buffer.concat([one, two]))).toBe(true);
});

test("files of parts that nobody needs any more go", async () => {
  const UploadId = await begin();
  const parts = [await part(UploadId, 1, Buffer.from("1"))];
  await part(UploadId, 2, Buffer.from("first"));
  await part(UploadId, 2, Buffer.from("second"));
  expect(await files()).toHaveLength(2);
  const wrong = new UploadPartCommand({
    ...at,
    UploadId,
    PartNumber: 3,
    Body: "x",
    ChecksumCRC32: "AAAAAA==",
  });
  await expect(send((s3) => s3.send(wrong))).rejects.toMatchObject({ name: "BadDigest" });
  expect(await files()).toHaveLength(2);
  const MultipartUpload = { Parts: parts };
  await send((s3) => s3.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload })));
  expect(await files()).toHaveLength(1);
  const aborted = await begin();
  await part(aborted, 1, Buffer.from("1"));
  await send((s3) => s3.send(new AbortMultipartUploadCommand({ ...at, UploadId: aborted })));
  expect(await files()).toHaveLength(1);
  const Delete = { Objects: [{ Key: at.Key }] };
  await send((s3) => s3.send(new DeleteObjectsCommand({ ...at, Delete })));
  expect(await files()).toEqual([]);
});

test("a download goes on when its object is removed meanwhile", async () => {
  const UploadId = await begin();
  const bytes = noise(22 * MiB);
  const parts = [];
  for (let number = 1; number <= 4; number++)
    parts.push(await part(UploadId, number, bytes.subarray((number - 1) * 6 * MiB, number * 6 * MiB)));
  const MultipartUpload = { Parts: parts };
  await send(async (s3) => {
    await s3.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload }));
    const { Body } = await s3.send(new GetObjectCommand(at));
    const chunks: Buffer[] = [];
    for await (const chunk of Body as Readable) {
      if (chunks.length === 0)
        await s3.send(new DeleteObjectsCommand({ ...at, Delete: { Objects: [{ Key: at.Key }] } }));
      chunks.push(chunk as Buffer);
    }
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  });
  while ((await files()).length > 0) await setImmediate();
});

test("a part that comes while its upload is aborted is not kept", async () => {
  const UploadId = await begin();
  const abort = new AbortMultipartUploadCommand({ ...at, UploadId });
  async function* bytes() {
    yield Buffer.from("to");
    while (!emulator.stats().uploadPart) await setImmediate();
    await send((s3) => s3.send(abort));
    yield Buffer.from("o late");
  }
  const Body = Readable.from(bytes());
  const command = new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body, ContentLength: 8 });
  const late = send((s3) => s3.send(command));
  await expect(late).rejects.toMatchObject({ name: "NoSuchUpload" });
  expect([emulator.uploads(), await files()]).toEqual([[], []]);
});

test("a folder of an earlier version, with an object in one blob, is read", async () => {
  await send((s3) => s3.send(new PutObjectCommand({ ...at, Body: "as before", ACL: "public-read" })));
  await emulator.close();
  const file = path.join(dataDir, "state.json");
  interface Saved {
    buckets: { objects: Record<string, unknown>[]; uploads?: unknown }[];
  }
  const saved = JSON.parse(await readFile(file, "utf8")) as Saved;
  const [bucket] = saved.buckets;
  delete bucket!.uploads;
  for (const object of bucket!.objects) {
    object.blob = (object.pieces as { blob: string }[])[0]!.blob;
    for (const name of ["pieces", "headers", "checksum"]) Reflect.deleteProperty(object, name);
  }
  await writeFile(file, JSON.stringify(saved));
  await start();
  expect((await raw(emulator, "GET", "/images/big.qcow2")).text).toBe("as before");
  expect(emulator.uploads()).toEqual([]);
  await part(await begin(), 1, Buffer.from("x"));
});

test("memory does not grow with a part", async () => {
  const [UploadId, size] = [await begin(), 256 * MiB];
  const chunk = Buffer.alloc(MiB, 1);
  let most = 0;
  const start = process.memoryUsage().arrayBuffers;
  function* bytes() {
    for (let sent = 0; sent < size; sent += chunk.length) {
      most = Math.max(most, process.memoryUsage().arrayBuffers - start);
      yield chunk;
    }
  }
  const Body = Readable.from(bytes());
  const command = new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body, ContentLength: size });
  await send((s3) => s3.send(command));
  expect(emulator.uploads()).toMatchObject([{ parts: [{ size }] }]);
  expect(most).toBeLessThan(size / 2);
});
