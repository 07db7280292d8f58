import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutObjectAclCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { type Emulator, startEmulator } from "../../emulator";
import { commandNames, everyCommand } from "./operations";
import { raw, sdkClient, sendAny, virtualHostClient } from "./s3";

let emulator: Emulator;
let s3: S3Client;
beforeAll(async () => {
  emulator = await startEmulator();
  s3 = sdkClient(emulator);
});
beforeEach(async () => {
  await emulator.reset();
  await s3.send(new CreateBucketCommand({ Bucket: "images" }));
});
afterAll(() => {
  s3.destroy();
  return emulator.close();
});

const at = { Bucket: "images", Key: "dir/an image (1) & é+~.qcow2" };
const path = `/images/${at.Key.split("/").map(encodeURIComponent).join("/")}`;
const put = (more: object = {}) => s3.send(new PutObjectCommand({ ...at, Body: "0123456789", ...more }));
const text = async (more: object = {}, client = s3) =>
  (await client.send(new GetObjectCommand({ ...at, ...more }))).Body!.transformToString();
const code = (answer: string) => /<Code>(\w+)<\/Code>/.exec(answer)?.[1];
const failed = { name: "PreconditionFailed", $metadata: { httpStatusCode: 412 } };

describe("virtual-host style", () => {
  test("names the bucket by the host, and signs that", async () => {
    const client = virtualHostClient(emulator);
    await client.send(new PutObjectCommand({ ...at, Body: "by host" }));
    expect(await text({}, client)).toBe("by host");
    expect(await text()).toBe("by host");
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: "images" }));
    expect(Contents?.map(({ Key }) => Key)).toEqual([at.Key]);
    client.destroy();
  });

  test("of the real Object Storage's names too", async () => {
    await put({ ACL: "public-read" });
    const host = "object-store.kr-west1.s.samsungsdscloud.com";
    const key = path.slice("/images".length);
    expect((await raw(emulator, "GET", key, { host: `images.${host}` })).text).toBe("0123456789");
    expect((await raw(emulator, "GET", path, { host })).text).toBe("0123456789");
    expect((await raw(emulator, "GET", key, { host: `others.${host}` })).status).toBe(404);
  });
});

test.each([
  ["path style", () => sdkClient(emulator)],
  ["path style, checksums only where required", () => sdkClient(emulator, required)],
  ["virtual-host style", () => virtualHostClient(emulator)],
  ["virtual-host style, checksums only where required", () => virtualHostClient(emulator, required)],
] as const)("every operation: %s", async (_name, clientFor) => {
  const client = clientFor();
  for (const operation of commandNames) {
    await client.send(new PutObjectCommand({ Bucket: "images", Key: "there", Body: "there" }));
    const command = (await everyCommand(client))[operation];
    const before = emulator.stats()[operation] ?? 0;
    await sendAny(client, command);
    expect(emulator.stats()[operation]).toBe(before + 1);
  }
  expect(emulator.requests().filter(({ status }) => status !== 200 && status !== 204)).toEqual([]);
  client.destroy();
});
const required = { requestChecksumCalculation: "WHEN_REQUIRED" } as const;

describe("ranges", () => {
  const range = async (Range: string) => {
    const answer = await s3.send(new GetObjectCommand({ ...at, Range }));
    return [answer.$metadata.httpStatusCode, answer.ContentRange, await answer.Body!.transformToString()];
  };

  test.each([
    ["bytes=2-4", 206, "bytes 2-4/10", "234"],
    ["bytes=7-", 206, "bytes 7-9/10", "789"],
    ["bytes=-3", 206, "bytes 7-9/10", "789"],
    ["bytes=-30", 206, "bytes 0-9/10", "0123456789"],
    ["bytes=0-99", 206, "bytes 0-9/10", "0123456789"],
    ["bytes=5-2", 200, undefined, "0123456789"],
    ["bytes=1-2,4-5", 200, undefined, "0123456789"],
    ["lines=1-2", 200, undefined, "0123456789"],
  ])("%s", async (given, ...expected) => {
    await put();
    expect(await range(given)).toEqual(expected);
  });

  test.each(["bytes=10-", "bytes=10-12", "bytes=-0"])("%s is beyond", async (given) => {
    await put();
    await expect(range(given)).rejects.toMatchObject({
      name: "InvalidRange",
      $metadata: { httpStatusCode: 416 },
    });
  });
});

