import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Emulator, type EmulatorOptions, type ImageBody, startEmulator } from "../../emulator";
import { type Answer, type CallOptions, clientOf, qcow2 } from "./testing";

let emulator: Emulator;
let now = Date.now();
beforeAll(async () => {
  emulator = await startEmulator({ now: () => now });
});
beforeEach(async () => {
  Object.assign(emulator.options, { snapshotMs: 0, queuedMs: 0, showLagMs: 0 });
  await emulator.reset();
});
afterAll(() => emulator.close());

const anyServer = "2a9be312-5d4b-4bc8-b2ae-35100fa9241f";
const call = <T = ImageBody>(method: string, where: string, body?: unknown, more?: CallOptions) =>
  clientOf(emulator).call<T>(method, where, { body, ...more });
const second = () => ({ as: emulator.options.accounts[1]! });

const tryMake = (server = anyServer, image_name = "of a server", more?: CallOptions) =>
  call<{ image_id: string }>("POST", `/v1/servers/${server}/images`, { image_name }, more);
async function make(server?: string, name?: string): Promise<string> {
  const answer = await tryMake(server, name);
  expect(answer).toMatchObject({ status: 202, json: { image_id: expect.any(String) as string } });
  expect(Object.keys(answer.json)).toEqual(["image_id"]);
  return answer.json.image_id;
}
const show = async (id: string) => (await call("GET", `/v1/images/${id}`)).json;
const statusOf = async (id: string) => (await call("GET", `/v1/images/${id}`)).status;

async function control<T>(
  method: string,
  what: string,
  body?: object,
): Promise<Pick<Answer<T>, "status" | "json">> {
  const response = await fetch(`${emulator.url}/_emulator/${what}`, {
    method,
    body: body && JSON.stringify(body),
  });
  return { status: response.status, json: (await response.json()) as T };
}

