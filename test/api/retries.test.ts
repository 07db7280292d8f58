import { ScpClient } from "../../provider/api/client";
import { defaultRetryPolicy, pause, retryAfter } from "../../provider/api/http";
import { clientFor, errorOf, fileUrl, hasty, imageId, keys, settingsFor, tiny } from "./client";
import { TestServer, type Answer } from "./server";
import { skipPauses, timeouts, type Pauses } from "./timers";
import { startEmulator, type Emulator, type Fault } from "../../emulator";
import { qcow2 } from "../emulator/testing";

let server: TestServer;
let emulator: Emulator;
beforeAll(async () => {
  server = await TestServer.start();
  emulator = await startEmulator(keys);
});
beforeEach(async () => {
  server.reset(tiny());
  await emulator.reset();
  await emulator.putObject("images", "one.qcow2", qcow2());
});
afterAll(() => Promise.all([server.close(), emulator.close()]));

const create = () =>
  clientFor(emulator).createImage({
    name: "one",
    osDistro: "alma",
    url: emulator.objectUrl("images", "one.qcow2"),
  });
const statuses = (operation: string) =>
  emulator
    .requests()
    .filter((request) => request.operation === operation)
    .map(({ status }) => status);

describe("what is repeated", () => {
  const passing: Omit<Fault, "operation">[] = [
    ...[429, 500, 502, 503, 504].map((status) => ({ kind: "status" as const, status })),
    { kind: "reset-before" },
    { kind: "reset-after" },
    { kind: "truncated" },
    { kind: "not-json" },
    { kind: "html" },
  ];
  test.each(passing)("a question, after $kind $status", async (fault) => {
    await emulator.setImage(imageId, {});
    emulator.faults.add({ ...fault, operation: "showImage" });
    await expect(clientFor(emulator).showImage(imageId)).resolves.toMatchObject({ id: imageId });
    expect(emulator.stats()).toEqual({ showImage: 2 });
  });

  test.each(passing)("an update, after $kind $status", async (fault) => {
    await emulator.setImage(imageId, {});
    emulator.faults.add({ ...fault, operation: "updateImage" });
    await clientFor(emulator).updateImage(imageId, { minDisk: 7 });
    expect(emulator.images()).toMatchObject([{ min_disk: 7 }]);
    expect(emulator.stats()).toEqual({ updateImage: 2 });
  });

  test("a deletion, whose lost answer is followed by not found", async () => {
    await emulator.setImage(imageId, {});
    emulator.faults.add({ kind: "reset-after", operation: "deleteImage" });
    expect(await errorOf(clientFor(emulator).deleteImage(imageId))).toMatchObject({ failure: "notFound" });
    expect(emulator.images()).toEqual([]);
    expect(statuses("deleteImage")).toEqual([null, 404]);
  });

  test("a creation that was one too many", async () => {
    emulator.faults.add({ kind: "status", status: 429, operation: "createImage", times: 2 });
    await create();
    expect(statuses("createImage")).toEqual([429, 429, 200]);
    expect(emulator.images()).toHaveLength(1);
  });

  test("a creation that found nobody there", async () => {
    const { port } = server;
    await server.close();
    let reopened = 0;
    const pauses = skipPauses(async () => {
      if (reopened++ === 0) server = await TestServer.start("http", port);
      server.reset(tiny());
    });
    try {
      const client = new ScpClient(settingsFor(`http://127.0.0.1:${port}`), { ...hasty, ...timeouts });
      await client.createImage({ name: "one", osDistro: "alma", url: fileUrl });
      expect(server.requests.map(({ method }) => method)).toEqual(["POST"]);
    } finally {
      pauses.restore();
    }
  });
});

