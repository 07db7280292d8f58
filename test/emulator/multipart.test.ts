import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  DeleteBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { type Emulator, kind, startEmulator } from "../../emulator";
import { clientOf, qcow2 } from "./testing";
import { MiB, noise, sdkClient, sendAny, virtualHostClient } from "./s3";

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
});
afterAll(() => {
  s3.destroy();
  return emulator.close();
});

const at = { Bucket: "images", Key: "a folder/big & é.qcow2" };
const md5 = (...parts: (Buffer | string)[]) => {
  const hash = createHash("md5");
  for (const part of parts) hash.update(part);
  return hash;
};

async function begin(more: Partial<CreateMultipartUploadCommandInput> = {}): Promise<string> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...at, ...more }));
  return UploadId!;
}

async function part(UploadId: string, PartNumber: number, Body: Buffer) {
  const { ETag } = await s3.send(new UploadPartCommand({ ...at, UploadId, PartNumber, Body }));
  return { PartNumber, ETag };
}

const complete = (UploadId: string, Parts: { PartNumber: number; ETag?: string }[], more = {}) =>
  s3.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts }, ...more }));

async function bytesOf(more: object = {}, client = s3): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ ...at, ...more }));
  return Buffer.from(await Body!.transformToByteArray());
}

const clients: [string, () => S3Client][] = [
  ["path style", () => sdkClient(emulator)],
  ["virtual-host style", () => virtualHostClient(emulator)],
  [
    "path style, checksums only where required",
    () => sdkClient(emulator, { requestChecksumCalculation: "WHEN_REQUIRED" }),
  ],
  [
    "virtual-host style, checksums only where required",
    () => virtualHostClient(emulator, { requestChecksumCalculation: "WHEN_REQUIRED" }),
  ],
];

describe.each(clients)("lib-storage, %s", (_name, clientFor) => {
  test.each(["a buffer", "a stream"])("uploads %s in parts, and reads it back", async (what) => {
    const client = clientFor();
    const body = noise(10 * MiB + 17);
    const Body =
      what === "a buffer" ? body : Readable.from([body.subarray(0, 7 * MiB), body.subarray(7 * MiB)]);
    const upload = new Upload({ client, partSize: 5 * MiB, params: { ...at, Body, ACL: "public-read" } });
    await upload.done();
    const [first, second, third] = [
      body.subarray(0, 5 * MiB),
      body.subarray(5 * MiB, 10 * MiB),
      body.subarray(10 * MiB),
    ];
    const digests = [first, second, third].map((bytes) => md5(bytes).digest());
    expect(emulator.objects()).toMatchObject([
      {
        bucket: "images",
        key: at.Key,
        size: body.length,
        acl: "public-read",
        etag: `${md5(...digests).digest("hex")}-3`,
      },
    ]);
    expect(emulator.uploads()).toEqual([]);
    expect((await bytesOf({}, client)).equals(body)).toBe(true);
    const across = await bytesOf({ Range: `bytes=${5 * MiB - 3}-${10 * MiB + 2}` }, client);
    expect(across.equals(body.subarray(5 * MiB - 3, 10 * MiB + 3))).toBe(true);
    expect((await bytesOf({ Range: "bytes=-20" }, client)).equals(body.subarray(-20))).toBe(true);
    expect((await bytesOf({ PartNumber: 2 }, client)).equals(second)).toBe(true);
    client.destroy();
  });
});

