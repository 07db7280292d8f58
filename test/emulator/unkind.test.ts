import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Emulator, type ImageBody, kind, startEmulator } from "../../emulator";
import { type CallOptions, clientOf, qcow2 } from "./testing";

interface Tag {
  key: string;
  value: string;
}
interface Page<Content> {
  content: Content;
  count: number;
  page: number;
  size: number;
}

let emulator: Emulator;
let now = Date.now();
beforeAll(async () => {
  emulator = await startEmulator({ now: () => now });
});
beforeEach(async () => {
  Object.assign(emulator.options, kind);
  await emulator.reset();
  await emulator.putObject("images", "one.qcow2", qcow2());
});
afterAll(() => emulator.close());

const one = () => emulator.objectUrl("images", "one.qcow2");
const call = <T = ImageBody>(method: string, path: string, body?: unknown, more?: CallOptions) =>
  clientOf(emulator).call<T>(method, path, { body, ...more });
const iam = { version: "resourcemanager 1.0" };
const second = () => ({ as: emulator.options.accounts[1]! });

const tryCreate = (given: object = {}) =>
  call("POST", "/v1/images", { name: "one", os_distro: "alma", url: one(), ...given });

async function create(given: object = {}): Promise<string> {
  const { json } = await tryCreate(given);
  await emulator.settled(json.id);
  return json.id;
}

const srnOf = (id: string, service = "virtualserver") =>
  `srn:s::${emulator.options.accountId}:kr-west1::${service}:image/${id}`;
const tagPath = (id: string, service?: string) =>
  `/v1/tags/${encodeURIComponent(Buffer.from(srnOf(id, service)).toString("base64"))}`;
const tagCall = <T>(method: string, path: string, body?: unknown) => call<T>(method, path, body, iam);
const list = async (id: string, query = "") =>
  (await tagCall<Page<{ tags: Tag[] }>>("GET", `${tagPath(id)}${query}`)).json;
const tagsOf = async (id: string) => (await list(id)).content.tags;
const set = (id: string, tags: Tag[]) => tagCall("PUT", `${tagPath(id)}/bulk`, { tags });
const found = async (query: string) =>
  (await tagCall<Page<(Tag & { srn: string })[]>>("GET", `/v1/tags?${query}`)).json;

const a = { key: "a", value: "1" };
const b = { key: "b", value: "2" };

describe("tagLagMs", () => {
  beforeEach(() => {
    emulator.options.tagLagMs = 1000;
  });

  test("tags of the creation come late, by every operation", async () => {
    const id = await create({ tags: [a] });
    const single = `${tagPath(id)}/a`;
    now += 999;
    expect(await tagsOf(id)).toEqual([]);
    expect((await found("key=a")).content).toEqual([]);
    expect(emulator.images()[0]!.tags).toEqual([]);
    for (const [method, body] of [["GET"], ["DELETE"], ["PUT", { value: "x" }]] as const) {
      expect((await tagCall(method, single, body)).status).toBe(404);
    }
    now += 1;
    expect(await tagsOf(id)).toEqual([a]);
    expect((await found("key=a")).content).toEqual([{ srn: srnOf(id), ...a }]);
    expect((await tagCall("GET", single)).json).toEqual({ content: { srn: srnOf(id), tag: a } });
    expect((await tagCall("PUT", single, { value: "x" })).json).toEqual({
      content: { [srnOf(id)]: [{ key: "a", value: "x" }] },
    });
    expect((await tagCall("DELETE", single)).status).toBe(204);
    now += 5000;
    expect(await tagsOf(id)).toEqual([]);
  });

  test("they join what was set meanwhile, and do not overwrite it", async () => {
    const id = await create({ tags: [a, b] });
    await set(id, [
      { key: "c", value: "3" },
      { key: "a", value: "mine" },
    ]);
    await tagCall("DELETE", `${tagPath(id)}/a`);
    now += 1000;
    expect(await tagsOf(id)).toEqual([{ key: "c", value: "3" }, b]);
  });

  test("what is set afterwards is the whole list", async () => {
    const id = await create({ tags: [a, b] });
    now += 1000;
    await set(id, [b]);
    expect(await tagsOf(id)).toEqual([b]);
  });

  test("without the lag they are there, whatever it is later", async () => {
    const late = await create({ tags: [b] });
    emulator.options.tagLagMs = 0;
    const id = await create({ tags: [a] });
    expect(await tagsOf(late)).toEqual([b]);
    emulator.options.tagLagMs = 1000;
    expect(await tagsOf(id)).toEqual([a]);
  });
});

