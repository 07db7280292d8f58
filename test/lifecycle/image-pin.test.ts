import { startEmulator, type Emulator } from "../../emulator";
import { hooksOf, type Hooks } from "../../provider/dynamic/hooks";
import { systemClock } from "../../provider/lifecycle/clock";
import { createContext } from "../../provider/lifecycle/context";
import { pinLifecycle } from "../../provider/lifecycle/image-pin";
import type { Properties } from "../../provider/schema/description";
import { namesGiven } from "../../provider/schema/description";
import { imagePin } from "../../provider/schema/image-pin";
import { unknownValue } from "../../provider/schema/unknown";

let cloud: Emulator;
let warnings: jest.SpyInstance;

beforeAll(async () => {
  cloud = await startEmulator();
});
beforeEach(async () => {
  await cloud.reset();
  warnings = jest.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  warnings.mockRestore();
});
afterAll(() => cloud.close());

const told = () => warnings.mock.calls.map(([text]) => String(text));

/** A new provider process. */
function start(env: Record<string, string> = {}): Hooks {
  const sources = { env: { ...cloud.env, ...env }, home: "/nonexistent" };
  return hooksOf(pinLifecycle(createContext(sources, systemClock, { show: () => () => undefined })));
}

const idOf = (number: number) => `0f5b9a3e-0000-4000-8000-${String(number).padStart(12, "0")}`;

async function put(number: number, fields: Parameters<Emulator["setImage"]>[1] = {}): Promise<string> {
  const created_at = new Date(Date.UTC(2026, 0, number)).toISOString();
  await cloud.setImage(idOf(number), { name: "golden", os_distro: "alma", created_at, ...fields });
  return idOf(number);
}

interface Pin {
  id: string;
  inputs: Properties;
  outputs: Properties;
}

const plain = (properties: Properties = {}) => JSON.parse(JSON.stringify(properties)) as Properties;

/** What Pulumi does at `up` with a pin that the program declares. */
async function up(args: Properties, old?: Pin, hooks = start()): Promise<Pin & { steps: string[] }> {
  const { inputs, failures } = await hooks.check(old?.inputs ?? {}, args);
  if (failures.length > 0) throw new Error(failures.map(({ reason }) => reason).join("\n"));
  const news = plain(inputs);
  if (old === undefined) {
    const { id, outs } = await hooks.create(news);
    return { id, inputs: news, outputs: plain(outs), steps: ["create"] };
  }
  const { changes, replaces } = await hooks.diff(old.id, old.outputs, news);
  if (changes !== true) return { ...old, inputs: news, steps: [] };
  if (replaces?.length) return { ...(await up(args, undefined, hooks)), steps: ["replace"] };
  const { outs } = await hooks.update(old.id, old.outputs, news);
  return { id: old.id, inputs: news, outputs: plain(outs), steps: ["update"] };
}

/** What it does at `refresh`; whether that is a change is asked as Pulumi asks it. */
async function refresh(old: Pin, hooks = start()): Promise<Pin & { changed: boolean }> {
  const { id = "", props, inputs } = await hooks.read(old.id, old.outputs);
  const now = { id, inputs: plain(inputs), outputs: plain(props) };
  const { changes } = await hooks.diff(id, now.outputs, old.inputs);
  return { ...now, changed: changes === true };
}

const newest = { name: "golden", mostRecent: true };

test("what was found is held while newer ones come, until pin or a filter changes", async () => {
  await put(1);
  const first = await up({ ...newest, pin: "one" });
  expect(first.outputs).toMatchObject({ imageId: idOf(1), name: "golden", osDistro: "alma", pin: "one" });
  expect(first.id).toMatch(/^pin:/);
  await put(2);
  await put(3, { name: "other" });

  const before = cloud.stats();
  const again = await up({ ...newest, pin: "one" }, first);
  expect(again.steps).toEqual([]);
  expect(cloud.stats()).toEqual(before);
  expect(await refresh(again)).toMatchObject({
    changed: false,
    outputs: first.outputs,
    inputs: first.inputs,
  });

  const later = await up({ ...newest, pin: "two" }, again);
  expect(later).toMatchObject({ id: first.id, steps: ["update"], outputs: { imageId: idOf(2), pin: "two" } });
  const other = await up({ ...newest, name: "other", pin: "two" }, later);
  expect(other).toMatchObject({ steps: ["update"], outputs: { imageId: idOf(3), name: "other" } });
  const back = await up({ osDistro: "alma", mostRecent: true, pin: "two" }, other);
  expect(back).toMatchObject({ steps: ["update"], outputs: { imageId: idOf(3) } });
  expect((await up({ osDistro: "alma", mostRecent: true, pin: "two" }, back)).steps).toEqual([]);
});