describe("the image", () => {
  test("is active at once by default, empty, and says what its volumes are", async () => {
    const shown = await show(await make());
    expect(shown).toMatchObject({
      status: "active",
      name: "of a server",
      owner: emulator.options.accountId,
      visibility: "private",
      protected: false,
      size: 0,
      virtual_size: null,
      checksum: null,
      os_hash_algo: null,
      os_hash_value: null,
      os_distro: null,
      min_disk: 104,
      min_ram: 0,
      root_device_name: "/dev/vda",
      scp_image_type: "custom",
      scp_original_image_type: "standard",
      url: null,
    });
    const documented =
      "boot_index delete_on_termination destination_type device_name device_type disk_bus encrypted encryption_format " +
      "encryption_options encryption_secret_uuid guest_format image_id no_device snapshot_id source_type tag volume_id " +
      "volume_size volume_type";
    const [volume] = JSON.parse(shown.volumes!) as [Record<string, unknown>];
    expect(Object.keys(volume).sort().join(" ")).toBe(documented);
    expect(volume).toMatchObject({
      source_type: "snapshot",
      boot_index: 0,
      volume_size: 104,
      volume_id: null,
    });
  });

  test("goes from queued over saving to active, no sooner than the pace that is set", async () => {
    const began = performance.now();
    const saving: { image?: object; after?: number } = {};
    emulator.options.queuedMs = 40;
    emulator.options.snapshotMs = (image) => {
      Object.assign(saving, { image, after: performance.now() - began });
      return 60;
    };
    const id = await make();
    now += 3000;
    await emulator.settled(id);
    expect(performance.now() - began).toBeGreaterThanOrEqual(98);
    expect(saving.after).toBeGreaterThanOrEqual(39);
    expect(saving.image).toMatchObject({ id, status: "saving", size: null, snapshot: { running: true } });
    const active = await show(id);
    expect(active).toMatchObject({ status: "active", size: 0 });
    expect(Date.parse(active.updated_at) - Date.parse(active.created_at)).toBeGreaterThanOrEqual(2000);
    expect(emulator.images()[0]!.snapshot).toEqual({ server: anyServer, running: false });
  });

  test("refuses another min_disk and every import, in each state; the rest can change", async () => {
    const url = emulator.objectUrl("images", "one.qcow2");
    await emulator.putObject("images", "one.qcow2", qcow2());
    const refused = async (id: string) => {
      expect(await call("PUT", `/v1/images/${id}`, { min_disk: 200 })).toMatchObject({
        status: 400,
        json: { errors: [{ code: "Image.InvalidVolumeOnMinDiskUpdate" }] },
      });
      expect((await call("PUT", `/v1/images/${id}`, { min_ram: 7 })).json).toMatchObject({ min_ram: 7 });
      return call("POST", `/v1/images/${id}/import`, { url });
    };
    const told = (detail: string) => ({
      status: 409,
      json: { errors: [{ detail: expect.stringContaining(detail) as string }] },
    });
    expect(await refused(await make())).toMatchObject(told("status active"));
    emulator.options.queuedMs = 60_000;
    emulator.options.snapshotMs = 60_000;
    const queued = await make();
    expect(await refused(queued)).toMatchObject(told("active task"));
    expect(await show(queued)).toMatchObject({ status: "queued", size: null, root_device_name: "/dev/vda" });
    emulator.options.queuedMs = 0;
    const saving = await make();
    while ((await show(saving)).status === "queued");
    expect(await refused(saving)).toMatchObject(told("'queued' state"));
    expect(await show(saving)).toMatchObject({ status: "saving", min_ram: 7, min_disk: 104 });
  });

  test("can be deleted while it is saved, and does not come back", async () => {
    emulator.options.snapshotMs = 60_000;
    const id = await make();
    expect((await call("DELETE", `/v1/images/${id}`)).status).toBe(204);
    await emulator.settled(id);
    expect(await statusOf(id)).toBe(404);
    expect(emulator.deleted()).toMatchObject([{ id, snapshot: { running: true } }]);
  });

  test("a status that is set ends the snapshot", async () => {
    emulator.options.snapshotMs = 60_000;
    const id = await make();
    await emulator.setImage(id, { status: "killed" });
    await emulator.settled(id);
    expect(await show(id)).toMatchObject({ status: "killed", size: null });
    expect(emulator.images()[0]!.snapshot).toMatchObject({ running: false });
  });

  test("is shown late where that is set", async () => {
    emulator.options.showLagMs = 1000;
    const id = await make();
    expect(await statusOf(id)).toBe(404);
    now += 1000;
    expect(await show(id)).toMatchObject({ id, status: "active" });
  });

  test("can have tags, and be shared", async () => {
    const id = await make();
    const srn = `srn:s::${emulator.options.accountId}:kr-west1::virtualserver:image/${id}`;
    const where = `/v1/tags/${encodeURIComponent(Buffer.from(srn).toString("base64"))}/bulk`;
    const tags = [{ key: "a", value: "b" }];
    expect((await call("PUT", where, { tags }, { version: "resourcemanager 1.0" })).status).toBe(200);
    expect(emulator.images()[0]!.tags).toEqual(tags);
    await call("PUT", `/v1/images/${id}`, { visibility: "shared" });
    const member = { member_id: emulator.options.accounts[1]!.accountId };
    expect((await call("POST", `/v1/images/${id}/members`, member)).status).toBe(200);
    expect((await call("GET", `/v1/images/${id}`, undefined, second())).status).toBe(200);
  });

  test.each([["."], ["한글 image"], ["x".repeat(255)]])("may be called %s", async (name) => {
    expect(await show(await make(anyServer, name))).toMatchObject({ name });
  });

  test.each([
    [{ image_name: "" }],
    [{ image_name: "x".repeat(256) }],
    [{ image_name: 7 }],
    [{ image_name: null }],
    [{}],
  ])("%j does not name one", async (body) => {
    expect((await call("POST", `/v1/servers/${anyServer}/images`, body)).status).toBe(400);
    expect(emulator.images()).toEqual([]);
  });
});

describe("servers", () => {
  const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

  test("one that is known hands on its distribution and the size of its volume", async () => {
    const server = await emulator.addServer({ osDistro: "ubuntu", volumeGb: 20 });
    expect(server).toEqual({
      id: expect.stringMatching(uuid) as string,
      accountId: emulator.options.accountId,
      osDistro: "ubuntu",
      volumeGb: 20,
    });
    const shown = await show(await make(server.id));
    expect(shown).toMatchObject({ os_distro: "ubuntu", min_disk: 20 });
    expect(JSON.parse(shown.volumes!)).toMatchObject([{ volume_size: 20 }]);
    expect(emulator.images()[0]!.snapshot).toEqual({ server: server.id, running: false });
  });

  test("a distribution that it does not have stays null", async () => {
    const { id } = await emulator.addServer();
    expect(await show(await make(id))).toMatchObject({ os_distro: null, min_disk: 104 });
    const { id: told } = await emulator.addServer({ osDistro: null });
    expect(await show(await make(told))).toMatchObject({ os_distro: null });
  });

  test("once an account has one, it has no others; another account's are not there", async () => {
    const { id: own } = await emulator.addServer({ id: "11111111-2222-4333-8444-555555555555" });
    const statuses = async (more?: CallOptions) =>
      [await tryMake(own, "x", more), await tryMake(anyServer, "x", more)].map(({ status }) => status);
    expect(await statuses()).toEqual([202, 404]);
    expect(await statuses(second())).toEqual([404, 202]);
    const { accountId } = emulator.options.accounts[1]!;
    const { id: other } = await emulator.addServer({ accountId });
    expect((await tryMake(other, "x", second())).status).toBe(202);
    expect((await tryMake(other)).status).toBe(404);
    expect(await statuses(second())).toEqual([404, 404]);
    await emulator.reset();
    expect(await statuses()).toEqual([202, 202]);
  });

  test("they are made known over HTTP too, and nonsense is refused", async () => {
    const made = await control<{ id: string }>("POST", "servers", { osDistro: "rocky" });
    expect(made).toMatchObject({ status: 200, json: { osDistro: "rocky", volumeGb: 104 } });
    expect((await control("GET", "servers")).json).toEqual([made.json]);
    expect(await show(await make(made.json.id))).toMatchObject({ os_distro: "rocky" });
    for (const wrong of [{ id: "one" }, { volumeGb: 0 }, { accountId: "nobody" }, { os: "ubuntu" }]) {
      expect((await control("POST", "servers", wrong)).status).toBe(400);
    }
    expect((await control("GET", "servers")).json).toHaveLength(1);
  });

  test("what is no UUID is no server", async () => {
    expect((await tryMake("none")).status).toBe(404);
  });
});

