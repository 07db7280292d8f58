import { inspect } from "node:util";
import type { ScpClient } from "../../provider/api/client";
import {
  isConflict,
  isForbidden,
  isInvalid,
  isNotFound,
  isTransient,
  sanitize,
  ScpError,
} from "../../provider/api/errors";
import { clientFor, errorOf, fileUrl, imageId, keys, tiny } from "./client";
import { TestServer, type Answer, type Recorded } from "./server";
import { startEmulator, type Emulator } from "../../emulator";
import { qcow2 } from "../emulator/testing";

const now = Date.parse("2026-11-22T12:00:00Z");
const date = (offset = 0) => ({ date: new Date(now + offset).toUTCString() });
const envelope = (detail: unknown, code?: string) => JSON.stringify({ errors: [{ code, detail }] });
const once = { retryPolicy: { attempts: 1 }, now: () => now };

let server: TestServer;
let emulator: Emulator;
beforeAll(async () => {
  server = await TestServer.start();
  emulator = await startEmulator(keys);
  await emulator.putObject("images", "one.qcow2", qcow2());
});
afterAll(() => Promise.all([server.close(), emulator.close()]));

/** Servers of one test, closed however it ends. */
const opened: { close: () => Promise<unknown> }[] = [];
afterEach(() => Promise.all(opened.splice(0).map((each) => each.close())));
async function open(scheme: "http" | "https" = "http"): Promise<TestServer> {
  const own = await TestServer.start(scheme);
  opened.push(own);
  return own;
}
/** An address where nobody listens any more. */
async function deserted(): Promise<string> {
  const gone = await TestServer.start();
  const { url } = gone;
  await gone.close();
  return url;
}

async function failed(
  answer: Answer,
  call: (client: ScpClient) => Promise<unknown> = show,
): Promise<ScpError> {
  server.reset(answer);
  return errorOf(call(clientFor(server, once)));
}
const show = (client: ScpClient) => client.showImage(imageId);
const importing = (client: ScpClient) => client.importImage(imageId, fileUrl);
const creating = (client: ScpClient) =>
  client.createImage({ name: "golden", osDistro: "alma", url: fileUrl });

describe("each way to fail is told apart", () => {
  const predicates = { isInvalid, isForbidden, isNotFound, isConflict, isTransient };
  test.each([
    [400, "invalid", ["isInvalid"]],
    [401, "unauthorized", []],
    [403, "forbidden", ["isForbidden"]],
    [404, "notFound", ["isNotFound"]],
    [409, "conflict", ["isConflict"]],
    [429, "throttled", ["isTransient"]],
    [500, "server", ["isTransient"]],
    [502, "server", ["isTransient"]],
    [503, "server", ["isTransient"]],
    [504, "server", ["isTransient"]],
    [302, "unexpected", []],
    [418, "unexpected", []],
  ])("%i", async (status, failure, holding) => {
    const error = await failed({ status, body: envelope("said", "Code") });
    expect(error).toMatchObject({ failure, status, code: "Code", mayHaveWorked: status >= 500 });
    const held = Object.entries(predicates).filter(([, predicate]) => predicate(error));
    expect(held.map(([name]) => name)).toEqual(holding);
  });

  test("no answer at all", async () => {
    const error = await failed((response) => response.destroy());
    expect(error).toMatchObject({ failure: "noResponse", status: undefined, mayHaveWorked: true });
    expect(isTransient(error)).toBe(true);
    expect(error.message).toMatch(/^Show image \S+: no answer\. .+ Check the network, the proxy settings/);
  });

  test("an answer cut off in the middle is none", async () => {
    const error = await failed((response) => {
      response.writeHead(200, { "content-length": 100 }).write('{"id"', () => response.destroy());
    });
    expect(error).toMatchObject({
      failure: "noResponse",
      detail: "The answer was cut off",
      mayHaveWorked: true,
    });
  });

  test.each(["127.0.0.1", "localhost"])("nobody there, at %s", async (host) => {
    const url = (await deserted()).replace("127.0.0.1", host);
    const error = await errorOf(clientFor({ url }, once).showImage(imageId));
    expect(error).toMatchObject({ failure: "noResponse", mayHaveWorked: false });
    expect(error.message).toContain("ECONNREFUSED");
  });

  test("something that speaks no HTTP", async () => {
    const error = await failed((response) => response.socket!.end("SSH-2.0-OpenSSH_9.6\r\n\r\n"));
    expect(error).toMatchObject({ failure: "noResponse", mayHaveWorked: true });
  });

  test.each(["<html>Please log in.</html>", '{"id": "one", ', "null", "[]", '"text"', ""])(
    "a success that is none: %s",
    async (body) => {
      const error = await failed({ status: 200, body, headers: { "content-type": "text/html" } });
      expect(error).toMatchObject({ failure: "unexpected", status: 200, mayHaveWorked: true });
      expect(error.message).toContain(body === "" ? "it is empty" : body.trim());
      expect(error.message).toContain("text/html");
    },
  );

  test("predicates are false of anything else", () => {
    for (const foreign of [new Error("404"), { failure: "notFound" }, undefined, "notFound"]) {
      for (const predicate of Object.values(predicates)) expect(predicate(foreign)).toBe(false);
    }
  });
});