describe("conditions", () => {
  test("of GET and HEAD", async () => {
    const { ETag } = await put();
    const notModified = { $metadata: { httpStatusCode: 304 } };
    for (const Command of [GetObjectCommand, HeadObjectCommand] as unknown as (typeof GetObjectCommand)[]) {
      const get = (more: object) => s3.send(new Command({ ...at, ...more }));
      await get({ IfMatch: ETag });
      await get({ IfNoneMatch: '"other"' });
      await expect(get({ IfMatch: '"other"' })).rejects.toMatchObject({ $metadata: { httpStatusCode: 412 } });
      await expect(get({ IfNoneMatch: ETag })).rejects.toMatchObject(notModified);
      const [hourAgo, inAnHour] = [-1, 1].map((hours) => new Date(Date.now() + hours * 3_600_000));
      await get({ IfModifiedSince: hourAgo, IfUnmodifiedSince: inAnHour });
      await expect(get({ IfModifiedSince: inAnHour })).rejects.toMatchObject(notModified);
      await expect(get({ IfUnmodifiedSince: hourAgo })).rejects.toMatchObject({
        $metadata: { httpStatusCode: 412 },
      });
    }
  });

  test("of PUT", async () => {
    await expect(put({ IfMatch: '"any"' })).rejects.toMatchObject({ name: "NoSuchKey" });
    const { ETag } = await put({ IfNoneMatch: "*" });
    await expect(put({ IfNoneMatch: "*", Body: "2" })).rejects.toMatchObject(failed);
    await expect(put({ IfMatch: '"other"', Body: "2" })).rejects.toMatchObject(failed);
    await put({ IfMatch: ETag, Body: "3" });
    expect(await text()).toBe("3");
  });

  test("of two that come at once one is kept", async () => {
    const both = await Promise.allSettled([
      put({ IfNoneMatch: "*", Body: "1" }),
      put({ IfNoneMatch: "*", Body: "2" }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });
});

describe("copies", () => {
  const copy = (more: object = {}) =>
    s3.send(
      new CopyObjectCommand({
        Bucket: "images",
        Key: "copy",
        CopySource: encodeURI(`images/${at.Key}`).replace("+", "%2B"),
        ...more,
      }),
    );

  test("take the metadata along, or what the request says; never the ACL", async () => {
    const { ETag } = await put({
      ACL: "public-read",
      ContentType: "a/b",
      Metadata: { one: "1" },
      ContentDisposition: "inline",
    });
    expect((await copy()).CopyObjectResult?.ETag).toBe(ETag);
    expect(emulator.objects()).toContainEqual(
      expect.objectContaining({
        key: "copy",
        acl: "private",
        contentType: "a/b",
        metadata: { one: "1" },
        size: 10,
      }),
    );
    await copy({ MetadataDirective: "REPLACE", Metadata: { two: "2" }, ACL: "public-read" });
    expect(emulator.objects()).toContainEqual(
      expect.objectContaining({ key: "copy", acl: "public-read", metadata: { two: "2" } }),
    );
    await put({ Body: "changed" });
    expect(await text({ Key: "copy" })).toBe("0123456789");
  });

  test("to itself only with other metadata", async () => {
    await put({ Metadata: { one: "1" } });
    await expect(copy({ Key: at.Key })).rejects.toMatchObject({ name: "InvalidRequest" });
    await copy({ Key: at.Key, MetadataDirective: "REPLACE", Metadata: { two: "2" } });
    expect(emulator.objects()).toMatchObject([{ key: at.Key, metadata: { two: "2" } }]);
    expect(await text()).toBe("0123456789");
  });

  test("of what is there, meets the conditions, and may be read", async () => {
    await put();
    await expect(copy({ CopySource: "images/nothing" })).rejects.toMatchObject({ name: "NoSuchKey" });
    await expect(copy({ CopySource: "nothing" })).rejects.toMatchObject({ name: "InvalidArgument" });
    await expect(copy({ CopySourceIfMatch: '"other"' })).rejects.toMatchObject(failed);
    const other = sdkClient(emulator, {}, 1);
    await other.send(new CreateBucketCommand({ Bucket: "theirs" }));
    const steal = new CopyObjectCommand({
      Bucket: "theirs",
      Key: "k",
      CopySource: `${emulator.options.accountId}:${encodeURI(`images/${at.Key}`).replace("+", "%2B")}`,
    });
    await expect(other.send(steal)).rejects.toMatchObject({ name: "AccessDenied" });
    await s3.send(new PutObjectAclCommand({ ...at, ACL: "public-read" }));
    await other.send(steal);
    expect(await text({ Bucket: "theirs", Key: "k" }, other)).toBe("0123456789");
    other.destroy();
  });
});

describe("many objects", () => {
  test("deleted at once; what is not there is as good as deleted", async () => {
    for (const Key of ["a", "b & <c>", "d"]) await put({ Key });
    const Objects = [{ Key: "b & <c>" }, { Key: "a" }, { Key: "never" }];
    const { Deleted, Errors } = await s3.send(
      new DeleteObjectsCommand({ Bucket: "images", Delete: { Objects } }),
    );
    expect([Deleted?.map(({ Key }) => Key), Errors]).toEqual([["b & <c>", "a", "never"], undefined]);
    expect(emulator.objects().map(({ key }) => key)).toEqual(["d"]);
    const quiet = await s3.send(
      new DeleteObjectsCommand({ Bucket: "images", Delete: { Objects: [{ Key: "d" }], Quiet: true } }),
    );
    expect([quiet.Deleted, emulator.objects()]).toEqual([undefined, []]);
  });

  test.each([1, 2])("listed page by page, with folders, by version %i", async (version) => {
    for (const Key of ["a", "b/1", "b/2", "c", "d/e/f", "z"]) await put({ Key });
    const seen: string[] = [];
    let [from, pages] = [undefined as string | undefined, 0];
    do {
      const common = { Bucket: "images", Delimiter: "/", MaxKeys: 2 };
      const page =
        version === 1
          ? await s3.send(new ListObjectsCommand({ ...common, Marker: from }))
          : await s3.send(new ListObjectsV2Command({ ...common, ContinuationToken: from }));
      seen.push(
        ...[
          ...(page.Contents ?? []).map(({ Key }) => Key!),
          ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix!),
        ],
      );
      from =
        "NextMarker" in page
          ? page.NextMarker
          : "NextContinuationToken" in page
            ? page.NextContinuationToken
            : undefined;
    } while (from !== undefined && ++pages < 5);
    expect(seen.sort()).toEqual(["a", "b/", "c", "d/", "z"]);
  });

  test("no keys at all were asked for", async () => {
    await put();
    expect(await s3.send(new ListObjectsV2Command({ Bucket: "images", MaxKeys: 0 }))).toMatchObject({
      IsTruncated: false,
      KeyCount: 0,
    });
  });
});

test("XML that is none is refused", async () => {
  const wide = await s3.send(new CreateBucketCommand({ Bucket: "wide", ACL: "public-read-write" }));
  expect(wide.Location).toBe("/wide");
  for (const body of [
    "",
    "<Delete>",
    "<Other/>",
    "text",
    '<!DOCTYPE a [<!ENTITY k "v">]><Delete><Object><Key>&k;</Key></Object></Delete>',
  ]) {
    const answer = await raw(emulator, "POST", "/wide?delete", {}, body);
    expect([answer.status, code(answer.text)]).toEqual([400, "MalformedXML"]);
  }
});

test("what clients ask of every bucket and object is answered", async () => {
  await put();
  expect((await s3.send(new GetBucketVersioningCommand(at))).Status).toBeUndefined();
  expect((await s3.send(new GetObjectTaggingCommand(at))).TagSet).toEqual([]);
  await expect(s3.send(new GetBucketPolicyCommand(at))).rejects.toMatchObject({ name: "NoSuchBucketPolicy" });
});
