import http, { Agent, type OutgoingHttpHeaders } from "node:http";
import net, { type AddressInfo } from "node:net";
import axios, { type AxiosAdapter } from "axios";
import { clientFor, errorOf, fileUrl, keys, tiny } from "./client";
import { ClientProcess, type Outcome } from "./process";
import { refusal, startProxy, type TestProxy } from "./proxy";
import { caFile, isSigned, TestServer } from "./server";

const host = "virtualserver.kr-west1.e.samsungsdscloud.com";
const settings = {
  SCP_ACCESS_KEY: keys.accessKey,
  SCP_SECRET_KEY: keys.secretKey,
  SCP_REGION: "kr-west1",
  SCP_ENVIRONMENT: "e",
};
/** A port where nobody listens: whoever goes there fails. */
const nowhere = "http://127.0.0.1:1";
const allWorked = (times: number): Outcome[] => Array.from({ length: times }, () => ({ ok: true }));

let trusting: ClientProcess;
let doubting: ClientProcess;
let service: TestServer;
let proxy: TestProxy;
let plain: TestServer | undefined;
beforeAll(() => {
  trusting = new ClientProcess({ NODE_EXTRA_CA_CERTS: caFile });
  doubting = new ClientProcess({});
});
afterAll(() => Promise.all([trusting.close(), doubting.close()]));
beforeEach(async () => {
  service = await TestServer.start("https");
  service.reset(tiny());
  proxy = await startProxy(service.port);
});
afterEach(() => Promise.all([service.close(), proxy.close(), plain?.close()]));

/** The service under its own name, at the port where the test has it. */
const named = () => ({ SCP_ENDPOINT: `https://${host}:${service.port}` });

describe("a proxy", () => {
  test.each(["HTTPS_PROXY", "https_proxy"])(
    "%s: the documented host is reached through it, in TLS",
    async (name) => {
      expect(await trusting.run({ ...settings, [name]: proxy.url }, 2)).toEqual(allWorked(2));
      expect(proxy.asked.map(({ target }) => target)).toEqual([`${host}:443`, `${host}:443`]);
      expect(proxy.seen).toEqual([]);
      expect(service.requests).toHaveLength(2);
      expect(service.last.headers.host).toBe(host);
      expect(isSigned(service.last, `https://${host}`, keys)).toBe(true);
      expect(JSON.stringify(proxy.asked)).not.toMatch(/scp-|2sd2gg/i);
    },
  );

  test("who it is that asks, is told to the proxy and to nobody else", async () => {
    const HTTPS_PROXY = proxy.url.replace("http://", "http://me:pass@");
    expect(await trusting.run({ ...settings, HTTPS_PROXY })).toEqual(allWorked(1));
    const basic = `Basic ${Buffer.from("me:pass").toString("base64")}`;
    expect(proxy.asked[0]!.headers["proxy-authorization"]).toBe(basic);
    expect(JSON.stringify(service.requests)).not.toContain(basic);
  });

  test.each([".samsungsdscloud.com", host, "example.org,*.samsungsdscloud.com", "*"])(
    "NO_PROXY=%s goes straight there",
    async (NO_PROXY) => {
      const env = { ...settings, ...named(), HTTPS_PROXY: proxy.url, NO_PROXY };
      expect(await trusting.run(env)).toEqual(allWorked(1));
      expect(proxy.asked).toEqual([]);
      expect(service.requests).toHaveLength(1);
      expect(isSigned(service.last, `https://${host}:${service.port}`, keys)).toBe(true);
    },
  );

  test("NO_PROXY of another host does not", async () => {
    const env = { ...settings, ...named(), HTTPS_PROXY: proxy.url, NO_PROXY: "localhost,.example.org" };
    expect(await trusting.run(env)).toEqual(allWorked(1));
    expect(proxy.asked.map(({ target }) => target)).toEqual([`${host}:${service.port}`]);
  });

  test("is never used for what is on this machine", async () => {
    plain = await TestServer.start();
    plain.reset(tiny());
    const env = { ...settings, HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere, ALL_PROXY: nowhere };
    const endpoints = [
      plain.url,
      `http://localhost:${plain.port}`,
      service.url,
      `https://localhost:${service.port}`,
    ];
    for (const endpoint of endpoints) {
      expect(await trusting.run({ ...env, SCP_ENDPOINT: endpoint })).toEqual(allWorked(1));
    }
    expect([plain.requests.length, service.requests.length]).toEqual([2, 2]);
  });

  test.each([403, 404, 407, 502])("that refuses with %i says nothing about the image", async (status) => {
    proxy.answer = refusal(status);
    const [outcome] = await trusting.run({ ...settings, HTTPS_PROXY: proxy.url });
    expect(outcome).toEqual({
      ok: false,
      failure: "noResponse",
      mayHaveWorked: true,
      message:
        `Show image one: no answer. The proxy answers ${status} instead of making a TLS connection to the service. ` +
        "Check the proxy settings (HTTPS_PROXY, NO_PROXY) and what the proxy allows.",
    });
    expect(proxy.asked).toHaveLength(2);
    expect(service.connections).toBe(0);
  });

  test.each([
    [nowhere, false],
    ["http://a b", true],
  ])(
    "that is not there, or no address (%s): the message names the setting",
    async (HTTPS_PROXY, mayHaveWorked) => {
      const [outcome] = await trusting.run({ ...settings, HTTPS_PROXY });
      expect(outcome).toMatchObject({ ok: false, failure: "noResponse", mayHaveWorked });
      expect(outcome!.message).toContain("HTTPS_PROXY");
    },
  );
});