describe("what the message says", () => {
  test("400: what was tried, on what, the service's own words, what to do", async () => {
    const { message } = await failed(
      { status: 400, body: envelope("URL must end with '.qcow2'", "ValidationError") },
      creating,
    );
    expect(message).toBe(
      'Create image "golden": 400 the service refuses the request. ' +
        "ValidationError: URL must end with '.qcow2'. " +
        "Correct what it complains about; the same request would be refused again.",
    );
  });

  test("400 for the URL: that it may not be public, and the other path form", async () => {
    const answer = {
      status: 400,
      body: envelope("Object Storage URL for the Image file is invalid.", "Image.InvalidObjectStorageUrl"),
    };
    for (const call of [creating, importing]) {
      const { message } = await failed(answer, call);
      expect(message).toContain(
        "Image.InvalidObjectStorageUrl: Object Storage URL for the Image file is invalid. As a rule the object does not exist, or is not " +
          "public (its own ACL must be public-read;",
      );
      expect(message).toMatch(
        /try https:\/\/object-store\.kr-west1\.s\.samsungsdscloud\.com\/8989447062e04a818baf9e073fd04fa7:bucket\/object\.qcow2\.$/,
      );
    }
  });

  test("401: which key, which secret, and by how much the clock differs", async () => {
    const { message } = await failed({
      status: 401,
      headers: date(7 * 60_000 + 20_000),
      body: envelope("The signature does not match.", "Unauthorized"),
    });
    expect(message).toBe(
      `Show image ${imageId}: 401 the service does not accept the signature. Unauthorized: The signature does not match. ` +
        "The access key (from environment variable SCP_ACCESS_KEY), the secret key (from Pulumi config scp:secretKey) " +
        "or this machine's clock may be wrong. The clock is 7 min behind the service's. Up to 5 minutes' difference is accepted.",
    );
  });

  test.each([
    [date(-90_000), "The clock is 90 s ahead of the service's."],
    [date(-6 * 3_600_000), "The clock is 360 min ahead of the service's."],
    [date(30_000), "The clock is 30 s behind the service's."],
    [date(1000), "The clock agrees with the service's."],
    [{ date: "yesterday" }, "The answer does not tell the service's time."],
  ])("401 with %j", async (headers, words) => {
    const { message } = await failed({ status: 401, headers });
    expect(message).toContain(`clock may be wrong. ${words} `);
  });

  test("401 of the emulator, whose clock is an hour off", async () => {
    const other = await startEmulator({ ...keys, now: () => now + 3_600_000 });
    opened.push(other);
    const client = clientFor(other, once);
    const { message } = await errorOf(client.showImage(imageId));
    expect(message).toContain("The clock is 60 min behind the service's.");
    expect(client.serverNow()).toBe(now + 3_600_000);
  });

  test("403", async () => {
    const { message } = await failed({ status: 403, body: envelope("No policy allows this") });
    expect(message).toBe(
      `Show image ${imageId}: 403 this is not allowed. No policy allows this. ` +
        "The key pair is accepted, but its user lacks the permission, or the image forbids it.",
    );
  });

  test.each([
    ["Show", show],
    ["Update", (client: ScpClient) => client.updateImage(imageId, {})],
    ["Delete", (client: ScpClient) => client.deleteImage(imageId)],
  ])("404, %s", async (verb, call) => {
    const { message } = await failed({ status: 404, body: envelope("No image found") }, call);
    expect(message).toBe(
      `${verb} image ${imageId}: 404 not found. No image found. It was deleted, or belongs to another account or region.`,
    );
  });

  test("404, import", async () => {
    const { message } = await failed({ status: 404, body: envelope("No image found") }, importing);
    expect(message).toContain("It was deleted, or belongs to another account or region.");
  });

  test("409: what an import needs", async () => {
    const { id } = await clientFor(emulator).createImage({
      name: "one",
      osDistro: "alma",
      url: emulator.objectUrl("images", "one.qcow2"),
    });
    await emulator.settled(id);
    const url = emulator.objectUrl("images", "one.qcow2");
    const { message } = await errorOf(clientFor(emulator).importImage(id, url));
    const request = /\(request req-[0-9a-f-]+\)/.exec(message)?.[0];
    expect(message).toBe(
      `Import image ${id} from ${url}: 409 conflict with the image's present state ${request}. ` +
        "Conflict: Image with status active cannot be target for import. An import needs an image that is queued " +
        "and has no import under way; an active image cannot be imported into again.",
    );
  });

  test("409 of anything else", async () => {
    const { message } = await failed({ status: 409 }, (client) => client.deleteImage(imageId));
    expect(message).toBe(
      `Delete image ${imageId}: 409 conflict with the image's present state. Something else may be under way on it; run again when that has ended.`,
    );
  });

  test("429 and 5xx", async () => {
    const { message } = await failed({ status: 429 });
    expect(message).toBe(
      `Show image ${imageId}: 429 too many requests. Too many requests at once; try again later, or set scp:maxRequests lower.`,
    );
    expect((await failed({ status: 503, body: "upstream is down" })).message).toBe(
      `Show image ${imageId}: 503 the service failed. upstream is down. This is the service's trouble, not the request's; run again later.`,
    );
  });

  test("an image that was made from a server keeps its minDisk", async () => {
    await emulator.setImage("from-server", { volumes: "[]" });
    const error = await errorOf(clientFor(emulator).updateImage("from-server", { minDisk: 1 }));
    expect(error.code).toBe("Image.InvalidVolumeOnMinDiskUpdate");
    expect(error.message).toContain("cannot have its minDisk changed; leave it as it is.");
  });

  test.each<[string, string, string | undefined, string]>([
    ["a text", envelope("one"), undefined, "one"],
    ["a list", envelope(["one", "two"], "C"), "C", "one; two"],
    [
      "several errors",
      '{"errors":[{"detail":"one"},{"detail":["two","three"]}]}',
      undefined,
      "one; two; three",
    ],
    ["no detail but a code", envelope(undefined, "OnlyCode"), "OnlyCode", '{"errors":[{"code":"OnlyCode"}]}'],
    [
      "a null detail",
      '{"errors":[{"detail":null,"title":"T"}]}',
      undefined,
      '{"errors":[{"detail":null,"title":"T"}]}',
    ],
    ["an object", envelope({ a: 1 }), undefined, '{"errors":[{"detail":{"a":1}}]}'],
    ["a code that is a number", '{"errors":[{"code":7,"detail":"one"}]}', undefined, "one"],
    ["no errors", '{"errors":[]}', undefined, '{"errors":[]}'],
    ["errors of another kind", '{"errors":["one"]}', undefined, '{"errors":["one"]}'],
    ["another envelope", '{"message":"one"}', undefined, '{"message":"one"}'],
    ["null", "null", undefined, "null"],
    ["nothing", "", undefined, ""],
    ["no JSON", "<h1>Bad\n  gateway</h1>", undefined, "<h1>Bad gateway</h1>"],
    ["half of JSON", '{"errors":[{"detail":', undefined, '{"errors":[{"detail":'],
  ])("the service's own words: %s", async (_name, body, code, detail) => {
    expect(await failed({ status: 400, body })).toMatchObject({ code, detail });
  });

  test("a long text is cut short, and says so", async () => {
    const { message, detail } = await failed({ status: 502, body: `<html>${"x".repeat(100_000)}` });
    expect(detail).toBe(`<html>${"x".repeat(394)} … (cut short, 100006 characters)`);
    expect(message.length).toBeLessThan(700);
  });
});