describe("showLagMs", () => {
  test("a new image is not found and not listed at first", async () => {
    emulator.options.showLagMs = 1000;
    const id = await create();
    const path = `/v1/images/${id}`;
    const statuses = async () => [
      (await call("GET", path)).status,
      (await call("PUT", path, { min_ram: 1 })).status,
      (await call("POST", `${path}/import`, { url: one() })).status,
      (await call<{ images: object[] }>("GET", "/v1/images")).json.images.length,
    ];
    now += 999;
    expect(await statuses()).toEqual([404, 404, 404, 0]);
    const refused = await call<{ errors: object[] }>("DELETE", path);
    expect(refused).toMatchObject({ status: 404, json: { errors: [{ code: "NotFound" }] } });
    expect(emulator.images()).toMatchObject([{ id, status: "active", importsStarted: 1 }]);
    now += 1;
    expect(await statuses()).toEqual([200, 200, 409, 1]);
    expect((await call("DELETE", path)).status).toBe(204);
  });

  test("what was made behind everybody's back is there at once", async () => {
    emulator.options.showLagMs = 1000;
    await emulator.setImage("standard", { visibility: "public" });
    expect((await call("GET", "/v1/images/standard")).status).toBe(200);
  });
});

describe("pages of tags", () => {
  const tags = Array.from({ length: 5 }, (_, n) => ({ key: `key-${n}`, value: "v" }));
  const keys = async (id: string, query: string) => {
    const { content, ...paging } = await list(id, query);
    return [content.tags.map(({ key }) => key.slice(4)).join(""), paging.page, paging.size, paging.count];
  };

  test("tagPageCap", async () => {
    const id = await create({ tags });
    emulator.options.tagPageCap = 2;
    expect(await keys(id, "")).toEqual(["01", 0, 2, 5]);
    expect(await keys(id, "?size=100")).toEqual(["01", 0, 2, 5]);
    expect(await keys(id, "?size=100&page=2")).toEqual(["4", 2, 2, 5]);
    expect(await keys(id, "?size=1&page=2")).toEqual(["2", 2, 1, 5]);
    expect(await found("size=2147483647")).toMatchObject({ count: 5, size: 2, content: { length: 2 } });
  });

  test("tagFirstPage", async () => {
    const id = await create({ tags });
    emulator.options.tagFirstPage = 1;
    for (const query of ["?size=2", "?size=2&page=0", "?size=2&page=1"]) {
      expect(await keys(id, query)).toEqual(["01", 1, 2, 5]);
    }
    expect(await keys(id, "?size=2&page=3")).toEqual(["4", 3, 2, 5]);
    expect(await keys(id, "?size=2&page=4")).toEqual(["", 4, 2, 5]);
  });
});

describe("echo", () => {
  const answers = async () => {
    const { json: created } = await tryCreate({ visibility: "shared" });
    await emulator.settled(created.id);
    const { json: shown } = await call("GET", `/v1/images/${created.id}`);
    const { json: updated } = await call("PUT", `/v1/images/${created.id}`, { visibility: "shared" });
    await call("POST", `/v1/images/${created.id}/members`, { member_id: second().as.accountId });
    const listed = await call<{ images: ImageBody[] }>("GET", "/v1/images");
    const pending = await call<{ images: ImageBody[] }>("GET", "/v1/pending-images", undefined, second());
    return [created, shown, updated, ...listed.json.images, ...pending.json.images].map(
      ({ url, os_distro, disk_format, container_format, visibility }) => ({
        url,
        words: [os_distro, disk_format, container_format, visibility].join(" "),
      }),
    );
  };

  test.each([
    ["exact", (url: string) => url, "alma qcow2 bare shared"],
    ["encoded", (url: string) => url.replace(/:images/, "%3Aimages"), "alma qcow2 bare shared"],
    ["upper", (url: string) => url, "ALMA QCOW2 BARE SHARED"],
  ] as const)("%s, in every answer; what is stored and the filters stay", async (echo, spell, words) => {
    emulator.options.echo = echo;
    expect(await answers()).toEqual(Array.from({ length: 5 }, () => ({ url: spell(one()), words })));
    expect(emulator.images()).toMatchObject([
      { url: one(), os_distro: "alma", disk_format: "qcow2", visibility: "shared" },
    ]);
    const filtered = await call<{ images: ImageBody[] }>(
      "GET",
      "/v1/images?os_distro=alma&visibility=shared",
    );
    expect(filtered.json.images).toHaveLength(1);
  });

  test("a port is no part of the path", async () => {
    emulator.options.echo = "encoded";
    const url = `${emulator.url}/${emulator.options.accountId}:images/one.qcow2`;
    const { json } = await tryCreate({ url });
    expect(json.url).toBe(`${emulator.url}/${emulator.options.accountId}%3Aimages/one.qcow2`);
  });
});

