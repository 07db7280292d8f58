import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { type Emulator, kind, startEmulator } from "../../emulator";
import { commandNames, everyCommand } from "./operations";
import { sdkClient, sendAny } from "./s3";

let emulator: Emulator;
let s3: S3Client;
beforeAll(async () => {
  emulator = await startEmulator();
  s3 = sdkClient(emulator);
});
beforeEach(async () => {
  Object.assign(emulator.options, kind);
  await emulator.reset();
  await s3.send(new CreateBucketCommand({ Bucket: "images" }));
  await s3.send(new PutObjectCommand({ ...at, Body: "there" }));
});
afterAll(() => {
  s3.destroy();
  return emulator.close();
});

const at = { Bucket: "images", Key: "there" };
const send = (command: object) => sendAny(s3, command);

const commands = () => everyCommand(s3);
const operations = commandNames;

const broken = /ECONNRESET|EPIPE|socket hang up/;
const state = () => JSON.stringify([emulator.objects(), emulator.uploads()]);

describe.each(operations)("%s", (operation) => {
  test("answers a fault's status in S3's words, and does nothing; then it works", async () => {
    const command = (await commands())[operation];
    const before = state();
    emulator.faults.add({ kind: "status", operation, status: 503, retryAfter: 1 });
    await expect(send(command)).rejects.toMatchObject({
      // An answer to HEAD has no body.
      name: operation === "headObject" ? "Unknown" : "SlowDown",
      $metadata: { httpStatusCode: 503 },
    });
    expect(state()).toBe(before);
    await send(command);
    expect(emulator.stats()[operation]).toBeGreaterThanOrEqual(2);
  });

  test("breaks off before the work, or after it", async () => {
    const command = (await commands())[operation];
    const before = state();
    emulator.faults.add({ kind: "reset-before", operation });
    await expect(send(command)).rejects.toThrow(broken);
    expect(state()).toBe(before);
    emulator.faults.add({ kind: "reset-after", operation });
    await expect(send(command)).rejects.toThrow(broken);
    const changes = !/^(get|head|list)/.test(operation);
    expect(state() !== before).toBe(changes);
  });

  test("is denied to one key, and not to others", async () => {
    const command = (await commands())[operation];
    const before = state();
    const { accessKey } = emulator.options;
    emulator.options.denied = [{ operation, accessKey }];
    await expect(send(command)).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
    expect(state()).toBe(before);
    emulator.options.denied = [{ operation, accessKey: emulator.options.accounts[1]!.accessKey }];
    await send(command);
  });
});

describe("faults", () => {
  test.each([
    [400, "RequestTimeout"],
    [403, "AccessDenied"],
    [409, "OperationAborted"],
    [429, "SlowDown"],
    [500, "InternalError"],
  ])("%i is %s unless a code is given", async (status, name) => {
    emulator.faults.add({ kind: "status", operation: "putObject", status });
    await expect(send(new PutObjectCommand({ ...at, Body: "x" }))).rejects.toMatchObject({ name });
    emulator.faults.add({ kind: "status", operation: "putObject", status, code: "Own" });
    await expect(send(new PutObjectCommand({ ...at, Body: "x" }))).rejects.toMatchObject({ name: "Own" });
  });

  test("an upload completed, and answered as if it were not", async () => {
    const command = (await commands()).completeMultipartUpload;
    const body = "<Error><Code>InternalError</Code><Message>We failed.</Message></Error>";
    emulator.faults.add({ kind: "status-after", operation: "completeMultipartUpload", status: 200, body });
    await expect(send(command)).rejects.toMatchObject({ name: "InternalError" });
    expect(emulator.objects()).toMatchObject([{ key: "there", size: 4 }]);
    await expect(send(command)).rejects.toMatchObject({ name: "NoSuchUpload" });
  });

  test("a body that breaks off half-way", async () => {
    await send(new PutObjectCommand({ ...at, Body: Buffer.alloc(3_000_000, 1) }));
    emulator.faults.add({ kind: "truncated", operation: "getObject" });
    const { Body, ContentLength } = await s3.send(new GetObjectCommand(at));
    expect(ContentLength).toBe(3_000_000);
    await expect(Body!.transformToByteArray()).rejects.toThrow("aborted");
  });
});

