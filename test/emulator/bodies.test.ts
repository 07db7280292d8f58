import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  ChecksumAlgorithm,
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { type Emulator, startEmulator } from "../../emulator";
import { noise, raw, sdkClient } from "./s3";

let emulator: Emulator;
afterEach(() => emulator.close());

/** The keys and the time of the examples in AWS's documentation of Signature Version 4 for S3. */
const examples = {
  accessKey: "AKIAIOSFODNN7EXAMPLE",
  secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  now: () => Date.parse("2013-05-24T00:00:00Z"),
};
const scope = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request";
const code = (text: string) => /<Code>(\w+)<\/Code>/.exec(text)?.[1];

describe("the examples of AWS's documentation", () => {
  beforeEach(async () => {
    emulator = await startEmulator(examples);
    await emulator.putObject("examplebucket", "there", Buffer.from("x"));
  });

  const chunk = (size: number, signature: string) =>
    `${size.toString(16)};chunk-signature=${signature}\r\n${"a".repeat(size)}\r\n`;
  const signedBody = [
    chunk(65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
    chunk(1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
    chunk(0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
  ].join("");
  const common = {
    host: "s3.amazonaws.com",
    "x-amz-date": "20130524T000000Z",
    "x-amz-storage-class": "REDUCED_REDUNDANCY",
    "content-encoding": "aws-chunked",
    "x-amz-decoded-content-length": "66560",
  };
  const putChunks = (
    body: string,
    signature = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
  ) =>
    raw(
      emulator,
      "PUT",
      "/examplebucket/chunkObject.txt",
      {
        ...common,
        "content-length": "66824",
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        authorization: `AWS4-HMAC-SHA256 Credential=${scope},SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,Signature=${signature}`,
      },
      body,
    );

  test("signed chunks", async () => {
    expect(await putChunks(signedBody)).toMatchObject({ status: 200 });
    const etag = createHash("md5").update("a".repeat(66560)).digest("hex");
    expect(emulator.objects()).toContainEqual(
      expect.objectContaining({ key: "chunkObject.txt", size: 66560, etag }),
    );
  });

  test.each([
    ["a byte of the first chunk", signedBody.replace("aaa", "aab")],
    ["a byte of the second", signedBody.replace(/a(\r\n0;)/, "b$1")],
    ["the last signature", signedBody.replace("b6c6ea", "b6c6eb")],
    ["one that is no signature", signedBody.replace("chunk-signature=00", "chunk-signature=zz")],
    ["chunks in another order", signedBody.replace("ad80c730", "0055627c")],
  ])("changed: %s", async (_what, body) => {
    expect(code((await putChunks(body)).text)).toBe("SignatureDoesNotMatch");
    expect(emulator.objects()).toHaveLength(1);
  });

  test("cut short: a last chunk that never came", async () => {
    const body = signedBody.slice(0, signedBody.lastIndexOf("0;chunk"));
    const answer = await putChunks(body.padEnd(66824, "\r\n"));
    expect([answer.status, code(answer.text)]).toEqual([400, "IncompleteBody"]);
  });

  test("a seed signature that is another's", async () => {
    const answer = await putChunks(
      signedBody,
      "5f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    );
    expect(code(answer.text)).toBe("SignatureDoesNotMatch");
  });

  const trailedBody = [
    chunk(65536, "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"),
    chunk(1024, "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7"),
    chunk(0, "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992").slice(0, -2),
    "x-amz-checksum-crc32c:sOO8/Q==\r\n",
    "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n",
  ].join("");
  const putTrailed = (body: string) =>
    raw(
      emulator,
      "PUT",
      "/examplebucket/chunkObject.txt",
      {
        ...common,
        "x-amz-trailer": "x-amz-checksum-crc32c",
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        authorization: `AWS4-HMAC-SHA256 Credential=${scope},SignedHeaders=content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer,Signature=106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e`,
      },
      body,
    );

  test("a signed trailer, with the checksum of the bytes", async () => {
    const answer = await putTrailed(trailedBody);
    expect(answer).toMatchObject({ status: 200, headers: { "x-amz-checksum-crc32c": "sOO8/Q==" } });
    expect(emulator.objects()).toContainEqual(
      expect.objectContaining({ key: "chunkObject.txt", size: 66560 }),
    );
  });

  test.each([
    ["another checksum", trailedBody.replace("sOO8", "sOO9"), "SignatureDoesNotMatch"],
    ["another signature", trailedBody.replace("d81f82", "d81f83"), "SignatureDoesNotMatch"],
    ["no signature", trailedBody.replace(/x-amz-trailer-signature.*\r\n/, ""), "SignatureDoesNotMatch"],
    ["no trailer", trailedBody.replace(/x-amz-checksum.*\r\n/, ""), "MalformedTrailerError"],
  ])("%s in the trailer", async (_what, body, name) => {
    expect(code((await putTrailed(body)).text)).toBe(name);
    expect(emulator.objects()).toHaveLength(1);
  });

  // These name the bucket in a host that is not the emulator's: that it is looked for at all says who was let in.
  const host = "examplebucket.s3.amazonaws.com";
  test.each([
    ["f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41", "NoSuchBucket"],
    ["f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb42", "SignatureDoesNotMatch"],
  ])("a signature in the headers: %s", async (signature, name) => {
    const answer = await raw(emulator, "GET", "/test.txt", {
      host,
      range: "bytes=0-9",
      "x-amz-date": "20130524T000000Z",
      "x-amz-content-sha256": createHash("sha256").digest("hex"),
      authorization: `AWS4-HMAC-SHA256 Credential=${scope},SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=${signature}`,
    });
    expect(code(answer.text)).toBe(name);
  });

  test.each([
    ["aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404", "NoSuchBucket"],
    ["aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d405", "SignatureDoesNotMatch"],
  ])("a signature in the query: %s", async (signature, name) => {
    const query = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(scope)}&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host`;
    const answer = await raw(emulator, "GET", `/test.txt?${query}&X-Amz-Signature=${signature}`, { host });
    expect(code(answer.text)).toBe(name);
  });
});

describe("checksums", () => {
  /** Of `123456789`: the check values of the CRC catalogue, and of `printf 123456789 | sha1sum`. */
  const known: [string, string][] = [
    ["crc32", "cbf43926"],
    ["crc32c", "e3069283"],
    ["crc64nvme", "ae8b14860a799888"],
    ["sha1", "f7c3bc1d808e04732adf679965ccc34ca7ae3441"],
    ["sha256", "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"],
  ];
  const put = (headers: Record<string, string>, body = "123456789") =>
    raw(emulator, "PUT", "/open/o", headers, body);

  beforeEach(async () => {
    emulator = await startEmulator();
    const s3 = sdkClient(emulator);
    // What nobody signed may be put here.
    await s3.send(new CreateBucketCommand({ Bucket: "open", ACL: "public-read-write" }));
    s3.destroy();
  });

  test.each(known)("%s in a header", async (name, hex) => {
    const header = `x-amz-checksum-${name}`;
    const right = Buffer.from(hex, "hex").toString("base64");
    expect(await put({ [header]: right })).toMatchObject({ status: 200, headers: { [header]: right } });
    const wrong = Buffer.alloc(hex.length / 2).toString("base64");
    expect(code((await put({ [header]: wrong })).text)).toBe("BadDigest");
    expect(code((await put({ [header]: "AAAA" })).text)).toBe("InvalidRequest");
    expect(emulator.objects()).toHaveLength(1);
  });

  const trailed = (trailer: string) => ({
    body: `4\r\n1234\r\n5\r\n56789\r\n0\r\n${trailer}\r\n\r\n`,
    headers: {
      "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      "x-amz-decoded-content-length": "9",
      "content-encoding": "aws-chunked",
    },
  });

  test.each(known)("%s in an unsigned trailer", async (name, hex) => {
    const header = `x-amz-checksum-${name}`;
    const send = (value: string) => {
      const { body, headers } = trailed(`${header}:${value}`);
      return put({ ...headers, "x-amz-trailer": header }, body);
    };
    expect((await send(Buffer.from(hex, "hex").toString("base64"))).status).toBe(200);
    expect(code((await send(Buffer.alloc(hex.length / 2).toString("base64"))).text)).toBe("BadDigest");
    expect(emulator.objects()).toMatchObject([
      { size: 9, etag: createHash("md5").update("123456789").digest("hex") },
    ]);
  });

  test("a trailer that was announced and does not come, and a length that is another", async () => {
    const { body, headers } = trailed("");
    const without = await put({ ...headers, "x-amz-trailer": "x-amz-checksum-crc32" }, body);
    expect(code(without.text)).toBe("MalformedTrailerError");
    const longer = await put({ ...headers, "x-amz-decoded-content-length": "10" }, body);
    expect(code(longer.text)).toBe("IncompleteBody");
    expect(emulator.objects()).toEqual([]);
  });

  test("more than one request may store, and a name that is too long", async () => {
    const { body, headers } = trailed("");
    const large = { ...headers, "x-amz-decoded-content-length": String(5 * 1024 ** 3 + 1) };
    const answer = await put(large, body);
    expect([answer.status, code(answer.text)]).toEqual([400, "EntityTooLarge"]);
    const long = await raw(emulator, "PUT", `/open/${"k".repeat(1025)}`, {}, "x");
    expect([long.status, code(long.text)]).toEqual([400, "KeyTooLongError"]);
  });

  test("Content-MD5", async () => {
    expect(
      (await put({ "content-md5": createHash("md5").update("123456789").digest("base64") })).status,
    ).toBe(200);
    expect(code((await put({ "content-md5": "AAAAAAAAAAAAAAAAAAAAAA==" })).text)).toBe("BadDigest");
    expect(code((await put({ "content-md5": "no" })).text)).toBe("InvalidDigest");
  });

  test.each(Object.values(ChecksumAlgorithm).filter((name) => /^(CRC|SHA(1|256)$)/.test(name)))(
    "%s as the AWS SDK computes it, of a buffer and of a stream",
    async (ChecksumAlgorithm) => {
      const s3 = sdkClient(emulator);
      const at = { Bucket: "open", Key: ChecksumAlgorithm };
      const body = noise(200_001);
      const sums: object[] = [];
      for (const Body of [body, Readable.from([body.subarray(0, 77_777), body.subarray(77_777)])]) {
        await s3.send(new PutObjectCommand({ ...at, Body, ContentLength: body.length, ChecksumAlgorithm }));
        sums.push(await s3.send(new HeadObjectCommand({ ...at, ChecksumMode: "ENABLED" })));
        // The SDK checks it on the way back too.
        const { Body: back } = await s3.send(new GetObjectCommand({ ...at, ChecksumMode: "ENABLED" }));
        expect(Buffer.from(await back!.transformToByteArray()).equals(body)).toBe(true);
      }
      const member = `Checksum${ChecksumAlgorithm}`;
      expect(sums[0]).toHaveProperty(member, expect.stringMatching(/=$/));
      expect(sums[1]).toHaveProperty(member, (sums[0] as Record<string, string>)[member]);
      s3.destroy();
    },
  );
});