describe("faults", () => {
  const listed = async () =>
    (await call<{ images: ImageBody[] }>("GET", "/v1/images")).json.images.map(({ id }) => id);

  test("the image of a snapshot that fails is accepted, and then gone", async () => {
    emulator.faults.add({ kind: "snapshot-fails", image: anyServer });
    const saved: string[] = [];
    emulator.options.snapshotMs = ({ status }) => saved.push(status);
    const id = await make();
    await emulator.settled(id);
    expect(saved).toEqual(["saving"]);
    expect(await statusOf(id)).toBe(404);
    expect(await listed()).toEqual([]);
    expect(emulator.deleted()).toEqual([]);
    expect(emulator.faults.list()).toMatchObject([{ matched: 1, struck: 1 }]);
    emulator.options.snapshotMs = 0;
    const next = await make();
    expect(await show(next)).toMatchObject({ status: "active" });
  });

  test("one that hangs stays saving, until it is deleted", async () => {
    emulator.faults.add({ kind: "snapshot-hangs", image: "hangs" });
    const well = await make(anyServer, "well");
    const hung = await make(anyServer, "hangs");
    while ((await show(hung)).status === "queued");
    expect(await show(hung)).toMatchObject({ status: "saving", size: null });
    expect(await show(well)).toMatchObject({ status: "active" });
    expect((await call("DELETE", `/v1/images/${hung}`)).status).toBe(204);
    expect(await listed()).toEqual([well]);
  });

  test("faults of imports do not strike snapshots, nor the other way round", async () => {
    emulator.faults.add({ kind: "import-fails", times: "always" });
    expect(await show(await make())).toMatchObject({ status: "active" });
    emulator.faults.clear();
    emulator.faults.add({ kind: "snapshot-fails", times: "always" });
    await emulator.putObject("images", "one.qcow2", qcow2());
    const url = emulator.objectUrl("images", "one.qcow2");
    const { json } = await clientOf(emulator).create({ name: "one", os_distro: "alma", url });
    await emulator.settled(json.id);
    expect(await show(json.id)).toMatchObject({ status: "active" });
    expect(emulator.faults.list()).toMatchObject([{ matched: 0 }]);
  });

  test("the operation itself fails by its name, and makes nothing", async () => {
    emulator.faults.add({ kind: "status", operation: "createVirtualServerCustomImage", status: 409 });
    expect((await tryMake()).status).toBe(409);
    expect(emulator.images()).toEqual([]);
  });
});

describe("a restart", () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), "scp-emulator-"));
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  async function restarted(options: EmulatorOptions) {
    const before = await startEmulator({ dataDir, snapshotMs: 60_000, ...options });
    const { id: server } = await before.addServer({ volumeGb: 8, osDistro: "alma" });
    const answer = await clientOf(before).call<{ image_id: string }>("POST", `/v1/servers/${server}/images`, {
      body: { image_name: "x" },
    });
    await before.close();
    const after = await startEmulator({ dataDir, ...options });
    const id = answer.json.image_id;
    await after.settled(id);
    const { json } = await clientOf(after).call<ImageBody>("GET", `/v1/images/${id}`);
    const again = await clientOf(after).call("POST", `/v1/servers/${server}/images`, {
      body: { image_name: "y" },
    });
    await after.close();
    expect(again.status).toBe(202);
    return json;
  }

  test("keeps servers, and snapshots go on", async () => {
    expect(await restarted({})).toMatchObject({ status: "active", size: 0, min_disk: 8, os_distro: "alma" });
  });

  test("leaves them saving, where that is set", async () => {
    expect(await restarted({ interruptedImports: "stuck" })).toMatchObject({ status: "saving", size: null });
  });
});

test("the settings can change over HTTP", async () => {
  await control("PATCH", "settings", { snapshotMs: 60_000 });
  const id = await make();
  expect((await show(id)).status).not.toBe("active");
  expect((await control("PATCH", "settings", { snapshotMs: -1 })).status).toBe(400);
});
