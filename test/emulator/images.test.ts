import { readFileSync } from "node:fs";
import path from "node:path";
import { type Emulator, type ImageBody, startEmulator } from "../../emulator";
import { type CallOptions, clientOf, qcow2 } from "./testing";

let emulator: Emulator;
let now = Date.now();
beforeAll(async () => {
  emulator = await startEmulator({ now: () => now });
});
beforeEach(async () => {
  Object.assign(emulator.options, { importsBy: "create", importMs: 0, queuedMs: 0, pathForms: "both" });
  await emulator.reset();
  await emulator.putObject("images", "one.qcow2", qcow2());
});
afterAll(() => emulator.close());

const one = () => emulator.objectUrl("images", "one.qcow2");
const request = <T = ImageBody>(method: string, path: string, body?: unknown, more?: CallOptions) =>
  clientOf(emulator).call<T>(method, path, { body, ...more });
const show = async (id: string) => (await request("GET", `/v1/images/${id}`)).json;
const second = () => ({ as: emulator.options.accounts[1]! });

async function create(given: object = {}): Promise<ImageBody> {
  const answer = await request("POST", "/v1/images", {
    name: "one",
    os_distro: "alma",
    url: one(),
    ...given,
  });
  expect(answer).toMatchObject({ status: 200 });
  return answer.json;
}

async function createActive(given: object = {}): Promise<ImageBody> {
  const { id } = await create(given);
  await emulator.settled(id);
  return show(id);
}

interface Refusal {
  errors: { code: string; detail: string | string[] }[];
}

async function refusal(method: string, path: string, body?: unknown, more?: CallOptions) {
  const { status, json } = await request<Refusal>(method, path, body, more);
  return { status, ...json.errors[0] };
}