describe("what is not repeated", () => {
  const doubtful: [Omit<Fault, "operation">, made: number][] = [
    [{ kind: "status", status: 500 }, 0],
    [{ kind: "status", status: 503, retryAfter: 0 }, 0],
    [{ kind: "status-after", status: 502 }, 1],
    [{ kind: "reset-before" }, 0],
    [{ kind: "reset-after" }, 1],
    [{ kind: "truncated" }, 1],
    [{ kind: "not-json" }, 1],
    [{ kind: "html" }, 1],
  ];
  test.each(doubtful)("a creation that may have worked: %j", async (fault, made) => {
    emulator.faults.add({ ...fault, operation: "createImage" });
    expect(await errorOf(create())).toMatchObject({ mayHaveWorked: true });
    expect(statuses("createImage")).toHaveLength(1);
    expect(emulator.images()).toHaveLength(made);
  });

  test.each(doubtful.filter(([{ kind }]) => /^(status|reset)/.test(kind)))(
    "an import that may have begun: %j",
    async (fault, begun) => {
      emulator.options.importsBy = "import";
      const { id } = await create();
      emulator.faults.add({ ...fault, operation: "importImage" });
      const error = await errorOf(
        clientFor(emulator).importImage(id, emulator.objectUrl("images", "one.qcow2")),
      );
      expect(error).toMatchObject({ mayHaveWorked: true });
      expect(statuses("importImage")).toHaveLength(1);
      expect(emulator.images()).toMatchObject([{ importsStarted: begun }]);
      emulator.options.importsBy = "create";
    },
  );

  test.each([301, 302, 304, 307, 400, 401, 403, 404, 405, 409, 410, 413, 418, 422])(
    "anything, after a %i",
    async (status) => {
      server.reset({ status });
      const client = clientFor(server);
      const calls = [
        () => client.showImage("one"),
        () => client.listImages(),
        () => client.createImage({ name: "one", osDistro: "alma", url: fileUrl }),
        () => client.importImage("one", fileUrl),
        () => client.updateImage("one", { minDisk: 1 }),
        () => client.deleteImage("one"),
      ];
      for (const call of calls) expect(await errorOf(call())).toMatchObject({ status, mayHaveWorked: false });
      expect(server.requests).toHaveLength(calls.length);
    },
  );

  test("anything for ever: the number of tries is bounded", async () => {
    server.reset({ status: 503 });
    expect(await errorOf(clientFor(server, { retryPolicy: { attempts: 4 } }).showImage("one"))).toMatchObject(
      {
        failure: "server",
      },
    );
    expect(server.requests).toHaveLength(4);
    server.reset({ status: 503 });
    await errorOf(clientFor(server, { retryPolicy: { attempts: 1 } }).showImage("one"));
    expect(server.requests).toHaveLength(1);
  });
});

describe("how long the pauses are", () => {
  let pauses: Pauses;
  beforeEach(() => (pauses = skipPauses()));
  afterEach(() => {
    pauses.restore();
  });
  const patient = (retryPolicy = {}, now = Date.now) =>
    new ScpClient(settingsFor(server.url), { ...timeouts, ...retryPolicy }, now);

  test("by default six tries, doubled from half a second, each cut by chance", async () => {
    server.reset({ status: 503 });
    await errorOf(patient().showImage("one"));
    expect(server.requests).toHaveLength(6);
    const ceilings = [500, 1000, 2000, 4000, 8000];
    expect(pauses.lengths).toHaveLength(ceilings.length);
    pauses.lengths.forEach((length, index) => {
      expect(length).toBeGreaterThanOrEqual(ceilings[index]! / 2);
      expect(length).toBeLessThanOrEqual(ceilings[index]!);
    });
  });

  test("they grow to a cap", async () => {
    server.reset({ status: 500 });
    await errorOf(patient({ attempts: 9, maxBackoff: 700 }).showImage("one"));
    expect(pauses.lengths).toHaveLength(8);
    pauses.lengths.slice(1).forEach((length) => {
      expect(length).toBeGreaterThanOrEqual(350);
      expect(length).toBeLessThanOrEqual(700);
    });
  });

  test.each([
    [0, 250, 500, 10_000],
    [0.5, 375, 750, 15_000],
    [1, 500, 1000, 20_000],
  ])("chance %d", (chance, first, second, capped) => {
    const of = (attempt: number) => pause(attempt, defaultRetryPolicy, () => chance);
    expect([of(1), of(2), of(50), of(5000)]).toEqual([first, second, capped, capped]);
  });

  const now = Date.parse("2026-11-22T12:00:00Z");
  test.each<[string, Answer, number]>([
    ["seconds", { status: 429, headers: { "retry-after": "7" } }, 7000],
    ["seconds of a server in trouble", { status: 503, headers: { "retry-after": "90" } }, 90_000],
    [
      "a date, by the service's clock",
      {
        status: 503,
        headers: { "retry-after": "Sun, 22 Nov 2026 15:00:30 GMT", date: "Sun, 22 Nov 2026 15:00:00 GMT" },
      },
      30_000,
    ],
    ["a date gone by", { status: 503, headers: { "retry-after": "Sun, 22 Nov 2020 12:00:00 GMT" } }, 500],
    ["at once", { status: 503, headers: { "retry-after": "0" } }, 500],
  ])("Retry-After is honoured: %s", async (_name, answer, length) => {
    server.reset(answer, tiny());
    await patient({}, () => now).showImage("one");
    expect(pauses.lengths).toHaveLength(1);
    expect(pauses.lengths[0]).toBeGreaterThanOrEqual(length);
    expect(pauses.lengths[0]).toBeLessThanOrEqual(length + 500);
  });

  test("a Retry-After of more than two minutes is told, not waited for", async () => {
    server.reset({ status: 429, headers: { "retry-after": "121" } }, tiny());
    expect(await errorOf(patient().showImage("one"))).toMatchObject({
      failure: "throttled",
      retryAfter: 121_000,
    });
    expect(server.requests).toHaveLength(1);
    expect(pauses.lengths).toEqual([]);
  });

  test.each([
    [undefined, undefined],
    ["3", 3000],
    [" 3 ", 3000],
    ["soon", undefined],
    ["", undefined],
    ["-1", 0],
    ["9999999999", 9_999_999_999_000],
    ["Sun, 22 Nov 2026 12:00:10 GMT", 10_000],
  ])("Retry-After: %s", (value, milliseconds) => {
    expect(retryAfter(value, now)).toBe(milliseconds);
  });
});

