import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketLocationCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutBucketAclCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import { type Emulator, startEmulator } from "../../emulator";

let emulator: Emulator;
let s3: S3Client;
let skew = 0;

function clientFor(more: Partial<S3ClientConfig> = {}, account = 0): S3Client {
  const { accessKey, secretKey } = emulator.options.accounts[account]!;
  return new S3Client({
    endpoint: emulator.objectStorageUrl,
    region: "kr-west1",
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    ...more,
  });
}

beforeAll(async () => {
  emulator = await startEmulator({ now: () => Date.now() + skew });
  s3 = clientFor();
});
beforeEach(async () => {
  skew = 0;
  await emulator.reset();
  await s3.send(new CreateBucketCommand({ Bucket: "images" }));
});
afterAll(() => {
  s3.destroy();
  return emulator.close();
});

const at = { Bucket: "images", Key: "dir/an image (1) & é+~.qcow2" };
const loopback = (path: string, method = "GET") => fetch(emulator.objectStorageUrl + path, { method });

describe("with the AWS SDK", () => {
  test("put, head, get, delete, with metadata and a key of all kinds of letters", async () => {
    const body = Buffer.from("some bytes");
    const put = await s3.send(
      new PutObjectCommand({
        ...at,
        Body: body,
        ContentType: "application/x-qemu-disk",
        Metadata: { sha256: "abc" },
      }),
    );
    expect(put.ETag).toBe(`"${createHash("md5").update(body).digest("hex")}"`);
    const head = await s3.send(new HeadObjectCommand(at));
    expect(head).toMatchObject({
      ContentLength: 10,
      ContentType: "application/x-qemu-disk",
      Metadata: { sha256: "abc" },
    });
    const got = await s3.send(new GetObjectCommand(at));
    expect(await got.Body?.transformToString()).toBe("some bytes");
    const part = await s3.send(new GetObjectCommand({ ...at, Range: "bytes=5-8" }));
    expect([await part.Body?.transformToString(), part.ContentRange]).toEqual(["byte", "bytes 5-8/10"]);
    await s3.send(new DeleteObjectCommand(at));
    await s3.send(new DeleteObjectCommand(at));
    await expect(s3.send(new HeadObjectCommand(at))).rejects.toMatchObject({ name: "NotFound" });
    await expect(s3.send(new GetObjectCommand(at))).rejects.toMatchObject({ name: "NoSuchKey" });
  });

  test("a stream of a known length, which the SDK sends in aws-chunked framing with a checksum trailer", async () => {
    const pieces = Array.from({ length: 40 }, (_, n) => Buffer.alloc(10_000, n));
    const body = Buffer.concat(pieces);
    await s3.send(new PutObjectCommand({ ...at, Body: Readable.from(pieces), ContentLength: body.length }));
    const got = await s3.send(new GetObjectCommand(at));
    expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(body)).toBe(true);
  });

  test("an empty object", async () => {
    await s3.send(new PutObjectCommand({ ...at, Body: Buffer.alloc(0), ContentLength: 0 }));
    const got = await s3.send(new GetObjectCommand(at));
    expect(await got.Body?.transformToString()).toBe("");
  });

  test("only when it is new", async () => {
    await s3.send(new PutObjectCommand({ ...at, Body: "1", IfNoneMatch: "*" }));
    await expect(s3.send(new PutObjectCommand({ ...at, Body: "2", IfNoneMatch: "*" }))).rejects.toMatchObject(
      {
        name: "PreconditionFailed",
      },
    );
  });

  test("list, page by page, by prefix and by folder", async () => {
    for (const key of ["a.qcow2", "b/1 &.qcow2", "b/2.qcow2", "c/3.qcow2"])
      await emulator.putObject("images", key, Buffer.from(key));
    const keys: (string | undefined)[] = [];
    let token: string | undefined;
    do {
      const page = await s3.send(
        new ListObjectsV2Command({ Bucket: "images", MaxKeys: 3, ContinuationToken: token }),
      );
      keys.push(...(page.Contents ?? []).map((object) => object.Key));
      token = page.NextContinuationToken;
    } while (token);
    expect(keys).toEqual(["a.qcow2", "b/1 &.qcow2", "b/2.qcow2", "c/3.qcow2"]);

    const prefixed = await s3.send(
      new ListObjectsV2Command({ Bucket: "images", Prefix: "b/", EncodingType: "url" }),
    );
    expect(prefixed.Contents?.map(({ Key, Size }) => [Key, Size])).toEqual([
      ["b%2F1%20%26.qcow2", 11],
      ["b%2F2.qcow2", 9],
    ]);
    const folders = await s3.send(
      new ListObjectsV2Command({ Bucket: "images", Delimiter: "/", StartAfter: "a.qcow2" }),
    );
    expect(folders.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(["b/", "c/"]);
    const old = await s3.send(new ListObjectsCommand({ Bucket: "images", Marker: "b/2.qcow2" }));
    expect(old.Contents?.map(({ Key }) => Key)).toEqual(["c/3.qcow2"]);
  });

  test("buckets", async () => {
    await s3.send(new CreateBucketCommand({ Bucket: "images" }));
    await s3.send(new CreateBucketCommand({ Bucket: "more" }));
    expect((await s3.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name)).toEqual([
      "images",
      "more",
    ]);
    await s3.send(new HeadBucketCommand({ Bucket: "more" }));
    expect((await s3.send(new GetBucketLocationCommand({ Bucket: "more" }))).LocationConstraint).toBe(
      "kr-west1",
    );
    await s3.send(new PutObjectCommand({ Bucket: "more", Key: "k", Body: "v" }));
    await expect(s3.send(new DeleteBucketCommand({ Bucket: "more" }))).rejects.toMatchObject({
      name: "BucketNotEmpty",
    });
    await s3.send(new DeleteObjectCommand({ Bucket: "more", Key: "k" }));
    await s3.send(new DeleteBucketCommand({ Bucket: "more" }));
    await expect(s3.send(new HeadBucketCommand({ Bucket: "more" }))).rejects.toMatchObject({
      name: "NotFound",
    });
    await expect(
      s3.send(new PutObjectCommand({ Bucket: "more", Key: "k", Body: "v" })),
    ).rejects.toMatchObject({
      name: "NoSuchBucket",
    });
    await expect(s3.send(new CreateBucketCommand({ Bucket: "Images" }))).rejects.toMatchObject({
      name: "InvalidBucketName",
    });
  });

  test("a wrong secret, an unknown key, a wrong clock", async () => {
    const secretAccessKey = "wrong";
    for (const [credentials, name] of [
      [{ accessKeyId: emulator.options.accessKey, secretAccessKey }, "SignatureDoesNotMatch"],
      [{ accessKeyId: "NOBODY", secretAccessKey }, "InvalidAccessKeyId"],
    ] as const) {
      const stranger = clientFor({ credentials });
      await expect(stranger.send(new ListBucketsCommand({}))).rejects.toMatchObject({ name });
      stranger.destroy();
    }
    skew = 16 * 60 * 1000;
    await expect(clientFor().send(new ListBucketsCommand({}))).rejects.toMatchObject({
      name: "RequestTimeTooSkewed",
    });
  });

  test("another account sees neither buckets nor private objects", async () => {
    await s3.send(new PutObjectCommand({ ...at, Body: "x" }));
    const other = clientFor({}, 1);
    expect((await other.send(new ListBucketsCommand({}))).Buckets).toEqual([]);
    await expect(other.send(new GetObjectCommand(at))).rejects.toMatchObject({ name: "NoSuchBucket" });
    other.destroy();
  });
});