describe("create and import", () => {
  test("a real qcow2 becomes active with what qemu-img, md5sum and sha512sum say of it", async () => {
    const file = readFileSync(path.join(__dirname, "fixtures/tiny.qcow2"));
    await emulator.putObject("images", "dir/tiny file.qcow2", file);
    const url = emulator.objectUrl("images", "dir/tiny file.qcow2");
    const queued = await create({ url });
    expect(queued).toMatchObject({ status: "queued", url, size: null, virtual_size: null, checksum: null });
    expect(queued).toMatchObject({
      os_hash_algo: null,
      os_hash_value: null,
      volumes: null,
      owner: emulator.options.accountId,
    });
    await emulator.settled(queued.id);
    expect(await show(queued.id)).toMatchObject({
      status: "active",
      size: 28672,
      virtual_size: 41943040,
      checksum: "2a39cd06fa0ea06b888ffa5e8c16b980",
      os_hash_algo: "sha512",
      os_hash_value:
        "12619dcc400e8a09b3177c16076416f563ed94e864e11f9b3a7acf45b25ab6da5433bd506fdda18962ab32c8cf65c97b528f6b5784820483e91481e12fb6debe",
    });
    expect(emulator.stats()).toMatchObject({ createImage: 1, showImage: 1, headObject: 1, getObject: 1 });
  });

  test("queued, then importing, then active, no sooner than the pace that is set", async () => {
    const began = performance.now();
    const importing: { status?: string; size?: unknown; after?: number } = {};
    emulator.options.queuedMs = 60;
    emulator.options.importMs = ({ status, size }) => {
      Object.assign(importing, { status, size, after: performance.now() - began });
      return 120;
    };
    const created = await create();
    await emulator.settled(created.id);
    const after = performance.now() - began;
    expect(created).toMatchObject({ status: "queued", size: null });
    expect(importing).toMatchObject({ status: "importing", size: null });
    expect(await show(created.id)).toMatchObject({ status: "active", size: expect.any(Number) as number });
    // Each timer may be early by a millisecond.
    expect(importing.after).toBeGreaterThanOrEqual(59);
    expect(after).toBeGreaterThanOrEqual(178);
  });

  test("an image stays queued, and importing, as long as that is set", async () => {
    emulator.options.queuedMs = 60_000;
    const { id: queued } = await create();
    emulator.options.queuedMs = 0;
    const begun = new Promise<void>((resolve) => {
      emulator.options.importMs = () => {
        resolve();
        return 60_000;
      };
    });
    const { id: importing } = await create();
    await begun;
    expect(await show(queued)).toMatchObject({ status: "queued", size: null });
    expect(await show(importing)).toMatchObject({ status: "importing", size: null });
  });

  test("the setting that waits for the import operation", async () => {
    emulator.options.importsBy = "import";
    const { id } = await create();
    await emulator.settled(id);
    expect(await show(id)).toMatchObject({ status: "queued" });
    const accepted = await request("POST", `/v1/images/${id}/import`, { url: one() });
    expect(accepted).toMatchObject({ status: 202, text: "" });
    await emulator.settled(id);
    expect(await show(id)).toMatchObject({ status: "active" });
    expect(emulator.images()[0]).toMatchObject({ importsStarted: 1, importsFailed: 0, importRunning: false });
  });

  test("a second import conflicts, in each state with Glance's words", async () => {
    const again = (id: string) => refusal("POST", `/v1/images/${id}/import`, { url: one() });
    emulator.options.queuedMs = 60_000;
    const { id: queued } = await create();
    expect(await again(queued)).toMatchObject({ status: 409, detail: "Image has active task" });
    emulator.options.queuedMs = 0;
    emulator.options.importMs = 60_000;
    const { id: importing } = await create();
    while ((await show(importing)).status === "queued");
    const needsQueued = expect.stringContaining("needs to be in 'queued' state") as string;
    expect(await again(importing)).toMatchObject({ status: 409, detail: needsQueued });
    emulator.options.importMs = 0;
    const { id: active } = await createActive();
    expect(await again(active)).toMatchObject({
      status: 409,
      detail: "Image with status active cannot be target for import",
    });
    expect(await again("nobody")).toMatchObject({ status: 404, detail: "No image found with ID nobody" });
  });

  test.each([
    ["no qcow2", Buffer.from("MZ this is something else".repeat(10))],
    ["an empty file", Buffer.alloc(0)],
    ["a backing file", qcow2({ backingFile: 512n })],
    ["an external data file", qcow2({ features: 4n })],
    ["an unknown feature", qcow2({ features: 1n << 40n })],
    ["another version", qcow2({ version: 4 })],
  ])("%s falls back to queued, and another import may follow", async (_what, file) => {
    await emulator.putObject("images", "bad.qcow2", file);
    const { id } = await create({ url: emulator.objectUrl("images", "bad.qcow2") });
    await emulator.settled(id);
    expect(await show(id)).toMatchObject({ status: "queued", size: null, checksum: null });
    expect(emulator.images()[0]).toMatchObject({ importsStarted: 1, importsFailed: 1 });
    expect((await request("POST", `/v1/images/${id}/import`, { url: one() })).status).toBe(202);
    await emulator.settled(id);
    expect(await show(id)).toMatchObject({ status: "active", url: one() });
  });

  test.each([
    [2, 5n << 30n],
    [3, 17179869184n],
  ])("version %i tells its virtual size, also when the rest is missing", async (version, virtualSize) => {
    await emulator.putObject("images", "v.qcow2", qcow2({ version, virtualSize }));
    const image = await createActive({ url: emulator.objectUrl("images", "v.qcow2") });
    expect(image).toMatchObject({ status: "active", virtual_size: Number(virtualSize) });
  });

  test("an object that is gone or private at import time ends in queued", async () => {
    emulator.options.importsBy = "import";
    const { id } = await create();
    await emulator.putObject("images", "one.qcow2", qcow2(), "private");
    expect((await request("POST", `/v1/images/${id}/import`, { url: one() })).status).toBe(202);
    await emulator.settled(id);
    expect(emulator.images()[0]).toMatchObject({ status: "queued", importError: "The source answered 403." });
    const gone = emulator.objectUrl("images", "gone.qcow2");
    expect((await request("POST", `/v1/images/${id}/import`, { url: gone })).status).toBe(202);
    await emulator.settled(id);
    expect(await show(id)).toMatchObject({ status: "queued" });
  });

  const account = "8989447062e04a818baf9e073fd04fa7";
  const host = "https://object-store.kr-west1.s.samsungsdscloud.com";
  test.each([
    `${host}/${account}:images/one.qcow2`,
    `${host}/${account}/images/one.qcow2`,
    `https://object-store.private.kr-west1.s.samsungsdscloud.com/${account}:images/one.qcow2`,
  ])("accepts %s", async (url) => {
    expect(await createActive({ url })).toMatchObject({ status: "active", url });
  });

  test("accepts its own Object Storage's loopback URLs", async () => {
    const url = `${emulator.objectStorageUrl}/${account}:images/one.qcow2`;
    expect(await createActive({ url })).toMatchObject({ status: "active", url });
  });

  test.each([
    `${host}/${account}:images/missing.qcow2`,
    `${host}/${account}:images/private.qcow2`,
    `${host}/${account}:nowhere/one.qcow2`,
    `${host}/a8f10467abfc4b87b64614ab36eb9ae4:images/one.qcow2`,
    `${host}/images/one.qcow2`,
    `${host}/${account}:images/one.qcow2?versionId=1.qcow2`,
    `https://object-store.kr-east1.s.samsungsdscloud.com/${account}:images/one.qcow2`,
    `https://object-store.kr-west1.e.samsungsdscloud.com/${account}:images/one.qcow2`,
    `http://object-store.kr-west1.s.samsungsdscloud.com/${account}:images/one.qcow2`,
    `https://example.invalid/${account}:images/one.qcow2`,
    `http://127.0.0.1:1/${account}:images/one.qcow2`,
    "file:///one.qcow2",
    "one.qcow2",
  ])("refuses %s", async (url) => {
    await emulator.putObject("images", "private.qcow2", qcow2(), "private");
    const answer = await refusal("POST", "/v1/images", { name: "one", os_distro: "alma", url });
    expect(answer).toMatchObject({ status: 400, code: "Image.InvalidObjectStorageUrl" });
    expect(answer.detail).toBe("Object Storage URL for the Image file is invalid.");
    expect(emulator.images()).toEqual([]);
  });

  test("the setting that has only the colon form work", async () => {
    emulator.options.pathForms = "colon";
    const url = `${host}/${account}/images/one.qcow2`;
    const answer = await refusal("POST", "/v1/images", { name: "one", os_distro: "alma", url });
    expect(answer).toMatchObject({ status: 400, code: "Image.InvalidObjectStorageUrl" });
    const storage = await fetch(`${emulator.objectStorageUrl}/${account}/images/one.qcow2`);
    expect([storage.status, await storage.text()]).toEqual([
      400,
      expect.stringContaining("NotFoundBucketNameInPath"),
    ]);
    expect(await createActive()).toMatchObject({ status: "active" });
  });
});

