import { type Emulator, type Fault, type ImageBody, startEmulator } from "../../emulator";
import { clientOf, qcow2 } from "./testing";

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator();
});
beforeEach(async () => {
  await emulator.reset();
  await emulator.putObject("images", "one.qcow2", qcow2());
});
afterAll(() => emulator.close());

const call = <T = ImageBody>(method: string, path: string, body?: unknown) =>
  clientOf(emulator).call<T>(method, path, { body });
const create = () =>
  call("POST", "/v1/images", {
    name: "one",
    os_distro: "alma",
    url: emulator.objectUrl("images", "one.qcow2"),
  });
const list = () => call("GET", "/v1/images");
const broken = { cause: { code: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/) as string } };

describe("of requests", () => {
  test("a status with Retry-After, before the work", async () => {
    emulator.faults.add({ kind: "status", operation: "createImage", status: 429, retryAfter: 7 });
    const answer = await create();
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "7"]);
    expect(answer.json).toMatchObject({ errors: [{ detail: "This answer was ordered as a fault." }] });
    expect(emulator.images()).toEqual([]);
    expect((await create()).status).toBe(200);
  });

  test("a status after the work", async () => {
    emulator.faults.add({ kind: "status-after", operation: "createImage", status: 504, body: "gateway" });
    expect(await create()).toMatchObject({ status: 504, text: "gateway" });
    expect(emulator.images()).toHaveLength(1);
  });

  test("a reset before the work, and one after", async () => {
    emulator.faults.add({ kind: "reset-before", operation: "createImage" });
    await expect(create()).rejects.toMatchObject(broken);
    expect(emulator.images()).toHaveLength(0);
    emulator.faults.add({ kind: "reset-after", operation: "createImage" });
    await expect(create()).rejects.toMatchObject(broken);
    expect(emulator.images()).toHaveLength(1);
    const struck = {
      operation: "createImage",
      status: null,
      fault: "reset-after",
      imageId: emulator.images()[0]!.id,
    };
    expect(emulator.requests()).toContainEqual(expect.objectContaining(struck));
  });

  test("latency", async () => {
    emulator.faults.add({ kind: "latency", latencyMs: 50 });
    const start = performance.now();
    expect((await list()).status).toBe(200);
    expect(performance.now() - start).toBeGreaterThanOrEqual(45);
  });

  test("bodies that are cut off, no JSON, of another type, or full of nulls", async () => {
    const { id } = (await create()).json;
    const show = () => call("GET", `/v1/images/${id}`);
    emulator.faults.add({ kind: "truncated", operation: "showImage" });
    await expect(show()).rejects.toThrow("terminated");
    emulator.faults.add({ kind: "not-json", operation: "showImage" });
    expect(await show()).toMatchObject({ status: 200, text: "{ not json" });
    emulator.faults.add({ kind: "html", operation: "showImage" });
    expect((await show()).headers.get("content-type")).toBe("text/html");
    emulator.faults.add({ kind: "wrong-content-type", operation: "showImage" });
    const wrong = await show();
    expect([wrong.headers.get("content-type"), wrong.json.id]).toEqual(["text/plain", id]);
    emulator.faults.add({ kind: "null-fields", operation: "showImage", fields: ["status"] });
    expect((await show()).json).toMatchObject({ id, status: null });
    emulator.faults.add({ kind: "null-fields", operation: "showImage" });
    expect(Object.values((await show()).json).every((value) => value === null)).toBe(true);
    emulator.faults.add({ kind: "huge", operation: "showImage", bytes: 1_000_000 });
    expect((await show()).text.length).toBeGreaterThan(1_000_000);
    emulator.faults.add({
      kind: "redirect",
      operation: "showImage",
      location: "https://elsewhere.invalid/x",
    });
    const redirect = await show();
    expect([redirect.status, redirect.headers.get("location")]).toEqual([302, "https://elsewhere.invalid/x"]);
    expect((await show()).json.id).toBe(id);
  });

  test("a hang ends when the client goes, or the emulator", async () => {
    const other = await startEmulator();
    other.faults.add({ kind: "hang" });
    const answer = clientOf(other).call("GET", "/v1/images");
    const failed = expect(answer).rejects.toThrow("fetch failed");
    while (other.requests().length === 0) await new Promise(setImmediate);
    await other.close();
    await failed;
  });

  test("the k-th request from now on, whatever it is", async () => {
    emulator.faults.add({ kind: "status", nth: 3 });
    await create();
    const statuses = [];
    for (let n = 0; n < 4; n++) statuses.push((await list()).status);
    expect(statuses).toEqual([200, 503, 200, 200]);
  });

  test("in order, each as often as it says", async () => {
    emulator.faults.add({ kind: "status", status: 500, times: 2 });
    emulator.faults.add({ kind: "status", status: 502, method: "get", path: "^/v1/images$" });
    const statuses = [];
    for (let n = 0; n < 4; n++) statuses.push((await list()).status);
    expect(statuses).toEqual([500, 500, 502, 200]);
    expect(emulator.faults.list().map(({ matched, struck }) => [matched, struck])).toEqual([
      [4, 2],
      [4, 1],
    ]);
  });

  test("by chance, and the same chances for the same seed", async () => {
    const run = async (seed: number) => {
      emulator.faults.clear();
      emulator.faults.add({ kind: "status", probability: 0.3, seed });
      const struck = [];
      for (let n = 0; n < 40; n++) struck.push((await list()).status === 503);
      return struck;
    };
    const first = await run(42);
    expect(await run(42)).toEqual(first);
    expect(await run(43)).not.toEqual(first);
    const hits = first.filter(Boolean).length;
    expect(hits).toBeGreaterThan(4);
    expect(hits).toBeLessThan(22);
  });

  test("not of the emulator's own paths, and of Object Storage only when it is named", async () => {
    emulator.faults.add({ kind: "status", times: "always" });
    expect((await fetch(`${emulator.url}/_emulator/stats`)).status).toBe(200);
    expect((await fetch(`${emulator.url}/images/one.qcow2`)).status).toBe(200);
    emulator.faults.add({ kind: "status", operation: "getObject" });
    expect((await fetch(`${emulator.url}/images/one.qcow2`)).status).toBe(503);
    emulator.faults.add({ kind: "status", service: "storage", status: 500 });
    expect((await fetch(`${emulator.url}/images/one.qcow2`)).status).toBe(500);
  });

  test.each<[object, RegExp]>([
    [{}, /without a kind/],
    [{ kind: "explode" }, /explode/],
    [{ kind: "status", statsu: 500 }, /statsu/],
    [{ kind: "status", path: "(" }, /path/],
    [{ kind: "status", probability: 2 }, /probability/],
  ])("no fault is taken that would never come: %j", (fault, words) => {
    expect(() => emulator.faults.add(fault as Fault)).toThrow(words);
  });
});