describe("who may read", () => {
  const key = "/images/o.qcow2";
  const put = (acl?: "public-read" | "private") =>
    s3.send(new PutObjectCommand({ Bucket: "images", Key: "o.qcow2", Body: "public", ACL: acl }));

  test("everybody what is public-read, and only by GET and HEAD", async () => {
    await put("public-read");
    const { accountId } = emulator.options;
    for (const path of [
      key,
      `/${accountId}:images/o.qcow2`,
      `/${accountId}%3Aimages/o.qcow2`,
      `/${accountId}/images/o.qcow2`,
    ]) {
      expect(await (await loopback(path)).text()).toBe("public");
      expect((await loopback(path, "HEAD")).headers.get("content-length")).toBe("6");
      expect((await loopback(path, "DELETE")).status).toBe(403);
    }
    expect((await loopback("/images?list-type=2")).status).toBe(403);
    expect((await loopback(`${key}?acl`)).status).toBe(403);
  });

  test("nobody else what is private; the bucket's ACL does not help", async () => {
    await put();
    expect((await loopback(key)).status).toBe(403);
    expect((await loopback(key, "HEAD")).status).toBe(403);
    await s3.send(new PutBucketAclCommand({ Bucket: "images", ACL: "public-read" }));
    expect((await loopback("/images?list-type=2")).status).toBe(200);
    expect((await loopback(key)).status).toBe(403);
  });

  test("the ACL can be changed and read", async () => {
    await put();
    const grants = async () => {
      const { Grants } = await s3.send(new GetObjectAclCommand({ Bucket: "images", Key: "o.qcow2" }));
      return Grants?.map(({ Grantee, Permission }) => [Grantee?.URI ?? Grantee?.ID, Permission]);
    };
    const owner = [emulator.options.accountId, "FULL_CONTROL"];
    expect(await grants()).toEqual([owner]);
    await s3.send(new PutObjectAclCommand({ Bucket: "images", Key: "o.qcow2", ACL: "public-read" }));
    expect(await grants()).toEqual([owner, ["http://acs.amazonaws.com/groups/global/AllUsers", "READ"]]);
    expect((await loopback(key)).status).toBe(200);
    await s3.send(new PutObjectAclCommand({ Bucket: "images", Key: "o.qcow2", ACL: "private" }));
    expect((await loopback(key)).status).toBe(403);
  });

  test("whether an object is missing is told to those who may list", async () => {
    expect((await loopback("/images/missing")).status).toBe(403);
    await s3.send(new PutBucketAclCommand({ Bucket: "images", ACL: "public-read" }));
    const answer = await loopback("/images/missing");
    expect([answer.status, answer.headers.get("content-type")]).toEqual([404, "application/xml"]);
    expect(await answer.text()).toContain("<Error><Code>NoSuchKey</Code>");
  });
});