describe("validation", () => {
  test.each([
    [{ name: "" }, "name"],
    [{ name: "a".repeat(256) }, "name"],
    [{ name: "with/slash" }, "name"],
    [{ name: 5 }, "name"],
    [{ name: undefined }, "name"],
    [{ os_distro: undefined }, "os_distro"],
    [{ os_distro: "debian" }, 'Field "os_distro" is invalid. Example: "alma"'],
    [{ url: undefined }, "url"],
    [{ url: `https://x/${"a".repeat(255)}.qcow2` }, "url"],
    [{ url: "https://x/a.iso" }, "URL must end with '.qcow2'"],
    [{ disk_format: "raw" }, "disk_format"],
    [{ container_format: "ova" }, "container_format"],
    [{ min_disk: -1 }, "min_disk"],
    [{ min_disk: "1" }, "min_disk"],
    [{ min_disk: 1.5 }, "min_disk"],
    [{ min_ram: 2097152 }, "min_ram"],
    [{ protected: "yes" }, "protected"],
    [{ visibility: "public" }, "visibility"],
    [{ tags: [{ key: "" }] }, "tags"],
    [{ tags: [{ key: "a!" }] }, "tags"],
    [{ tags: [{ key: "a", value: "v".repeat(257) }] }, "tags"],
    [{ tags: [{ key: "a" }, { key: "a" }] }, "tags"],
    [{ tags: "a=b" }, "tags"],
  ])("create refuses %j", async (given, words) => {
    const answer = await refusal("POST", "/v1/images", {
      name: "one",
      os_distro: "alma",
      url: one(),
      ...given,
    });
    expect(answer).toMatchObject({ status: 400, code: "ValidationError" });
    expect(answer.detail).toContain(words);
  });

  test("an empty text for a format or the visibility is as good as none", async () => {
    const standard = { disk_format: "qcow2", container_format: "bare", visibility: "private" };
    const created = await create({ disk_format: "", container_format: "", visibility: "" });
    expect(created).toMatchObject(standard);
    const updated = await request("PUT", `/v1/images/${created.id}`, { visibility: "", min_ram: 3 });
    expect(updated).toMatchObject({ status: 200, json: { visibility: "private", min_ram: 3 } });
  });

  test("several faults come as a list of texts", async () => {
    const answer = await refusal("POST", "/v1/images", {
      name: "",
      os_distro: "x",
      url: one(),
      min_disk: -1,
    });
    expect(answer.detail).toHaveLength(3);
  });

  test("a body that is no JSON object", async () => {
    expect(await refusal("POST", "/v1/images", [1])).toMatchObject({ status: 400, code: "ValidationError" });
  });

  test("paths and methods that are not there", async () => {
    expect((await request("GET", "/v1/volumes")).status).toBe(404);
    const refused = await request("PATCH", "/v1/images");
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, "GET, POST"]);
    const id = await request("POST", "/v1/images/some-id");
    expect([id.status, id.headers.get("allow")]).toEqual([405, "GET, PUT, DELETE"]);
  });
});