describe("time-outs", () => {
  const brief = { retryPolicy: { responseTimeout: 50, attempts: 1 } };
  const silences: [string, Answer][] = [
    ["a server that says nothing", () => undefined],
    [
      "one that says how it went, and no more",
      (response) => {
        response.writeHead(200).flushHeaders();
      },
    ],
    [
      "one that breaks off in the middle",
      (response) => {
        response.writeHead(200, { "content-length": 100 }).write('{"id":');
      },
    ],
  ];
  test.each(silences)("%s", async (_name, answer) => {
    server.reset(answer);
    const error = await errorOf(clientFor(server, brief).showImage("one"));
    expect(error).toMatchObject({ failure: "noResponse", mayHaveWorked: true, status: undefined });
    expect(error.message).toBe(
      "Show image one: no answer. timeout of 50ms exceeded. Check the network, the proxy settings (HTTPS_PROXY, NO_PROXY) and the endpoint.",
    );
    expect(server.requests).toHaveLength(1);
  });

  test("an answer that comes byte by byte is not waited for without end", async () => {
    let dripping: NodeJS.Timeout | undefined;
    server.reset((response) => {
      response.writeHead(200, { "content-type": "application/json" });
      dripping = setInterval(() => response.write(" "), 10);
      response.once("close", () => {
        clearInterval(dripping);
      });
    });
    const error = await errorOf(clientFor(server, brief).showImage("one"));
    expect(error).toMatchObject({ failure: "noResponse", mayHaveWorked: true });
    expect(error.message).toContain("The answer was not whole after 0.25 s");
  });

  test("after silence a question is asked again, on another connection", async () => {
    server.reset(() => undefined, tiny());
    await clientFor(server, { retryPolicy: { responseTimeout: 50 } }).showImage("one");
    expect(server.requests).toHaveLength(2);
    expect(server.connections).toBe(2);
  });

  test("a connection that is made is not cut by the time-out on connecting", async () => {
    const running = new Set<unknown>();
    const [set, clear] = [globalThis.setTimeout, globalThis.clearTimeout];
    const setting = jest
      .spyOn(globalThis, "setTimeout")
      .mockImplementation((work: () => void, ms?: number) => {
        const timer = set(work, ms);
        if (ms === timeouts.connectTimeout) running.add(timer);
        return timer;
      });
    const clearing = jest.spyOn(globalThis, "clearTimeout").mockImplementation((timer) => {
      running.delete(timer);
      clear(timer);
    });
    let seen: number | undefined;
    server.reset((response) => {
      seen = running.size;
      response.end(tiny().body);
    });
    await clientFor(server, { retryPolicy: timeouts }).showImage("one");
    expect(setting.mock.calls.filter(([, ms]) => ms === timeouts.connectTimeout)).toHaveLength(1);
    expect(seen).toBe(0);
    setting.mockRestore();
    clearing.mockRestore();
  });
});

describe("connections", () => {
  test("are kept for the requests that follow", async () => {
    const client = clientFor(server);
    for (let times = 0; times < 5; times++) await client.showImage("one");
    await client.updateImage("one", { minDisk: 1 });
    expect(server.requests).toHaveLength(6);
    expect(server.connections).toBe(1);
  });

  test("are as many as may be under way at once, and no more", async () => {
    const held: (() => void)[] = [];
    server.reset((response) => {
      held.push(() => response.end(tiny().body));
    });
    const client = clientFor(server, { settings: { maxRequests: 3 } });
    const calls = Array.from({ length: 10 }, () => client.showImage("one"));
    for (let answered = 0; answered < 10; answered++) {
      await server.received(Math.min(answered + 3, 10));
      held.shift()!();
    }
    await Promise.all(calls);
    expect(server.requests).toHaveLength(10);
    expect(server.busiest).toBe(3);
    expect(server.connections).toBe(3);
  });

  test("are free for others while a request pauses before its next try", async () => {
    let release: () => void = () => undefined;
    const paused = new Promise<void>((pausing) => {
      const pauses = skipPauses(() => {
        pausing();
        pauses.restore();
        return new Promise((resolve) => (release = resolve));
      });
    });
    server.reset({ status: 503 }, tiny("two"), tiny("one"));
    const client = clientFor(server, { settings: { maxRequests: 1 }, retryPolicy: timeouts });
    const first = client.showImage("one");
    await paused;
    await expect(client.showImage("two")).resolves.toMatchObject({ id: "two" });
    release();
    await expect(first).resolves.toMatchObject({ id: "one" });
    expect(server.requests.map(({ target }) => target.slice(-3))).toEqual(["one", "two", "one"]);
  });
});