describe("hostile answers", () => {
  const escape = "\u001b";
  test.each([
    [`${escape}[31mred${escape}[0m`, "red"],
    [`${escape}]0;title\u0007text`, "text"],
    [`${escape}]8;;http://evil.example${escape}\\link`, "link"],
    [`a${escape}cb`, "ab"],
    ["a\r\nb\tc\u0000d\u0008e", "a b c d e"],
    ["\u009b31mcsi", "31mcsi"],
    ["pay\u202elanoisses\u2066x", "pay lanoisses x"],
    ["line\u2028line", "line line"],
    [`${escape}[${"0".repeat(50)}`, "0".repeat(50)],
    [escape, ""],
  ])("terminal escapes and control characters: %j", async (text, shown) => {
    for (const body of [envelope(text), text]) {
      expect(await failed({ status: 400, body })).toMatchObject({ detail: shown });
    }
    const { code, message } = await failed({ status: 400, body: envelope("", text) });
    expect(code).toBe(shown);
    // eslint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(message).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  });

  test("headers are foreign texts too", async () => {
    const headers = { "content-type": "text/\u009b31m", "x-request-id": "\u009b31m", location: "\u009b31m" };
    for (const status of [200, 302, 400]) {
      const { message } = await failed({ status, headers, body: "x" });

      expect(message).not.toMatch(/[\u0080-\u009f]/);
    }
  });

  test("a body that is too large is not read to its end", async () => {
    emulator.faults.add({ kind: "huge", operation: "showImage", bytes: 20 * 1024 * 1024, times: "always" });
    const error = await errorOf(clientFor(emulator, once).showImage(imageId));
    emulator.faults.clear();
    expect(error).toMatchObject({ failure: "unexpected", detail: "The answer is larger than 16 MB" });
  });

  test("texts made to be slow are not", () => {
    const traps = [escape, `${escape}[`, `${escape}]`, "\\", " ", "&#x", "%", "\u202e"];
    const started = performance.now();
    for (const trap of traps) sanitize(trap.repeat(300_000), Object.values(keys));
    expect(performance.now() - started).toBeLessThan(2000);
  });

  test("JSON nested without end", async () => {
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    expect(await failed({ status: 400, body: `{"errors":[{"detail":${deep}}]}` })).toBeInstanceOf(ScpError);
    expect(await failed({ status: 200, body: deep })).toMatchObject({ failure: "unexpected" });
    const volumes = JSON.stringify(deep);
    server.reset({ body: `{"id":"one","name":"n","status":"active","volumes":${volumes}}` });
    await expect(clientFor(server).showImage("one")).resolves.toMatchObject({ volumes: [] });
  });

  test("keys that mean something to JavaScript, in an error", async () => {
    const body =
      '{"__proto__":{"errors":[{"detail":"poison"}]},"errors":[{"__proto__":{"code":"poison"},"detail":"d"}]}';
    expect(await failed({ status: 400, body })).toMatchObject({ code: undefined, detail: "d" });
    expect(({} as Record<string, unknown>).errors).toBeUndefined();
  });

  test.each([301, 302, 303, 307, 308])(
    "a redirect (%i) to another host is told, not followed",
    async (status) => {
      const other = await open();
      for (const call of [show, importing]) {
        const error = await failed({ status, headers: { location: `${other.url}/steal` } }, call);
        expect(error).toMatchObject({
          failure: "unexpected",
          status,
          detail: `It redirects to ${other.url}/steal`,
          mayHaveWorked: false,
        });
        expect(server.requests).toHaveLength(1);
      }
      expect(other.connections).toBe(0);
    },
  );

  test("a redirect to itself, without end, is asked once", async () => {
    server.reset((response, { target }) => {
      response.writeHead(302, { location: target }).end();
    });
    await errorOf(clientFor(server).showImage(imageId));
    expect(server.requests).toHaveLength(1);
  });
});

describe("no key, secret or signature in what is thrown or logged", () => {
  const { accessKey, secretKey } = keys;
  const signatureOf = ({ headers }: Recorded) => headers["scp-signature"] as string;

  /** The spellings that texts on the web give to a secret. */
  const spellings: ((secret: string) => string)[] = [
    (secret) => secret,
    (secret) => encodeURIComponent(secret),
    (secret) => encodeURIComponent(secret).toLowerCase(),
    (secret) => secret.toUpperCase(),
    (secret) => secret.replaceAll("/", "\\/"),
    (secret) => secret.replaceAll("=", "\\u003d").replaceAll("+", "\\u002B"),
    (secret) => secret.replaceAll("=", "&#61;").replaceAll("+", "&#x2B;").replaceAll("/", "&#x2f;"),
  ];
  /** All that a server can say about a request that it wants to see in somebody's log; each short enough to be shown whole. */
  const gossip = (request: Recorded) => [
    JSON.stringify(request.headers),
    ...spellings.map((spell) => [accessKey, secretKey, signatureOf(request)].map(spell).join(" ")),
  ];

  /** Everything that could be printed of an error, with its causes. */
  function said(error: unknown): string {
    const texts: string[] = [];
    for (let each = error; each instanceof Error; each = each.cause) {
      texts.push(
        ...[String(each), each.stack ?? "", JSON.stringify(each)],
        inspect(each, { depth: 10, showHidden: true, getters: true, maxArrayLength: 50 }),
      );
    }
    return texts.join("\n");
  }

  function expectSilence(error: unknown, requests: readonly Recorded[]) {
    const text = said(error).toLowerCase();
    const leaks = (secret: string) =>
      [
        ...[secret, encodeURIComponent(secret), secret.replaceAll("/", "\\/")],
        // The letters alone, whatever became of the other signs.
        ...secret.split(/[^A-Za-z0-9]+/).filter((part) => part.length > 7),
      ].filter((spelling) => text.includes(spelling.toLowerCase()));
    expect({ leaks: [accessKey, secretKey, ...requests.map(signatureOf)].flatMap(leaks) }).toEqual({
      leaks: [],
    });
  }

  let logs: jest.SpyInstance[];
  beforeEach(() => {
    const methods = ["log", "info", "warn", "error", "debug"] as const;
    logs = methods.map((method) => jest.spyOn(console, method).mockImplementation());
  });
  afterEach(() => {
    for (const log of logs) {
      expect(log).not.toHaveBeenCalled();
      log.mockRestore();
    }
  });

  const bodies: Record<string, (words: string) => string> = {
    "a detail": (words) => envelope(words),
    "a list of details, and the code": (words) => envelope(["You sent", words], words),
    "an envelope of another kind": (words) => JSON.stringify({ you: { sent: words } }),
    "no JSON": (words) => `<html>${words}`,
  };
  const echoing = [200, 302, 400, 401, 403, 404, 409, 418, 429, 500, 503].flatMap((status) =>
    Object.keys(bodies).map((kind) => ({ status, kind })),
  );
  test.each(echoing)("$status that echoes them in $kind", async ({ status, kind }) => {
    for (const index of Array(spellings.length + 1).keys()) {
      const error = await failed((response, request) => {
        response.writeHead(status).end(bodies[kind]!(gossip(request)[index]!));
      });
      expect(error.status).toBe(status);
      expectSilence(error, server.requests);
    }
  });

  test.each(["content-type", "x-request-id", "location", "retry-after", "date"])(
    "the header %s",
    async (name) => {
      for (const status of [200, 307, 401, 503]) {
        for (const secret of [() => accessKey, () => secretKey, signatureOf]) {
          const error = await failed((response, request) => {
            response.writeHead(status, { [name]: secret(request) }).end("x");
          });
          expectSilence(error, server.requests);
        }
      }
    },
  );

  const broken: [string, Answer][] = [
    ["a reset", (response) => response.socket!.resetAndDestroy()],
    ["silence", () => undefined],
    [
      "a status line that holds them",
      (response, request) => response.socket!.end(gossip(request).join("\r\n")),
    ],
    [
      "an answer cut off",
      (response, request) => {
        const text = gossip(request).join();
        response.writeHead(200, { "content-length": text.length + 9 }).write(text, () => response.destroy());
      },
    ],
    [
      "a body that is not what it says",
      { status: 200, headers: { "content-encoding": "gzip" }, body: "not compressed" },
    ],
  ];
  test.each(broken)("%s", async (_name, answer) => {
    server.reset(answer);
    // Long enough for a request to arrive on a busy machine; only silence waits for it to pass.
    const client = clientFor(server, { retryPolicy: { attempts: 1, responseTimeout: 2_000 } });
    const error = await errorOf(client.showImage(imageId));
    expect(error.failure).toBe("noResponse");
    expect(server.requests).toHaveLength(1);
    expectSilence(error, server.requests);
  });

  test("escapes in the midst of them, which are taken out", async () => {
    for (const kind of ["a detail", "a list of details, and the code", "no JSON"]) {
      for (const secret of [() => accessKey, () => secretKey, signatureOf]) {
        const error = await failed((response, request) => {
          const text = secret(request);
          response.writeHead(400).end(bodies[kind]!(`${text.slice(0, 4)}\u001b[0m${text.slice(4)}`));
        });
        expectSilence(error, server.requests);
      }
    }
  });

  test("a body that is too large", async () => {
    const error = await failed((response, request) => {
      response.end(gossip(request).join().repeat(60_000));
    });
    expectSilence(error, server.requests);
  });

  test("a certificate that is not trusted", async () => {
    const secure = await open("https");
    const error = await errorOf(clientFor(secure).showImage(imageId));
    expect(error).toMatchObject({ failure: "unexpected", mayHaveWorked: false });
    expect(secure.requests).toEqual([]);
    expectSilence(error, []);
  });

  test("nobody there, and TLS where there is none", async () => {
    for (const endpoint of [await deserted(), server.url.replace("http:", "https:")]) {
      expectSilence(await errorOf(clientFor({ url: endpoint }, once).showImage(imageId)), []);
    }
  });

  test("the check itself finds what axios would have told", () => {
    const axios = Object.assign(new Error("failed"), { config: { headers: { "Scp-Accesskey": accessKey } } });
    const hidden = Object.defineProperty(new Error("failed"), "request", { value: { key: secretKey } });
    for (const leak of [axios, hidden, new Error("failed", { cause: axios }), new Error(secretKey)]) {
      expect(() => {
        expectSilence(leak, []);
      }).toThrow("leaks");
    }
  });

  test("a text without secrets stays whole", () => {
    expect(sanitize("The key=value / pair + more", ["", ...Object.values(keys)])).toBe(
      "The key=value / pair + more",
    );
    expect(sanitize(tiny().body, [secretKey])).toBe(tiny().body);
  });
});