describe("show, update, delete", () => {
  test("only versions 1.2 and later know scp_gpu_driver", async () => {
    const { id } = await create();
    for (const [version, known] of [
      ["1.0", false],
      ["1.1", false],
      ["1.2", true],
      ["1.3", true],
    ] as const) {
      const answer = await request("GET", `/v1/images/${id}`, undefined, {
        version: `virtualserver ${version}`,
      });
      expect("scp_gpu_driver" in answer.json).toBe(known);
    }
    const answer = await request("GET", `/v1/images/${id}`, undefined, { version: null });
    expect(answer.json).toHaveProperty("scp_gpu_driver", null);
  });

  test("the four fields that can change, alone and together, also during an import", async () => {
    emulator.options.importMs = 60_000;
    const { id, updated_at } = await create();
    now += 5000;
    const changed = await request("PUT", `/v1/images/${id}`, {
      min_disk: 1,
      min_ram: 2,
      protected: true,
      visibility: "shared",
    });
    expect(changed).toMatchObject({
      status: 200,
      json: { min_disk: 1, min_ram: 2, protected: true, visibility: "shared" },
    });
    expect(changed.json.updated_at > updated_at).toBe(true);
    const partly = await request("PUT", `/v1/images/${id}`, { min_ram: 0, protected: null });
    expect(partly.json).toMatchObject({ min_disk: 1, min_ram: 0, protected: true });
  });

  test.each([
    [{ min_disk: -1 }],
    [{ min_ram: "1" }],
    [{ name: "other" }],
    [{ visibility: "public" }],
    [{ status: "active" }],
  ])("update refuses %j", async (change) => {
    const { id } = await create();
    expect(await refusal("PUT", `/v1/images/${id}`, change)).toMatchObject({ status: 400 });
  });

  test("delete: once, and nothing comes back of an import that was under way", async () => {
    emulator.options.importMs = 60_000;
    const { id } = await create();
    expect((await request("DELETE", `/v1/images/${id}`)).status).toBe(204);
    await emulator.settled(id);
    expect(await refusal("GET", `/v1/images/${id}`)).toMatchObject({ status: 404 });
    const detail = `Failed to find image ${id} to delete`;
    expect(await refusal("DELETE", `/v1/images/${id}`)).toMatchObject({ status: 404, detail });
    expect(emulator.images()).toEqual([]);
  });

  test("a protected image: imported, not deleted", async () => {
    const { id } = await createActive({ protected: true });
    const detail = `Image ${id} is protected and cannot be deleted.`;
    expect(await refusal("DELETE", `/v1/images/${id}`)).toMatchObject({ status: 403, detail });
    await request("PUT", `/v1/images/${id}`, { protected: false });
    expect((await request("DELETE", `/v1/images/${id}`)).status).toBe(204);
  });

  test("another account's private image does not exist", async () => {
    const { id } = await create();
    expect(await refusal("GET", `/v1/images/${id}`, undefined, second())).toMatchObject({ status: 404 });
    expect(await refusal("PUT", `/v1/images/${id}`, {}, second())).toMatchObject({ status: 404 });
    expect(await refusal("DELETE", `/v1/images/${id}`, undefined, second())).toMatchObject({ status: 404 });
  });

  test("a public image can be seen by all and changed by its owner", async () => {
    await emulator.setImage("standard", {
      visibility: "public",
      scp_image_type: "standard",
      name: "AlmaLinux",
    });
    expect((await request("GET", "/v1/images/standard", undefined, second())).status).toBe(200);
    expect(await refusal("PUT", "/v1/images/standard", {}, second())).toMatchObject({ status: 403 });
    expect(await refusal("DELETE", "/v1/images/standard", undefined, second())).toMatchObject({
      status: 403,
    });
  });

  test("a deactivated image can be updated and deleted, not imported into", async () => {
    const { id } = await createActive();
    await emulator.setImage(id, { status: "deactivated" });
    expect((await request("PUT", `/v1/images/${id}`, { min_ram: 1 })).json.status).toBe("deactivated");
    expect((await request("POST", `/v1/images/${id}/import`, { url: one() })).status).toBe(409);
    expect((await request("DELETE", `/v1/images/${id}`)).status).toBe(204);
  });
});