test("every output is what the image says, after a create and after a read", async () => {
  const facts = {
    ...{ url: "https://x/y.qcow2", container_format: "bare", disk_format: "qcow2", min_disk: 3, min_ram: 4 },
    ...{ protected: true, visibility: "shared", checksum: "a", os_hash_algo: "sha512", os_hash_value: "b" },
    ...{ size: 5, virtual_size: 6, file: "/f", os_hidden: true, owner: cloud.options.accountId },
    ...{ owner_account_name: "c", owner_user_name: "d", root_device_name: "/dev/vda", scp_gpu_driver: "e" },
    ...{ scp_image_type: "custom", scp_k8s_version: "f", scp_original_image_type: "standard" },
    ...{ scp_os_build_version: "g", scp_os_version: "h", updated_at: "2026-02-02T00:00:00Z" },
    ...{ volumes: '[{"volume_size":7}]' },
  } as const;
  await put(1, facts);
  const pin = await up({ name: "golden" });
  const wire = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const shown: Properties = { ...cloud.images()[0], volumes: [{ volumeSize: 7 }] };
  const outputs = [...namesGiven(imagePin, "output"), "name", "osDistro", "status", "visibility", "owner"];
  for (const name of outputs.filter((one) => one !== "imageId")) {
    expect([name, pin.outputs[name]]).toEqual([name, shown[wire(name)]]);
    expect(shown[wire(name)]).toBeDefined();
  }
  await cloud.setImage(idOf(1), { min_disk: 30, owner_user_name: "z" });
  const seen = await refresh(pin);
  expect(seen.outputs).toMatchObject({ imageId: idOf(1), minDisk: 30, ownerUserName: "z" });
  expect(seen.changed).toBe(false);
});

test("an image that is gone stays pinned, is told at each run, and no other is taken until that is said", async () => {
  await put(1);
  const pin = await up({ ...newest, pin: "one" });
  await put(2);
  await cloud.removeImage(idOf(1));
  const sentence = `Image ${idOf(1)} \\(golden\\) is gone: .* To let go and look up another, change pin, which is "one", or a filter.`;

  const seen = await refresh(pin);
  expect(seen).toMatchObject({ id: pin.id, changed: true, outputs: { imageId: idOf(1), status: "deleted" } });
  expect(told()).toEqual([expect.stringMatching(sentence)]);
  const again = await refresh(seen);
  expect(again.changed).toBe(false);
  expect(told()).toHaveLength(2);

  const kept = await up({ ...newest, pin: "one" }, again);
  expect(kept.steps).toEqual([]);
  expect(kept.outputs.imageId).toBe(idOf(1));
  expect(told()).toHaveLength(3);
  // Another setting of ours, too.
  const same = await up({ ...newest, pin: "one", retainOnDelete: true }, kept);
  expect(same).toMatchObject({ steps: ["update"], outputs: { imageId: idOf(1), status: "deleted" } });

  const next = await up({ ...newest, pin: "two" }, same);
  expect(next).toMatchObject({ steps: ["update"], outputs: { imageId: idOf(2), status: "active" } });
  warnings.mockClear();
  expect((await refresh(next)).changed).toBe(false);
  expect((await up({ ...newest, pin: "two" }, next)).steps).toEqual([]);
  expect(told()).toEqual([]);
});

test("an image that is shown again is not gone any more", async () => {
  const theirs = { owner: cloud.options.accounts[1]!.accountId, visibility: "public" } as const;
  await put(1, theirs);
  const pin = await up({ name: "golden" });
  await cloud.setImage(idOf(1), { visibility: "private" });
  const gone = await refresh(pin);
  expect(gone).toMatchObject({ changed: true, outputs: { status: "deleted" } });
  expect(told()).toEqual([expect.stringContaining("give pin a text or a filter")]);
  await cloud.setImage(idOf(1), { visibility: "public" });
  const back = await refresh(gone);
  expect(back).toMatchObject({ changed: true, inputs: pin.inputs });
  expect(back.outputs).toEqual({ ...pin.outputs, updatedAt: expect.any(String) as string });
  expect((await refresh(back)).changed).toBe(false);
});