describe("step by step", () => {
  test("what the creation says is the object's; a part can be sent again, and left out", async () => {
    const UploadId = await begin({
      ACL: "public-read",
      ContentType: "application/x-qemu-disk",
      CacheControl: "no-store",
      Metadata: { sha256: "abc" },
    });
    const [one, two, three] = [noise(5 * MiB, 1), noise(5 * MiB, 2), Buffer.from("the end")];
    const parts = [await part(UploadId, 1, one)];
    await part(UploadId, 7, Buffer.from("first try"));
    parts.push(await part(UploadId, 7, two));
    await part(UploadId, 8, Buffer.from("left out"));
    parts.push(await part(UploadId, 10_000, three));
    expect(emulator.uploads()).toMatchObject([
      {
        account: emulator.options.accountId,
        bucket: "images",
        key: at.Key,
        uploadId: UploadId,
        acl: "public-read",
        metadata: { sha256: "abc" },
        parts: [
          { number: 1, size: 5 * MiB, etag: md5(one).digest("hex") },
          { number: 7, size: 5 * MiB, etag: md5(two).digest("hex") },
          { number: 8, size: 8 },
          { number: 10_000, size: 7 },
        ],
      },
    ]);
    expect(emulator.objects()).toEqual([]);
    const { ETag } = await complete(UploadId, parts);
    const etag = md5(...[one, two, three].map((bytes) => md5(bytes).digest())).digest("hex");
    expect(ETag).toBe(`"${etag}-3"`);
    expect(await s3.send(new HeadObjectCommand(at))).toMatchObject({
      ETag,
      ContentLength: 10 * MiB + 7,
      ContentType: "application/x-qemu-disk",
      CacheControl: "no-store",
      Metadata: { sha256: "abc" },
    });
    const anonymous = await fetch(
      `${emulator.url}/images/${at.Key.split("/").map(encodeURIComponent).join("/")}`,
    );
    expect(Buffer.from(await anonymous.arrayBuffer()).equals(Buffer.concat([one, two, three]))).toBe(true);
  });

  test("an upload that has ended is not there", async () => {
    const UploadId = await begin();
    const parts = [await part(UploadId, 1, Buffer.from("all"))];
    await complete(UploadId, parts);
    const aborted = await begin();
    await part(aborted, 1, Buffer.from("nothing"));
    await s3.send(new AbortMultipartUploadCommand({ ...at, UploadId: aborted }));
    for (const id of [UploadId, aborted, "2~nothing"]) {
      const gone = { name: "NoSuchUpload", $metadata: { httpStatusCode: 404 } };
      await expect(complete(id, parts)).rejects.toMatchObject(gone);
      await expect(part(id, 1, Buffer.from("x"))).rejects.toMatchObject(gone);
      await expect(s3.send(new ListPartsCommand({ ...at, UploadId: id }))).rejects.toMatchObject(gone);
      await expect(s3.send(new AbortMultipartUploadCommand({ ...at, UploadId: id }))).rejects.toMatchObject(
        gone,
      );
    }
    expect(emulator.objects()).toHaveLength(1);
  });

  test("complete refuses what was not sent, what is in disorder, and what is too small", async () => {
    const UploadId = await begin();
    const one = await part(UploadId, 1, noise(5 * MiB));
    const two = await part(UploadId, 2, Buffer.from("small"));
    const three = await part(UploadId, 3, Buffer.from("small too"));
    const cases: [{ PartNumber: number; ETag?: string }[], string][] = [
      [[one, { PartNumber: 9, ETag: two.ETag }], "InvalidPart"],
      [[one, { PartNumber: 2, ETag: one.ETag }], "InvalidPart"],
      [[one, { PartNumber: 2 }], "InvalidPart"],
      [[two, one], "InvalidPartOrder"],
      [[one, one], "InvalidPartOrder"],
      [[one, two, three], "EntityTooSmall"],
      [[], "MalformedXML"],
    ];
    for (const [parts, name] of cases) {
      await expect(complete(UploadId, parts)).rejects.toMatchObject({
        name,
        $metadata: { httpStatusCode: 400 },
      });
    }
    expect(emulator.objects()).toEqual([]);
    await complete(UploadId, [one, three]);
    expect(emulator.objects()).toMatchObject([{ size: 5 * MiB + 9 }]);
  });

  test("complete keeps to its conditions", async () => {
    await s3.send(new PutObjectCommand({ ...at, Body: "there" }));
    const UploadId = await begin();
    const parts = [await part(UploadId, 1, Buffer.from("new"))];
    await expect(complete(UploadId, parts, { IfNoneMatch: "*" })).rejects.toMatchObject({
      name: "PreconditionFailed",
    });
    expect(emulator.uploads()).toHaveLength(1);
    await complete(UploadId, parts, { IfMatch: emulator.objects()[0]!.etag });
    expect((await bytesOf()).toString()).toBe("new");
  });

  test.each([0, 10_001])("there is no part %i", async (number) => {
    const UploadId = await begin();
    await expect(part(UploadId, number, Buffer.from("x"))).rejects.toMatchObject({ name: "InvalidArgument" });
  });

  test("a part that does not match its digest is not kept", async () => {
    const UploadId = await begin();
    const wrong = new UploadPartCommand({
      ...at,
      UploadId,
      PartNumber: 1,
      Body: "x",
      ContentMD5: "AAAAAAAAAAAAAAAAAAAAAA==",
    });
    await expect(s3.send(wrong)).rejects.toMatchObject({ name: "BadDigest" });
    expect(emulator.uploads()).toMatchObject([{ parts: [] }]);
  });

  test("a checksum of the whole: of its bytes, or of its parts' checksums", async () => {
    const [one, two] = [noise(5 * MiB), Buffer.from("end")];
    const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest();
    const whole = sha256(Buffer.concat([one, two])).toString("base64");
    const ofParts = `${sha256(Buffer.concat([sha256(one), sha256(two)])).toString("base64")}-2`;
    const UploadId = await begin({ ChecksumAlgorithm: "SHA256" });
    const send = async (PartNumber: number, Body: Buffer) => {
      const command = new UploadPartCommand({
        ...at,
        UploadId,
        PartNumber,
        Body,
        ChecksumAlgorithm: "SHA256",
      });
      const { ETag, ChecksumSHA256 } = await s3.send(command);
      expect(ChecksumSHA256).toBe(sha256(Body).toString("base64"));
      return { PartNumber, ETag, ChecksumSHA256 };
    };
    const parts = [await send(1, one), await send(2, two)];
    const { Parts } = await s3.send(new ListPartsCommand({ ...at, UploadId }));
    expect(Parts).toMatchObject(parts);
    for (const ChecksumSHA256 of [whole.replace(/^./, "_"), ofParts.replace(/-2$/, "-3")]) {
      await expect(complete(UploadId, parts, { ChecksumSHA256 })).rejects.toMatchObject({
        name: "BadDigest",
      });
    }
    const another = parts.map((part) => ({ ...part, ChecksumSHA256: parts[0]!.ChecksumSHA256 }));
    await expect(complete(UploadId, another)).rejects.toMatchObject({ name: "InvalidPart" });
    await complete(UploadId, parts, { ChecksumSHA256: ofParts });
    expect(await s3.send(new HeadObjectCommand({ ...at, ChecksumMode: "ENABLED" }))).toMatchObject({
      ChecksumSHA256: ofParts,
    });
    const again = await begin();
    const plain = [await part(again, 1, one), await part(again, 2, two)];
    await complete(again, plain, { ChecksumSHA256: whole });
    expect(await s3.send(new HeadObjectCommand({ ...at, ChecksumMode: "ENABLED" }))).toMatchObject({
      ChecksumSHA256: whole,
    });
  });

  test("parts copied from another object, whole and by range", async () => {
    const source = noise(6 * MiB);
    await s3.send(new PutObjectCommand({ Bucket: "images", Key: "source é", Body: source }));
    const UploadId = await begin();
    const copy = async (PartNumber: number, CopySourceRange?: string) => {
      const CopySource = `images/${encodeURIComponent("source é")}`;
      const { CopyPartResult } = await s3.send(
        new UploadPartCopyCommand({ ...at, UploadId, PartNumber, CopySource, CopySourceRange }),
      );
      return { PartNumber, ETag: CopyPartResult?.ETag };
    };
    await complete(UploadId, [await copy(1), await copy(2, "bytes=10-19")]);
    expect((await bytesOf()).equals(Buffer.concat([source, source.subarray(10, 20)]))).toBe(true);
    await expect(copy(3)).rejects.toMatchObject({ name: "NoSuchUpload" });
  });
});