test("quotaBytes: so much and no more, parts and copies too, of one account", async () => {
  emulator.options.quotaBytes = 20;
  const full = { name: "QuotaExceeded", $metadata: { httpStatusCode: 403 } };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...at, Key: "big" }));
  const part = (PartNumber: number, Body: string) =>
    send(new UploadPartCommand({ ...at, Key: "big", UploadId, PartNumber, Body }));
  await part(1, "0123456789");
  await expect(part(2, "0123456789")).rejects.toMatchObject(full);
  await expect(send(new PutObjectCommand({ ...at, Key: "more", Body: "012345" }))).rejects.toMatchObject(
    full,
  );
  await send(new CopyObjectCommand({ ...at, Key: "copy", CopySource: "images/there" }));
  await expect(
    send(new CopyObjectCommand({ ...at, Key: "again", CopySource: "images/there" })),
  ).rejects.toMatchObject(full);
  expect(emulator.objects().map(({ key }) => key)).toEqual(["there", "copy"]);
  expect(emulator.uploads()).toMatchObject([{ parts: [{ number: 1 }] }]);

  const other = sdkClient(emulator, {}, 1);
  await other.send(new CreateBucketCommand({ Bucket: "images" }));
  await other.send(new PutObjectCommand({ ...at, Body: "0123456789" }));
  other.destroy();
  await send(new AbortMultipartUploadCommand({ ...at, Key: "big", UploadId }));
  await send(new PutObjectCommand({ ...at, Key: "more", Body: "0123456789" }));
});

test("denied: with a status and a body of its own", async () => {
  const body = "<Error><Code>AccountProblem</Code></Error>";
  emulator.options.denied = [{ operation: "putObject", status: 401, body }];
  await expect(send(new PutObjectCommand({ ...at, Body: "x" }))).rejects.toMatchObject({
    name: "AccountProblem",
    $metadata: { httpStatusCode: 401 },
  });
});

describe("bucketRegion", () => {
  beforeEach(() => {
    emulator.options.bucketRegion = "kr-south1";
  });

  test("sends requests that are signed for another region away", async () => {
    await expect(send(new GetObjectCommand(at))).rejects.toMatchObject({
      name: "PermanentRedirect",
      $metadata: { httpStatusCode: 301 },
      $response: { headers: { "x-amz-bucket-region": "kr-south1" } },
    });
    expect((await s3.send(new GetBucketLocationCommand(at))).LocationConstraint).toBe("kr-south1");
    await expect(send(new CreateBucketCommand({ Bucket: "more" }))).rejects.toMatchObject({
      name: "InvalidLocationConstraint",
    });
  });

  test("lets those in that are signed for it", async () => {
    for (const more of [{ region: "kr-south1" }, { followRegionRedirects: true }]) {
      const client = sdkClient(emulator, more);
      expect((await client.send(new HeadBucketCommand(at))).BucketRegion).toBe("kr-south1");
      client.destroy();
    }
  });
});

test("over HTTP: objects, uploads, and the settings", async () => {
  await commands();
  const control = async (what: string, change?: object) => {
    const more = change && { method: "PATCH", body: JSON.stringify(change) };
    return (await fetch(`${emulator.url}/_emulator/${what}`, more)).json();
  };
  expect(await control("objects")).toEqual(emulator.objects());
  expect(await control("uploads")).toEqual(emulator.uploads());
  expect(emulator.uploads()).toHaveLength(1);
  const change = { quotaBytes: 5, bucketRegion: "kr-east1" };
  expect(await control("settings", change)).toMatchObject(change);
  expect(emulator.options).toMatchObject(change);
});
