import http from "node:http";
import type { AddressInfo } from "node:net";
import { Connection } from "../../provider/object-storage/connection";
import { S3Operations } from "../../provider/object-storage/operations";
import { ObjectStorageError } from "../../provider/object-storage/errors";
import { ObjectStore } from "../../provider/object-storage/store";
import { TestServer, type Answer } from "../api/server";
import { startEmulator, type Emulator } from "../../emulator";
import { hasty, MiB } from "./world";

const accessKey = "THE-ACCESS-KEY";
const secretKey = "the/secret+key==";

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.close());
const stores: ObjectStore[] = [];
afterEach(() => {
  stores.splice(0).forEach((store) => {
    store.close();
  });
});

function storeAt(endpoint: string, more = {}): ObjectStore {
  const store = new ObjectStore(
    { endpoint, region: "kr-west1", accessKey, secretKey },
    { patience: { ...hasty, ...more } },
  );
  stores.push(store);
  return store;
}

async function failureOf(work: Promise<unknown>): Promise<ObjectStorageError> {
  const error: unknown = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(ObjectStorageError);
  return error as ObjectStorageError;
}

const xml = (status: number, code: string, message = "Words of the service."): Answer => ({
  status,
  headers: { "content-type": "application/xml" },
  body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message><RequestId>tx-1</RequestId></Error>`,
});

const table: [number, string, string, number][] = [
  [404, "NoSuchBucket", "noBucket", 1],
  [403, "AccessDenied", "forbidden", 1],
  [403, "InvalidAccessKeyId", "credentials", 1],
  [403, "SignatureDoesNotMatch", "credentials", 1],
  [403, "RequestTimeTooSkewed", "clock", 2],
  [301, "PermanentRedirect", "region", 1],
  [400, "AuthorizationHeaderMalformed", "region", 1],
  [400, "IllegalLocationConstraintException", "region", 1],
  [403, "QuotaExceeded", "quota", 1],
  [400, "EntityTooLarge", "quota", 1],
  [402, "ServiceQuotaExceededException", "quota", 1],
  [503, "SlowDown", "busy", 4],
  [500, "InternalError", "server", 4],
  [404, "NoSuchUpload", "noUpload", 1],
  [400, "RequestTimeout", "noResponse", 4],
  [400, "SomethingElse", "invalid", 1],
  [501, "NotImplemented", "invalid", 1],
];

test.each(table)("%d %s is told as %s, after %d tries", async (status, code, failure, tries) => {
  server.reset(xml(status, code));
  const error = await failureOf(storeAt(server.url).publish("images", "a.qcow2"));
  expect(error).toMatchObject({ failure, status, code });
  expect(error.message).toMatch(
    new RegExp(
      `^Publish images/a.qcow2: ${status} .* \\(request tx-1\\)\\. ${code}: Words of the service\\.`,
    ),
  );
  expect(server.requests).toHaveLength(tries);
});

test("what the refused look at an object was about, a second request tells: a HEAD has no body", async () => {
  server.reset({ status: 403 }, xml(403, "RequestTimeTooSkewed"));
  expect(await failureOf(storeAt(server.url).show("images", "a"))).toMatchObject({ failure: "clock" });
  server.reset({ status: 404 }, xml(404, "NoSuchBucket"));
  expect(await failureOf(storeAt(server.url).show("images", "a"))).toMatchObject({ failure: "noBucket" });
  server.reset({ status: 404 }, xml(404, "NoSuchKey"));
  expect(await storeAt(server.url).show("images", "a")).toBeUndefined();
});

test.each([
  ["a page", { status: 404, headers: { "content-type": "text/html" }, body: "<html>Not here</html>" }],
  ["nothing", { status: 404 }],
  [
    "a success that is a page",
    { status: 200, headers: { "content-type": "text/html" }, body: "<html>Log in</html>" },
  ],
])("an object is not gone because something answers 404 with %s", async (_, answer) => {
  server.reset({ status: 404 }, answer);
  const error = await failureOf(storeAt(server.url).show("images", "a"));
  expect(["unexpected", "invalid"]).toContain(error.failure);
});

test("a proxy's page is told as such, and tried again only where it says that it passes", async () => {
  const page = (status: number): Answer => ({
    status,
    headers: { "content-type": "text/html" },
    body: "<html>Log\u001b[31m in\n first</html>",
  });
  for (const [status, tries] of [
    [200, 1],
    [407, 1],
    [502, 4],
  ] as const) {
    server.reset(page(status));
    const error = await failureOf(storeAt(server.url).list("images", ""));
    expect(error.message).toContain(
      "The body (text/html) is none of Object Storage's: <html>Log in first</html>.",
    );
    expect(error.message).toContain("something else may answer");
    expect(server.requests).toHaveLength(tries);
  }
});

test("an answer without what it is for is none", async () => {
  server.reset({
    status: 200,
    headers: { "content-type": "application/xml" },
    body: "<AccessControlPolicy/>",
  });
  expect(await failureOf(storeAt(server.url).isPublic("images", "a"))).toMatchObject({
    failure: "unexpected",
  });
  server.reset({ status: 200, headers: { "content-type": "application/xml" }, body: "<ListBucketRes" });
  expect((await failureOf(storeAt(server.url).list("images", ""))).failure).toBe("unexpected");
});

test("a listing whose pages never end is an error", async () => {
  const body =
    "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>same</NextContinuationToken></ListBucketResult>";
  server.reset({ status: 200, headers: { "content-type": "application/xml" }, body });
  expect(await failureOf(storeAt(server.url).list("images", ""))).toMatchObject({ failure: "unexpected" });
  expect(server.requests).toHaveLength(2);
});

test("a connection refused, a broken one and a silent one", async () => {
  const closed = await TestServer.start();
  const { url } = closed;
  await closed.close();
  const refused = await failureOf(storeAt(url).buckets());
  expect(refused).toMatchObject({ failure: "noResponse" });
  expect(refused.message).toMatch(/^List the buckets: no answer\. .*ECONNREFUSED.* Check the network/);
  server.reset((response) => response.socket?.destroy());
  expect(await failureOf(storeAt(server.url).buckets())).toMatchObject({ failure: "noResponse" });
  server.reset(() => undefined);
  const silent = await failureOf(storeAt(server.url, { silence: 50, attempts: 2 }).buckets());
  expect(silent).toMatchObject({ failure: "noResponse" });
  expect(silent.message).toContain("timed out after 50 ms of inactivity");
  expect(server.requests).toHaveLength(2);
});

test("a slow connection is not a silent one", async () => {
  const body = Buffer.alloc(96 * MiB);
  const silence = 1_000;
  let took = 0;
  const slow = http.createServer((request, response) => {
    const started = performance.now();
    const read = () => {
      request.pause();
      setTimeout(() => request.resume(), 1);
    };
    request.on("data", read).on("end", () => {
      took = performance.now() - started;
      response.writeHead(200, { etag: '"e"' }).end();
    });
  });
  await new Promise<void>((resolve) => slow.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`;
  const settings = { endpoint, region: "kr-west1", accessKey, secretKey };
  const connection = new Connection(settings, { ...hasty, attempts: 1, silence });
  const place = { bucket: "images", key: "a" };
  const etag = await new S3Operations(connection).uploadPart(
    place,
    "id",
    { number: 1, body },
    { operation: "Send" },
  );
  expect(etag).toBe("e");
  expect(took).toBeGreaterThan(silence);
  connection.close();
  slow.close();
});