describe("a proxy that answers strangely", () => {
  const retryPolicy = { attempts: 3, responseTimeout: 300 };
  const instead = (status: number) =>
    `The proxy answers ${status} instead of making a TLS connection to the service.`;
  const noTls = "Client network socket disconnected before secure TLS connection was established.";
  const silence = "timeout of 300ms exceeded.";
  const parseError = "Parse Error: Expected HTTP/, RTSP/ or ICE/.";
  const image = tiny().body;
  const json = `Content-Type: application/json\r\nContent-Length: ${image.length}\r\n\r\n${image}`;

  test.each([
    ["200, then an image in plain HTTP", `HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n${json}`, true, noTls],
    ["the same, and waits", `HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n${json}`, false, silence],
    ["200 with an image", `HTTP/1.1 200 OK\r\n${json}`, true, noTls],
    ["201 with an image", `HTTP/1.1 201 Created\r\n${json}`, false, instead(201)],
    ["204", "HTTP/1.1 204 No Content\r\n\r\n", false, instead(204)],
    [
      "302 to a login page",
      "HTTP/1.1 302 Found\r\nLocation: https://login.example/\r\nContent-Length: 0\r\n\r\n",
      false,
      instead(302),
    ],
    [
      "407",
      "HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
      false,
      instead(407),
    ],
    [
      "429, come again",
      "HTTP/1.1 429 No\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n",
      false,
      instead(429),
    ],
    ["502 in HTML", refusal(502).bytes, true, instead(502)],
    ["100 and no more", "HTTP/1.1 100 Continue\r\n\r\n", true, "socket hang up."],
    ["garbage", "\u0000\u0001garbage\r\n\r\n", true, parseError],
    ["garbage without an end", "\u0016\u0003\u0001garbage", true, silence],
    ["nothing, and hangs up", "", true, silence],
    ["nothing, and waits", "", false, silence],
  ])(
    "%s: a question is repeated, a record made once at most; nothing signed is seen",
    async (_name, bytes, hangsUp, detail) => {
      proxy.answer = { bytes, hangsUp };
      const env = { ...settings, HTTPS_PROXY: proxy.url };
      const failed = (tried: string) => [
        {
          ok: false,
          failure: "noResponse",
          mayHaveWorked: true,
          message: expect.stringContaining(`${tried}: no answer. ${detail} Check the `) as string,
        },
      ];
      expect(await trusting.run(env, 1, { task: "create", retryPolicy })).toEqual(
        failed('Create image "one"'),
      );
      expect(proxy.asked).toHaveLength(1);
      expect(await trusting.run(env, 1, { task: "show", retryPolicy })).toEqual(failed("Show image one"));
      expect(proxy.asked).toHaveLength(1 + retryPolicy.attempts);

      expect(proxy.seen).toEqual([]);
      expect(JSON.stringify(proxy.asked) + proxy.received).not.toMatch(/scp-|2sd2gg|v1\/images/i);
      expect(service.connections).toBe(0);
    },
  );

  /** An axios as it was before 1.16.1: it sends the proxy the whole request, in the open. */
  function inTheOpen(proxy: TestServer): AxiosAdapter {
    return (config) =>
      new Promise((resolve, reject) => {
        const { method, url, headers } = config;
        const options = {
          port: proxy.port,
          method,
          path: url,
          headers: headers.toJSON() as OutgoingHttpHeaders,
        };
        const request = http.request({ ...options, host: "127.0.0.1" }, (response) => {
          const { statusCode: status = 0, statusMessage: statusText = "", headers } = response;
          let data = "";
          response
            .setEncoding("utf8")
            .on("data", (text: string) => (data += text))
            .once("end", () => {
              resolve({
                data,
                status,
                statusText,
                headers: headers as Record<string, string>,
                config,
                request,
              });
            });
        });
        request.once("error", reject).end(config.data);
      });
  }

  const { adapter } = axios.defaults;
  afterEach(() => {
    axios.defaults.adapter = adapter;
  });

  test.each([
    ["an image", { status: 200, body: image }],
    ["204", { status: 204 }],
    ["302", { status: 302, headers: { Location: "https://login.example/" } }],
    ["407", { status: 407 }],
    ["429", { status: 429, headers: { "Retry-After": "0" } }],
    ["502 in HTML", { status: 502, body: "<html>No.</html>" }],
  ])(
    "%s to what was sent in the open: it may have been passed on, so that a record is not made again",
    async (_name, answer) => {
      plain = await TestServer.start();
      plain.reset(answer);
      axios.defaults.adapter = inTheOpen(plain);
      const client = clientFor({ url: `https://${host}` });
      const error = await errorOf(client.createImage({ name: "one", osDistro: "alma", url: fileUrl }));
      expect(plain.requests.map(({ method, target }) => `${method} ${target}`)).toEqual([
        `POST https://${host}/v1/images`,
      ]);
      expect(error).toMatchObject({ failure: "noResponse", mayHaveWorked: true });
      expect(error.message).toContain(instead(answer.status));

      plain.reset(answer, answer, answer);
      const asked = await errorOf(client.showImage("one"));
      expect(plain.requests.map(({ method }) => method)).toEqual(["GET", "GET", "GET"]);
      expect(asked.message).toContain(instead(answer.status));
    },
  );
});