describe("what was sent must be what was meant", () => {
  test("a body that is not the one that was signed", async () => {
    // Changes the body after the signature was made.
    const client = clientFor();
    client.middlewareStack.add(
      (next) => (args) => {
        (args.request as { body: unknown }).body = Buffer.from("forged");
        return next(args);
      },
      { step: "deserialize", priority: "low" },
    );
    await expect(client.send(new PutObjectCommand({ ...at, Body: "signed" }))).rejects.toMatchObject({
      name: "XAmzContentSHA256Mismatch",
    });
    await expect(s3.send(new HeadObjectCommand(at))).rejects.toMatchObject({ name: "NotFound" });
    client.destroy();
  });

  test("a checksum that is wrong", async () => {
    const wrong = new PutObjectCommand({ ...at, Body: "abc", ChecksumCRC32: "AAAAAA==" });
    await expect(s3.send(wrong)).rejects.toMatchObject({ name: "BadDigest" });
    const wrongMd5 = new PutObjectCommand({ ...at, Body: "abc", ContentMD5: "AAAAAAAAAAAAAAAAAAAAAA==" });
    await expect(s3.send(wrongMd5)).rejects.toMatchObject({ name: "BadDigest" });
  });

  test("what the emulator does not have, it says", async () => {
    for (const path of ["/images/o?restore", "/images/o?select", "/images?policy", "/images?website"]) {
      const answer = await loopback(path, "POST");
      expect([answer.status, await answer.text()]).toEqual([501, expect.stringContaining("NotImplemented")]);
    }
  });
});