test("a certificate that nobody vouches for", async () => {
  const tls = await TestServer.start("https");
  const error = await failureOf(storeAt(tls.url).buckets());
  await tls.close();
  expect(error).toMatchObject({ failure: "untrusted" });
  expect(error.message).toContain("NODE_EXTRA_CA_CERTS");
  expect(tls.requests).toEqual([]);
});

test("no key and no signature leaves, whatever the service says back", async () => {
  server.reset((response, { headers }) => {
    const { authorization = "" } = headers;
    response.writeHead(403, { "content-type": "application/xml" });
    response.end(
      `<Error><Code>SignatureDoesNotMatch</Code><Message>${accessKey} ${encodeURIComponent(secretKey)} ${authorization}</Message></Error>`,
    );
  });
  const error = await failureOf(storeAt(server.url).buckets());
  const [, signature] = /Signature=([0-9a-f]{64})/.exec(server.last.headers.authorization ?? "") ?? [];
  for (const text of [error.message, JSON.stringify(error), String(error.stack)]) {
    for (const secret of [accessKey, secretKey, encodeURIComponent(secretKey), signature!]) {
      expect(text).not.toContain(secret);
    }
  }
  expect(error.message).toContain("[redacted]");
  expect(error.cause).toBeUndefined();
});

test.each(["http://object-store.example", "ftp://127.0.0.1", "nothing", "https://user:pass@host"])(
  "no store at %s",
  (endpoint) => {
    expect(() => storeAt(endpoint)).toThrow(ObjectStorageError);
  },
);