test("a 404 that proves nothing is an error, and the pin stays", async () => {
  await put(1);
  const pin = await up({ name: "golden" });
  const second = cloud.options.accounts[1]!;
  const env = { SCP_ACCESS_KEY: second.accessKey, SCP_SECRET_KEY: second.secretKey };
  await expect(refresh(pin, start(env))).rejects.toThrow("It stays in the state");
});

test("whose image it was does not matter to a pin: the keys that found it say that it is gone", async () => {
  const { accountId } = cloud.options.accounts[1]!;
  const url = cloud.objectUrl("images", "one.qcow2", accountId);
  await put(1, { owner: accountId, visibility: "public", url });
  cloud.options.denied = [{ operation: "listAccessKeys" }];
  const silent = await up({ name: "golden" });
  cloud.options.denied = [];
  const told = await up({ name: "golden" });
  await cloud.removeImage(idOf(1));
  for (const pin of [silent, told]) {
    expect(await refresh(pin)).toMatchObject({ changed: true, outputs: { status: "deleted" } });
  }
  // Other keys, which IAM does not tell, might only not see it.
  cloud.options.denied = [{ operation: "listAccessKeys" }];
  const { accessKey, secretKey } = cloud.options.accounts[1]!;
  const env = { SCP_ACCESS_KEY: accessKey, SCP_SECRET_KEY: secretKey };
  await expect(refresh(silent, start(env))).rejects.toThrow("It stays in the state");
  cloud.options.denied = [];
});

test("check says what up would fail at, where it is new or changed, and asks nothing where it is not", async () => {
  await expect(up({ name: "golden" })).rejects.toThrow('No image has name "golden", status "active"');
  await put(1);
  const pin = await up({ name: "golden" });
  await put(2);
  await expect(up({ name: "golden", pin: "x" }, pin)).rejects.toThrow(
    /^2 images have name "golden".*Set mostRecent/,
  );
  expect((await up({ name: "golden" }, pin)).steps).toEqual([]);
  const before = cloud.stats();
  await expect(up({ name: "", nameRegex: "(" })).rejects.toThrow("name must not be empty; leave it out");
  await expect(up({ id: idOf(1) })).rejects.toThrow('there is no property "id"');
  expect(cloud.stats()).toEqual(before);
  await expect(up(newest, undefined, start({ SCP_SECRET_KEY: "wrong" }))).rejects.toThrow("401");
});

test("what is not known yet is not looked up; a pin that is not known yet is no filter", async () => {
  const { check } = start();
  expect((await check({}, { name: unknownValue })).failures).toEqual([]);
  expect((await check({}, { region: unknownValue, name: "golden" })).failures).toEqual([]);
  expect(cloud.stats()).toEqual({});
  expect((await check({}, { name: "golden", pin: unknownValue })).failures).toHaveLength(1);
});

test("another profile of the account looks nothing up; another region replaces", async () => {
  await put(1);
  const pin = await up(newest);
  await put(2);
  const { accessKey, secretKey } = cloud.options;
  const env = { SCP_PROFILE_AUDIT_ACCESS_KEY: accessKey, SCP_PROFILE_AUDIT_SECRET_KEY: secretKey };
  const audited = await up({ ...newest, profile: "audit" }, pin, start(env));
  expect(audited).toMatchObject({ steps: ["update"], outputs: { imageId: idOf(1), profile: "audit" } });
  expect((await up(newest, pin, start({ SCP_REGION: "kr-east1" }))).steps).toEqual(["replace"]);
});

test("a pin is nothing that can be looked up, and deleting it asks for nothing", async () => {
  await put(1);
  const { id, outputs } = await up({ name: "golden" });
  await expect(start().read("pin:1")).rejects.toThrow("of a pin there is nothing in the cloud");
  const before = cloud.stats();
  await start().delete(id, outputs);
  expect(cloud.stats()).toEqual(before);
});