describe("lists", () => {
  test("parts, page by page", async () => {
    const UploadId = await begin();
    for (const number of [3, 1, 2, 12, 5]) await part(UploadId, number, Buffer.from(`part ${number}`));
    const seen: (number | undefined)[] = [];
    let PartNumberMarker: string | undefined;
    for (let pages = 0; pages < 3; pages++) {
      const page = await s3.send(new ListPartsCommand({ ...at, UploadId, MaxParts: 2, PartNumberMarker }));
      expect([page.Bucket, page.Key, page.UploadId, page.MaxParts]).toEqual([at.Bucket, at.Key, UploadId, 2]);
      seen.push(...(page.Parts ?? []).map(({ PartNumber }) => PartNumber));
      expect(page.IsTruncated).toBe(pages < 2);
      PartNumberMarker = page.NextPartNumberMarker;
    }
    expect(seen).toEqual([1, 2, 3, 5, 12]);
    const { Parts } = await s3.send(new ListPartsCommand({ ...at, UploadId, PartNumberMarker: "5" }));
    expect(Parts).toMatchObject([{ Size: 7, ETag: `"${md5("part 12").digest("hex")}"` }]);
  });

  test("uploads, page by page, by prefix and by folder", async () => {
    for (const Key of ["b/1", "a", "b/2", "a", "c"]) await begin({ Key });
    const list = (more: object) => s3.send(new ListMultipartUploadsCommand({ Bucket: "images", ...more }));
    const seen: [string | undefined, string | undefined][] = [];
    let page = await list({ MaxUploads: 2 });
    for (;;) {
      seen.push(...(page.Uploads ?? []).map(({ Key, UploadId }) => [Key, UploadId] as [string, string]));
      if (!page.IsTruncated) break;
      page = await list({
        MaxUploads: 2,
        KeyMarker: page.NextKeyMarker,
        UploadIdMarker: page.NextUploadIdMarker,
      });
    }
    expect(seen.map(([key]) => key)).toEqual(["a", "a", "b/1", "b/2", "c"]);
    expect(new Set(seen.map(([, id]) => id))).toEqual(
      new Set(emulator.uploads().map(({ uploadId }) => uploadId)),
    );
    expect((await list({ Prefix: "b/" })).Uploads?.map(({ Key }) => Key)).toEqual(["b/1", "b/2"]);
    expect((await list({ KeyMarker: "a" })).Uploads?.map(({ Key }) => Key)).toEqual(["b/1", "b/2", "c"]);
    const folders = await list({ Delimiter: "/" });
    expect(folders.Uploads?.map(({ Key }) => Key)).toEqual(["a", "a", "c"]);
    expect(folders.CommonPrefixes).toEqual([{ Prefix: "b/" }]);
  });

  test("uploads go with their bucket", async () => {
    await begin();
    await s3.send(new DeleteBucketCommand({ Bucket: "images" }));
    expect(emulator.uploads()).toEqual([]);
  });
});

