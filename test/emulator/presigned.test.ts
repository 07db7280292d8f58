import {
  CreateBucketCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { type Emulator, startEmulator } from "../../emulator";
import { raw, sdkClient, virtualHostClient } from "./s3";

let emulator: Emulator;
let s3: S3Client;
let skew = 0;
beforeAll(async () => {
  emulator = await startEmulator({ now: () => Date.now() + skew });
  s3 = sdkClient(emulator);
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
const put = (more: object = {}) => s3.send(new PutObjectCommand({ ...at, Body: "0123456789", ...more }));
const code = (answer: string) => /<Code>(\w+)<\/Code>/.exec(answer)?.[1];

describe("presigned URLs", () => {
  const clients = [
    ["path style", () => sdkClient(emulator)],
    ["virtual-host style", () => virtualHostClient(emulator)],
  ] as const;
  const send = (url: string, method: string, body?: string) => {
    const { host, pathname, search } = new URL(url);
    return raw(emulator, method, pathname + search, { host }, body);
  };

  test.each(clients)("read, until they expire: %s", async (_name, clientFor) => {
    await put();
    const client = clientFor();
    const url = await getSignedUrl(client, new GetObjectCommand({ ...at, ResponseContentType: "text/x" }), {
      expiresIn: 600,
    });
    expect(await send(url, "GET")).toMatchObject({
      status: 200,
      text: "0123456789",
      headers: { "content-type": "text/x" },
    });
    expect(code((await send(url, "PUT", "x")).text)).toBe("SignatureDoesNotMatch");
    expect(code((await send(url.replace("an%20image", "another"), "GET")).text)).toBe(
      "SignatureDoesNotMatch",
    );
    expect(code((await send(url.replace("Expires=600", "Expires=6000"), "GET")).text)).toBe(
      "SignatureDoesNotMatch",
    );
    skew = 540_000;
    expect((await send(url, "GET")).status).toBe(200);
    skew = 601_000;
    const late = await send(url, "GET");
    expect([late.status, code(late.text)]).toEqual([403, "AccessDenied"]);
    skew = -16 * 60_000;
    expect((await send(url, "GET")).status).toBe(403);
    client.destroy();
  });

  test.each(clients)("write, with what the URL says of the object: %s", async (_name, clientFor) => {
    const client = clientFor();
    const command = new PutObjectCommand({ ...at, ACL: "public-read", Metadata: { one: "1" } });
    const url = await getSignedUrl(client, command, { expiresIn: 60 });
    expect((await send(url, "PUT", "by URL")).status).toBe(200);
    expect(emulator.objects()).toMatchObject([{ acl: "public-read", metadata: { one: "1" }, size: 6 }]);
    client.destroy();
  });

  test("of the list of buckets", async () => {
    const url = await getSignedUrl(s3, new ListBucketsCommand({}), { expiresIn: 60 });
    expect((await send(url, "GET")).text).toContain("<Bucket><Name>images</Name>");
  });

  test("of a part", async () => {
    const url = await getSignedUrl(s3, new UploadPartCommand({ ...at, UploadId: "2~none", PartNumber: 1 }), {
      expiresIn: 60,
    });
    expect(code((await send(url, "PUT", "x")).text)).toBe("NoSuchUpload");
  });

  test("for longer than a week there are none, nor with two signatures, nor half of one", async () => {
    await put();
    const url = await getSignedUrl(s3, new GetObjectCommand(at), { expiresIn: 604_800 });
    expect((await send(url, "GET")).status).toBe(200);
    const { pathname, search } = new URL(url);
    const twice = await raw(emulator, "GET", pathname + search, { authorization: "AWS4-HMAC-SHA256 x" });
    expect(code(twice.text)).toBe("InvalidArgument");
    for (const [from, to] of [
      ["=604800", "=604801"],
      ["=604800", "=0"],
      ["AWS4-HMAC-SHA256", "AWS4"],
      [/&X-Amz-Signature=.*?(?=&|$)/, ""],
    ] as const) {
      expect(code((await send(url.replace(from, to), "GET")).text)).toBe("AuthorizationQueryParametersError");
    }
  });

  test("a header that was not signed is no part of the request", async () => {
    const url = await getSignedUrl(s3, new PutObjectCommand(at), { expiresIn: 60 });
    const { pathname, search } = new URL(url);
    const answer = await raw(emulator, "PUT", pathname + search, { "x-amz-acl": "public-read" }, "x");
    expect(code(answer.text)).toBe("AccessDenied");
    expect(emulator.objects()).toEqual([]);
  });
});