describe("of imports", () => {
  const state = async () => {
    const { id } = (await create()).json;
    await emulator.settled(id);
    return emulator.images().find((image) => image.id === id)!;
  };

  test("fails so many times, then works", async () => {
    emulator.faults.add({ kind: "import-fails", times: 2 });
    const { id, status } = await state();
    expect(status).toBe("queued");
    const again = async () => {
      await call("POST", `/v1/images/${id}/import`, { url: emulator.objectUrl("images", "one.qcow2") });
      await emulator.settled(id);
      return emulator.images()[0]!;
    };
    expect(await again()).toMatchObject({ status: "queued", importsFailed: 2 });
    expect(await again()).toMatchObject({ status: "active", importsStarted: 3, importsFailed: 2 });
  });

  test("of one image, by its name", async () => {
    emulator.faults.add({ kind: "import-fails", image: "another" });
    expect((await state()).status).toBe("active");
    emulator.faults.add({ kind: "import-fails", image: "one" });
    expect((await state()).status).toBe("queued");
  });

  test("hangs in importing until it is deleted", async () => {
    emulator.faults.add({ kind: "import-hangs" });
    const { id } = (await create()).json;
    while (emulator.images()[0]!.status === "queued") await new Promise(setImmediate);
    expect((await call("GET", `/v1/images/${id}`)).json.status).toBe("importing");
    expect((await call("DELETE", `/v1/images/${id}`)).status).toBe(204);
    await emulator.settled(id);
    expect(emulator.images()).toEqual([]);
  });

  test.each<[string, Partial<Fault>]>([
    ["answers 404", { kind: "status", status: 404 }],
    ["answers 500", { kind: "status", status: 500 }],
    ["resets", { kind: "reset-before" }],
    ["dies midway", { kind: "truncated" }],
    ["redirects to somewhere else", { kind: "redirect", location: "https://elsewhere.invalid/one.qcow2" }],
    [
      "redirects in a circle",
      { kind: "redirect", times: "always", location: "/8989447062e04a818baf9e073fd04fa7:images/one.qcow2" },
    ],
  ])("a source that %s ends in queued", async (_what, fault) => {
    emulator.faults.add({ kind: "status", operation: "getObject", ...fault });
    expect(await state()).toMatchObject({ status: "queued", importsFailed: 1, size: null });
  });

  test("a source that redirects within Object Storage is followed", async () => {
    const location = emulator.objectUrl("images", "one.qcow2");
    emulator.faults.add({ kind: "redirect", operation: "getObject", location });
    expect(await state()).toMatchObject({ status: "active" });
  });

  test("a source that stalls leaves the image importing", async () => {
    emulator.faults.add({ kind: "hang", operation: "getObject" });
    await create();
    while (emulator.stats().getObject !== 1) await new Promise(setImmediate);
    expect(emulator.images()[0]!.status).toBe("importing");
  });
});