describe("drivers", () => {
  test("gpuImages: another service's name in the SRN", async () => {
    emulator.options.gpuImages = true;
    const id = await create({ tags: [a] });
    expect((await call("GET", `/v1/images/${id}`)).json.scp_gpu_driver).toBe("535.129.03");
    expect((await tagCall("GET", tagPath(id))).status).toBe(404);
    expect((await set(id, [b])).status).toBe(404);
    expect((await tagCall<Page<{ tags: Tag[] }>>("GET", tagPath(id, "gpuserver"))).json.content.tags).toEqual(
      [a],
    );
    expect((await found("key=a")).content).toEqual([{ srn: srnOf(id, "gpuserver"), ...a }]);
  });

  test("emptyGpuDriver: a text for nothing", async () => {
    emulator.options.emptyGpuDriver = true;
    const id = await create({ tags: [a] });
    expect((await call("GET", `/v1/images/${id}`)).json.scp_gpu_driver).toBe("");
    expect(emulator.images()[0]!.scp_gpu_driver).toBeNull();
    expect(await tagsOf(id)).toEqual([a]);
  });
});

describe("denied", () => {
  test("an operation, to one key or to all, and counted", async () => {
    const id = await create();
    emulator.options.denied = [
      { operation: "deleteImage", accessKey: emulator.options.accessKey },
      { operation: "listAccessKeys", status: 401, body: '{"message":"no"}' },
    ];
    expect(await call("DELETE", `/v1/images/${id}`)).toMatchObject({
      status: 403,
      json: {
        errors: [{ status: 403, code: "Forbidden", detail: "This access key may not call deleteImage." }],
      },
    });
    expect(emulator.images()).toHaveLength(1);
    expect((await call("DELETE", `/v1/images/${id}`, undefined, second())).status).toBe(404);
    expect(await call("GET", "/v1/access-keys")).toMatchObject({ status: 401, text: '{"message":"no"}' });
    expect((await call("GET", `/v1/images/${id}`)).status).toBe(200);
    expect(emulator.stats()).toMatchObject({ deleteImage: 2, listAccessKeys: 1, showImage: 1 });
    expect(emulator.requests()).toContainEqual(
      expect.objectContaining({ operation: "deleteImage", imageId: id, status: 403 }),
    );
  });

  test("a wrong signature is a 401 all the same", async () => {
    emulator.options.denied = [{ operation: "listImages" }];
    const as = { ...second().as, secretKey: "wrong" };
    expect((await call("GET", "/v1/images", undefined, { as })).status).toBe(401);
  });
});

test("tagPolicy: a key that matches is refused, and nothing is done", async () => {
  emulator.options.tagPolicy = "^internal";
  const violation = {
    status: 400,
    json: {
      errors: [{ code: "TagPolicyViolation", detail: expect.stringContaining('"internal:x"') as string }],
    },
  };
  const bad = [a, { key: "internal:x", value: "1" }];
  expect(await tryCreate({ tags: bad })).toMatchObject(violation);
  expect(emulator.images()).toEqual([]);
  const id = await create({ tags: [b] });
  expect(await set(id, bad)).toMatchObject(violation);
  expect(await tagsOf(id)).toEqual([b]);
});