test("an image is imported from an object of several parts", async () => {
  const rest = noise(6 * MiB);
  const [start, end] = [Buffer.concat([qcow2(), rest.subarray(0, 5 * MiB)]), rest.subarray(5 * MiB)];
  const UploadId = await begin({ Key: "one.qcow2", ACL: "public-read" });
  const send = async (PartNumber: number, Body: Buffer) => {
    const { ETag } = await s3.send(
      new UploadPartCommand({ Bucket: "images", Key: "one.qcow2", UploadId, PartNumber, Body }),
    );
    return { PartNumber, ETag };
  };
  await complete(UploadId, [await send(1, start), await send(2, end)], { Key: "one.qcow2" });
  const url = emulator.objectUrl("images", "one.qcow2");
  const { json } = await clientOf(emulator).create({ name: "one", os_distro: "alma", url });
  await emulator.settled(json.id);
  expect(emulator.images()).toMatchObject([
    {
      status: "active",
      size: start.length + end.length,
      checksum: md5(start, end).digest("hex"),
      os_hash_value: createHash("sha512").update(start).update(end).digest("hex"),
    },
  ]);
});

test("the second account's keys do nothing to the first one's uploads", async () => {
  const UploadId = await begin();
  const other = sdkClient(emulator, {}, 1);
  const where = { Bucket: `${emulator.options.accountId}:images`, Key: at.Key, UploadId };
  for (const command of [
    new UploadPartCommand({ ...where, PartNumber: 1, Body: "x" }),
    new CreateMultipartUploadCommand(where),
    new AbortMultipartUploadCommand(where),
    new ListPartsCommand(where),
    new ListMultipartUploadsCommand(where),
    new CompleteMultipartUploadCommand({
      ...where,
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag: "x" }] },
    }),
  ]) {
    await expect(sendAny(other, command)).rejects.toMatchObject({ name: "AccessDenied" });
  }
  expect(emulator.uploads()).toMatchObject([{ parts: [] }]);
  other.destroy();
});
