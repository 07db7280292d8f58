import { type Emulator, startEmulator } from "../../emulator";
import { type Answer, type CallOptions, clientOf, qcow2 } from "./testing";

/**
 * The vendor's Go SDK decodes strictly: a member that its model does not know, one that is missing, or one of another
 * type is an error. The models here are those of the API's description, by hand; `?` is a member that may be null.
 */
const image = {
  checksum: "text?",
  container_format: "text",
  created_at: "time",
  disk_format: "text",
  file: "text",
  id: "text",
  min_disk: "int32",
  min_ram: "int32",
  name: "text",
  os_distro: "text?",
  os_hash_algo: "text?",
  os_hash_value: "text?",
  os_hidden: "flag",
  owner: "text",
  owner_account_name: "text?",
  owner_user_name: "text?",
  protected: "flag",
  root_device_name: "text?",
  scp_image_type: "text?",
  scp_k8s_version: "text?",
  scp_original_image_type: "text?",
  scp_os_build_version: "text?",
  scp_os_version: "text?",
  size: "int64?",
  status: "text",
  updated_at: "time",
  url: "text?",
  virtual_size: "int64?",
  visibility: "text",
  volumes: "text?",
};
const imageSince2 = { ...image, scp_gpu_driver: "text?" };
const member = {
  created_at: "time",
  image_id: "text",
  member_id: "text",
  status: "text",
  updated_at: "time",
};

const types: Record<string, (value: unknown) => boolean> = {
  text: (value) => typeof value === "string",
  time: (value) => typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value),
  flag: (value) => typeof value === "boolean",
  int32: (value) => Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 31,
  int64: (value) => Number.isSafeInteger(value),
};

/** What a strict decoder would complain of. */
function complaints(value: unknown, model: Record<string, string>): string[] {
  const found = value as Record<string, unknown>;
  const unknown = Object.keys(found).filter((name) => !(name in model));
  const wrong = Object.entries(model).filter(
    ([name, type]) =>
      !(type.endsWith("?") && found[name] === null) && !types[type.replace("?", "")]!(found[name]),
  );
  return [...unknown, ...wrong.map(([name, type]) => `${name} is no ${type}`)];
}

let emulator: Emulator;
beforeEach(async () => {
  emulator = await startEmulator({ standardImages: true });
  await emulator.putObject("images", "one.qcow2", qcow2());
});
afterEach(() => emulator.close());

test("the check itself finds what is missing, unknown, null or of another type", () => {
  const good = {
    created_at: "2026-01-01T00:00:00Z",
    image_id: "",
    member_id: "",
    status: "",
    updated_at: "",
  };
  expect(complaints({ ...good, updated_at: "2026-01-01T00:00:00Z" }, member)).toEqual([]);
  expect(complaints({ ...good, status: null, more: 1 }, member)).toEqual([
    "more",
    "status is no text",
    "updated_at is no time",
  ]);
});

describe.each([
  ["1.0", image],
  ["1.1", image],
  ["1.2", imageSince2],
  ["1.3", imageSince2],
])("version %s", (version, model) => {
  const call = <T = unknown>(method: string, path: string, body?: unknown, more?: CallOptions) =>
    clientOf(emulator).call<T>(method, path, { body, version: `virtualserver ${version}`, ...more });
  const second = () => ({ as: emulator.options.accounts[1]! });
  const secondId = () => emulator.options.accounts[1]!.accountId;
  const expectImages = ({ status, json }: Answer<{ images: unknown[] }>, least: number) => {
    expect([status, Object.keys(json)]).toEqual([200, ["images"]]);
    expect(json.images.length).toBeGreaterThanOrEqual(least);
    for (const one of json.images) expect(complaints(one, model)).toEqual([]);
  };

  async function create() {
    const url = emulator.objectUrl("images", "one.qcow2");
    const body = { name: "one", os_distro: "alma", url, visibility: "shared" };
    const created = await call<{ id: string }>("POST", "/v1/images", body);
    expect(complaints(created.json, model)).toEqual([]);
    await emulator.settled(created.json.id);
    return created.json.id;
  }

  test("every answer with an image has the members of the description, and no others", async () => {
    const path = `/v1/images/${await create()}`;
    const made = await call("POST", "/v1/servers/2a9be312-5d4b-4bc8-b2ae-35100fa9241f/images", {
      image_name: "of a server",
    });
    expect(complaints(made.json, { image_id: "text" })).toEqual([]);
    expect(complaints((await call("GET", path)).json, model)).toEqual([]);
    expect(complaints((await call("PUT", path, { min_ram: 1 })).json, model)).toEqual([]);
    expectImages(await call("GET", "/v1/images?limit=1000"), 10);
    await call("POST", `${path}/members`, { member_id: secondId() });
    expectImages(await call("GET", "/v1/pending-images", undefined, second()), 1);
  });

  test("every answer with a member, likewise", async () => {
    const members = `/v1/images/${await create()}/members`;
    const own = `${members}/${secondId()}`;
    const added = await call("POST", members, { member_id: secondId() });
    const all = await call<{ members: unknown[] }>("GET", members);
    const shown = await call("GET", own, undefined, second());
    const set = await call("PUT", own, { status: "accepted" }, second());
    expect(Object.keys(all.json)).toEqual(["members"]);
    for (const one of [added.json, ...all.json.members, shown.json, set.json]) {
      expect(complaints(one, member)).toEqual([]);
    }
    expect(await call("DELETE", own)).toMatchObject({ status: 204, text: "" });
  });

  test("what has no body has none", async () => {
    const id = await create();
    expect(await call("POST", `/v1/images/${id}/share`)).toMatchObject({ status: 202, text: "" });
    expect(await call("DELETE", `/v1/images/${id}`)).toMatchObject({ status: 204, text: "" });
  });
});
