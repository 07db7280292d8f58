import { spawnSync } from "node:child_process";
import { clientType, encodeUrl, signedHeaders } from "../../provider/api/sign";
import { clientFor, keys, tiny } from "./client";
import { isSigned, TestServer } from "./server";
import { knownSignatures } from "./signatures";
import { startEmulator } from "../../emulator";

describe("known answers", () => {
  test.each(knownSignatures)("$name", (known) => {
    const url = encodeUrl(known.base, known.path, known.query);
    expect(url).toBe(known.url);
    expect(signedHeaders({ ...known, url })).toEqual({
      "Scp-Accesskey": known.accessKey,
      "Scp-Signature": known.signature,
      "Scp-Timestamp": String(known.timestamp),
      "Scp-ClientType": "Openapi",
    });
  });

  const openssl = spawnSync("openssl", ["version"]).status === 0;
  (openssl ? test : test.skip)("openssl on this machine says the same", () => {
    for (const { method, url, timestamp, accessKey, secretKey, signature } of knownSignatures) {
      const input = `${method}${url}${timestamp}${accessKey}${clientType}`;
      const { stdout } = spawnSync("openssl", ["dgst", "-sha256", "-hmac", secretKey, "-binary"], { input });
      expect(stdout.toString("base64")).toBe(signature);
    }
  });

  test("half a character is replaced, not thrown at", () => {
    expect(encodeUrl("http://localhost", "/", { name: "a\ud800b" })).toBe(
      "http://localhost/?name=a%EF%BF%BDb",
    );
  });
});

describe("what is signed is what goes over the wire", () => {
  let server: TestServer;
  beforeAll(async () => (server = await TestServer.start()));
  afterAll(() => server.close());

  const listings = knownSignatures.filter(({ path }) => path === "/v1/images");

  test.each(listings)("$name", async ({ query, url }) => {
    server.reset({ body: '{"images":[]}' });
    await clientFor(server).listImages(query);
    expect(isSigned(server.last, server.url, keys)).toBe(true);
    // The client orders parameters in its own way.
    const inAnyOrder = (target: string) => target.split(/[?&]/).sort();
    const { pathname, search } = new URL(url);
    expect(inAnyOrder(server.last.target)).toEqual(inAnyOrder(pathname.replace("/SCP", "") + search));
  });

  test.each(["HTTP://LOCALHOST:PORT/Scp/", "http://127.1:PORT", "http://localhost:PORT/a b/ü"])(
    "an endpoint written %s",
    async (written) => {
      server.reset(tiny());
      const endpoint = written.replace("PORT", String(server.port));
      await clientFor(server, { settings: { endpoint } }).showImage("one");
      expect(isSigned(server.last, `http://${server.last.headers.host}`, keys)).toBe(true);
      expect(server.last.target.endsWith("/v1/images/one")).toBe(true);
    },
  );

  test("each try is signed anew, with the time of that try", async () => {
    server.reset({ status: 503 }, { status: 503 }, tiny());
    let clock = 1_605_290_625_682;
    await clientFor(server, { now: () => (clock += 1) }).showImage("one");
    const stamps = server.requests.map(({ headers }) => headers["scp-timestamp"]);
    expect(new Set(stamps).size).toBe(3);
    expect(stamps.every((stamp) => /^16052906\d{5}$/.test(stamp as string))).toBe(true);
    expect(server.requests.every((request) => isSigned(request, server.url, keys))).toBe(true);
  });

  test("another implementation, the emulator's, takes every one of these names", async () => {
    const emulator = await startEmulator(keys);
    try {
      const names = knownSignatures.flatMap(({ query }) =>
        query.name === undefined ? [] : [`${query.name}`],
      );
      for (const name of names)
        await clientFor(emulator).listImages({ name, sort: "created_at:desc,name:asc" });
      expect(emulator.requests().map(({ status }) => status)).toEqual(names.map(() => 200));
      await expect(
        clientFor(emulator, { settings: { secretKey: "another" } }).listImages({ name: "one" }),
      ).rejects.toMatchObject({ failure: "unauthorized" });
    } finally {
      await emulator.close();
    }
  });
});