describe("gateway", () => {
  test("answers in the service's place", async () => {
    const id = await create();
    const body = '{"message":"no Route matched with those values"}';
    emulator.options.gateway = { status: 404, body };
    const through = [
      await call("GET", `/v1/images/${id}`),
      await tryCreate(),
      await call("GET", "/v1/nothing"),
      await tagCall("GET", tagPath(id)),
      await call("GET", "/v1/images", undefined, { as: { accessKey: "nobody", secretKey: "x" } }),
    ];
    for (const answer of through) {
      expect([answer.status, answer.text]).toEqual([404, body]);
      expect(answer.headers.get("content-type")).toBe("application/json");
    }
    expect(emulator.images()).toHaveLength(1);
    expect(emulator.stats()).toMatchObject({ createImage: 2, showImage: 1, listTags: 1, unknown: 1 });
    emulator.options.gateway = { status: 502, contentType: "text/html" };
    const page = await call("GET", "/v1/images");
    expect([page.status, page.text, page.headers.get("content-type")]).toEqual([502, "", "text/html"]);
  });

  test("not before Object Storage, the emulator's own paths, and what is not signed", async () => {
    emulator.options.gateway = { status: 404 };
    expect((await fetch(`${emulator.url}/images/one.qcow2`)).status).toBe(200);
    expect((await fetch(`${emulator.url}/_emulator/images`)).status).toBe(200);
    expect((await fetch(`${emulator.url}/`)).status).toBe(200);
    expect((await fetch(`${emulator.url}/v1/images`)).status).toBe(401);
  });
});

test("what was deleted through the API is told, as it was", async () => {
  const [first, other] = [await create({ name: "first", tags: [a] }), await create({ name: "other" })];
  const before = emulator.images();
  expect((await call("DELETE", `/v1/images/${first}`, undefined, second())).status).toBe(404);
  await emulator.removeImage(await create({ name: "removed" }));
  await call("DELETE", `/v1/images/${other}`);
  await call("DELETE", `/v1/images/${first}`);
  expect(emulator.deleted()).toEqual([before[1], before[0]]);
  const response = await fetch(`${emulator.url}/_emulator/deleted`);
  expect(await response.json()).toEqual(emulator.deleted());
  await emulator.reset();
  expect(emulator.deleted()).toEqual([]);
});

describe("as settings", () => {
  const unkind = {
    tagLagMs: 1,
    showLagMs: 2,
    tagPageCap: 3,
    tagFirstPage: 1,
    echo: "upper",
    gpuImages: true,
    emptyGpuDriver: true,
    denied: [{ operation: "listTags", status: 401, accessKey: "KEY", body: "no" }],
    tagPolicy: "^x",
    gateway: { status: 404, body: "no", contentType: "text/plain" },
  } as const;
  const patch = (change: object) =>
    fetch(`${emulator.url}/_emulator/settings`, { method: "PATCH", body: JSON.stringify(change) });

  test("kind at first, otherwise by option", async () => {
    const gentle = await startEmulator();
    expect(gentle.options).toMatchObject(kind);
    await gentle.close();
    const hard = await startEmulator(unkind);
    expect(hard.options).toMatchObject(unkind);
    await hard.close();
  });

  test("changed over HTTP, there and back", async () => {
    expect((await patch(unkind)).status).toBe(200);
    expect(emulator.options).toMatchObject(unkind);
    expect((await patch(kind)).status).toBe(200);
    expect(emulator.options).toMatchObject(kind);
  });

  test.each([
    { tagLagMs: -1 },
    { tagPageCap: 0 },
    { tagFirstPage: 2 },
    { echo: "loud" },
    { gpuImages: 1 },
    { denied: "listTags" },
    { denied: [{ status: 403 }] },
    { denied: [{ operation: "listTags", reason: "x" }] },
    { tagPolicy: "(" },
    { gateway: {} },
    { gateway: { status: 99 } },
  ])("%j is refused", async (change) => {
    expect((await patch(change)).status).toBe(400);
    expect(emulator.options).toMatchObject(kind);
  });
});

test("newcomers outlive a restart", async () => {
  const dataDir = await mkdtemp(path.join(tmpdir(), "scp-emulator-"));
  const start = () => startEmulator({ dataDir, now: () => now, showLagMs: 500, tagLagMs: 1000 });
  let other = await start();
  await other.putObject("images", "one.qcow2", qcow2());
  const { json } = await clientOf(other).create({ name: "one", os_distro: "alma", url: one(), tags: [a] });
  await other.close();
  other = await start();
  const status = async () => (await clientOf(other).call("GET", `/v1/images/${json.id}`)).status;
  expect(await status()).toBe(404);
  now += 1000;
  expect([await status(), other.images()[0]!.tags]).toEqual([200, [a]]);
  await other.close();
  await rm(dataDir, { recursive: true });
});