test("what other tools' variables say changes nothing", async () => {
  const others = {
    AWS_USE_FIPS_ENDPOINT: "true",
    AWS_USE_DUALSTACK_ENDPOINT: "true",
    AWS_ENDPOINT_URL: "http://127.0.0.1:9",
    AWS_REGION: "x",
    AWS_PROFILE: "none",
    AWS_MAX_ATTEMPTS: "9",
  };
  Object.assign(process.env, others);
  try {
    server.reset(xml(403, "AccessDenied"));
    expect(await failureOf(storeAt(server.url).buckets())).toMatchObject({ failure: "forbidden" });
    expect(server.requests).toHaveLength(1);
    expect(server.last.headers.authorization).toContain("/kr-west1/s3/");
  } finally {
    Object.keys(others).forEach((key) => Reflect.deleteProperty(process.env, key));
  }
});

describe("a bucket", () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startEmulator();
    await emulator.putObject("images", "a", Buffer.from("a"));
  });
  afterAll(() => emulator.close());

  const storeOf = (more: Partial<{ region: string; accessKey: string; secretKey: string }> = {}) => {
    const { accessKey, secretKey, region } = emulator.options;
    const store = new ObjectStore(
      { endpoint: emulator.objectStorageUrl, region, accessKey, secretKey, ...more },
      { patience: hasty },
    );
    stores.push(store);
    return store;
  };

  test("that is there passes; one that is not is told, with those that are", async () => {
    await storeOf().checkBucket("images");
    const error = await failureOf(storeOf().checkBucket("imags"));
    expect(error).toMatchObject({ failure: "noBucket" });
    expect(error.message).toContain("The account's own buckets: images.");
  });

  test("that another's keys, or wrong ones, ask for", async () => {
    expect(await failureOf(storeOf({ secretKey: "wrong" }).checkBucket("images"))).toMatchObject({
      failure: "credentials",
    });
    expect(await failureOf(storeOf({ accessKey: "UNKNOWN" }).checkBucket("images"))).toMatchObject({
      failure: "credentials",
    });
  });

  test("that is the account's own and closed to the user, or another account's", async () => {
    const own =
      "<ListAllMyBucketsResult><Buckets><Bucket><Name>images</Name></Bucket></Buckets></ListAllMyBucketsResult>";
    const listed: Answer = { status: 200, headers: { "content-type": "application/xml" }, body: own };
    server.reset(xml(403, "AccessDenied"), listed);
    expect((await failureOf(storeAt(server.url).checkBucket("images"))).message).toContain(
      "lacks the permission to list it",
    );
    server.reset(xml(403, "AccessDenied"), listed);
    expect((await failureOf(storeAt(server.url).checkBucket("backups"))).message).toContain(
      "The account's own buckets: images.",
    );
  });
});