describe("certificates", () => {
  test("one that is not trusted: asked once, nothing sent, and what to do", async () => {
    const [outcome] = await doubting.run({ ...settings, HTTPS_PROXY: proxy.url });
    expect(outcome).toMatchObject({ ok: false, failure: "unexpected", mayHaveWorked: false });
    expect(outcome!.message).toMatch(
      /^Show image one: an answer that is not the API's\. The certificate is not trusted: .+ set NODE_EXTRA_CA_CERTS to/,
    );
    expect(proxy.asked).toHaveLength(1);
    expect(service.requests).toEqual([]);
  });

  test("one of another host", async () => {
    const env = { ...settings, SCP_REGION: "kr-east1", HTTPS_PROXY: proxy.url };
    const [outcome] = await trusting.run(env);
    expect(outcome).toMatchObject({ failure: "unexpected", mayHaveWorked: false });
    expect(outcome!.message).toContain("does not match certificate");
    expect(service.requests).toEqual([]);
  });

  test("NODE_EXTRA_CA_CERTS without a proxy; the connection is kept", async () => {
    expect(await trusting.run({ ...settings, ...named() }, 3)).toEqual(allWorked(3));
    expect(service.connections).toBe(1);
  });
});

describe("a connection that does not come about", () => {
  test("is given up in time: TLS that never begins", async () => {
    const sockets: net.Socket[] = [];
    const mute = net.createServer((socket) => sockets.push(socket));
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    const url = `https://127.0.0.1:${(mute.address() as AddressInfo).port}`;
    const client = clientFor(
      { url },
      { retryPolicy: { connectTimeout: 50, responseTimeout: 60_000, attempts: 2 } },
    );
    const error = await errorOf(client.showImage("one"));
    expect(error).toMatchObject({
      failure: "noResponse",
      detail: "no connection within 0.05 s",
      mayHaveWorked: false,
    });
    expect(sockets).toHaveLength(2);
    sockets.forEach((socket) => socket.destroy());
    mute.close();
  });

  test("so is a plain one", async () => {
    // On loopback every connection is made at once; so none is let begin.
    const connecting = jest
      .spyOn(Agent.prototype, "createConnection")
      .mockImplementation(() => Object.assign(new net.Socket(), { connecting: true }));
    const client = clientFor(
      { url: "http://127.0.0.1:1" },
      { retryPolicy: { connectTimeout: 50, attempts: 2 } },
    );
    const error = await errorOf(client.showImage("one"));
    expect(connecting).toHaveBeenCalledTimes(2);
    connecting.mockRestore();
    expect(error).toMatchObject({
      failure: "noResponse",
      detail: "no connection within 0.05 s",
      mayHaveWorked: false,
    });
  });
});