describe("list", () => {
  const names = async (query: string, more?: CallOptions) => {
    const answer = await request<{ images: ImageBody[] }>("GET", `/v1/images${query}`, undefined, more);
    expect(answer.status).toBe(200);
    return answer.json.images.map((image) => image.name);
  };

  async function seed(): Promise<string[]> {
    const ids: string[] = [];
    for (const [name, given] of [
      ["a", {}],
      ["b", { os_distro: "rocky" }],
      ["c", { visibility: "shared" }],
      ["d", { min_disk: 9 }],
    ] as const) {
      ids.push((await create({ name, ...given })).id);
      now += 1000;
    }
    await Promise.all(ids.map((id) => emulator.settled(id)));
    return ids;
  }

  test("newest first, filtered and sorted", async () => {
    await seed();
    expect(await names("")).toEqual(["d", "c", "b", "a"]);
    expect(await names("?sort=created_at:asc")).toEqual(["a", "b", "c", "d"]);
    expect(await names("?sort=os_distro:asc,name:desc")).toEqual(["d", "c", "a", "b"]);
    expect(await names("?name=a")).toEqual(["a"]);
    expect(await names("?name=A")).toEqual([]);
    expect(await names("?os_distro=rocky")).toEqual(["b"]);
    expect(await names("?visibility=shared")).toEqual(["c"]);
    expect(await names("?status=active&limit=2")).toEqual(["d", "c"]);
    expect(await names("?status=nonsense")).toEqual([]);
    expect(await names("?scp_image_type=custom&scp_original_image_type=")).toHaveLength(4);
    expect(await names("", second())).toEqual([]);
  });

  test("pages follow the marker, also through images of the same second", async () => {
    const ids = await seed();
    const created_at = "2026-01-01T00:00:00Z";
    for (const id of ids) await emulator.setImage(id, { created_at });
    const seen: string[] = [];
    for (let marker = ""; ; marker = seen.at(-1)!) {
      const query = `?limit=3${marker && `&marker=${marker}`}`;
      const { json } = await request<{ images: ImageBody[] }>("GET", `/v1/images${query}`);
      if (json.images.length === 0) break;
      seen.push(...json.images.map((image) => image.id));
    }
    expect(seen).toEqual([...ids].sort().reverse());
  });

  test("twenty, when nothing is said", async () => {
    await Promise.all(Array.from({ length: 25 }, (_, n) => emulator.setImage(`image-${n}`, {})));
    expect(await names("")).toHaveLength(20);
    expect(await names("?limit=1000")).toHaveLength(25);
  });

  test("a marker that was deleted meanwhile is an error", async () => {
    const { id } = await create();
    expect(await names(`?marker=${id}`)).toEqual([]);
    await emulator.removeImage(id);
    expect(await refusal("GET", `/v1/images?marker=${id}`)).toMatchObject({ status: 400 });
  });

  test.each([
    "limit=0",
    "limit=1001",
    "limit=-1",
    "limit=x",
    "limit=",
    "sort=nothing",
    "sort=name:up",
    "visibility=secret",
  ])("?%s is refused", async (query) => {
    expect(await refusal("GET", `/v1/images?${query}`)).toMatchObject({ status: 400 });
  });

  test("public images are everybody's, community ones for those who ask", async () => {
    await emulator.setImage("standard", { visibility: "public", name: "standard" });
    await emulator.setImage("commons", { visibility: "community", name: "commons" });
    expect(await names("", second())).toEqual(["standard"]);
    expect(await names("?visibility=community", second())).toEqual(["commons"]);
  });
});
