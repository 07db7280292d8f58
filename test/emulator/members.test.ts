import { type Emulator, type ImageBody, kind, startEmulator } from "../../emulator";
import { type CallOptions, clientOf, qcow2 } from "./testing";

let emulator: Emulator;
let now = Date.parse("2026-11-22T09:00:00Z");
beforeAll(async () => {
  emulator = await startEmulator({ now: () => now });
});
beforeEach(async () => {
  Object.assign(emulator.options, kind);
  await emulator.reset();
  await emulator.putObject("images", "one.qcow2", qcow2());
});
afterAll(() => emulator.close());

interface Member {
  member_id: string;
  status: string;
  created_at: string;
  updated_at: string;
}

const call = <T = ImageBody>(method: string, path: string, body?: unknown, more?: CallOptions) =>
  clientOf(emulator).call<T>(method, path, { body, ...more });
const second = () => ({ as: emulator.options.accounts[1]! });
const secondId = () => emulator.options.accounts[1]!.accountId;

async function shared(given: object = {}): Promise<string> {
  const url = emulator.objectUrl("images", "one.qcow2");
  const body = { name: "one", os_distro: "alma", url, visibility: "shared", ...given };
  const { json } = await call("POST", "/v1/images", body);
  await emulator.settled(json.id);
  return json.id;
}

const members = (id: string) => `/v1/images/${id}/members`;
const own = (id: string) => `${members(id)}/${secondId()}`;
const offer = (id: string) => call<Member>("POST", members(id), { member_id: secondId() });
const answer = (id: string, status: string) => call<Member>("PUT", own(id), { status }, second());
const visibility = (id: string, value: string) => call("PUT", `/v1/images/${id}`, { visibility: value });

const ids = async (path: string) =>
  (await call<{ images: ImageBody[] }>("GET", path, undefined, second())).json.images.map(({ id }) => id);

/** What the member finds of one image: by show, in its list, among what is pending. */
async function seen(id: string) {
  const { status } = await call("GET", `/v1/images/${id}`, undefined, second());
  const [listed, pending] = [await ids("/v1/images"), await ids("/v1/pending-images")];
  return [status, listed.includes(id), pending.includes(id)];
}

test.each([
  ["pending", [200, false, true]],
  ["accepted", [200, true, false]],
  ["rejected", [200, false, false]],
])("what a %s member sees, also after it has changed its mind", async (status, found) => {
  const id = await shared();
  await offer(id);
  for (const before of ["rejected", "accepted", "pending"]) {
    await answer(id, before);
    await answer(id, status);
    expect(await seen(id)).toEqual(found);
  }
});

test("only the pending ones of many, newest first, and by their types", async () => {
  const all = [];
  for (const name of ["a", "b", "c", "d", "e"]) {
    all.push(await shared({ name }));
    now += 1000;
  }
  const [a, b, c, d] = all as [string, string, string, string];
  for (const id of [a, b, c, d]) await offer(id);
  await answer(a, "accepted");
  await answer(b, "rejected");
  expect(await ids("/v1/pending-images")).toEqual([d, c]);
  expect((await call<{ images: [] }>("GET", "/v1/pending-images")).json.images).toEqual([]);
  await emulator.setImage(c, { scp_image_type: "gpu_custom", scp_original_image_type: "gpu_standard" });
  expect(await ids("/v1/pending-images?scp_image_type=custom")).toEqual([d]);
  expect(await ids("/v1/pending-images?scp_original_image_type=gpu_standard")).toEqual([c]);
  expect(await ids("/v1/pending-images?scp_image_type=custom&scp_original_image_type=standard")).toEqual([]);
  expect(await ids("/v1/pending-images?scp_image_type=")).toEqual([d, c]);
});

test("updated_at tells when the status was set, created_at when the member was added", async () => {
  const id = await shared();
  now = Date.parse("2026-11-22T10:00:00Z");
  const made = { created_at: "2026-11-22T10:00:00Z", updated_at: "2026-11-22T10:00:00Z" };
  expect((await offer(id)).json).toEqual({
    image_id: id,
    member_id: secondId(),
    status: "pending",
    ...made,
  });
  now += 5000;
  const set = { ...made, updated_at: "2026-11-22T10:00:05Z", status: "accepted" };
  expect((await answer(id, "accepted")).json).toMatchObject(set);
  now += 5000;
  expect((await call("GET", own(id))).json).toMatchObject(set);
});

test("made private, an image keeps its members and hides them; shared again, they are back", async () => {
  const id = await shared();
  await offer(id);
  await call("POST", members(id), { member_id: "third" });
  await answer(id, "accepted");
  const before = (await call("GET", members(id))).json;
  await visibility(id, "private");
  expect(await seen(id)).toEqual([404, false, false]);
  expect((await answer(id, "rejected")).status).toBe(404);
  expect((await call("GET", own(id))).status).toBe(404);
  expect((await call("GET", members(id))).status).toBe(403);
  await visibility(id, "shared");
  expect((await call("GET", members(id))).json).toEqual(before);
  expect(await seen(id)).toEqual([200, true, false]);
});

test("to whoever is no member, a shared image is not there", async () => {
  const id = await shared();
  await call("POST", members(id), { member_id: "third" });
  const asked = [
    await call("GET", members(id), undefined, second()),
    await call("GET", own(id), undefined, second()),
    await call("GET", `${members(id)}/third`, undefined, second()),
    await call("POST", members(id), { member_id: secondId() }, second()),
    await answer(id, "accepted"),
    await call("DELETE", `${members(id)}/third`, undefined, second()),
  ];
  expect(asked.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404, 404]);
  await offer(id);
  expect((await call("GET", `${members(id)}/third`, undefined, second())).status).toBe(404);
  expect((await call("PUT", `${members(id)}/third`, { status: "accepted" }, second())).status).toBe(404);
  expect((await call("POST", members(id), { member_id: "fourth" }, second())).status).toBe(403);
});

test("an image takes its members along when it goes, and a withdrawn one starts anew", async () => {
  const id = await shared();
  await offer(id);
  await answer(id, "accepted");
  await call("DELETE", own(id));
  expect(await seen(id)).toEqual([404, false, false]);
  expect((await offer(id)).json).toMatchObject({ status: "pending" });
  expect((await call("DELETE", `/v1/images/${id}`)).status).toBe(204);
  expect(await seen(id)).toEqual([404, false, false]);
  for (const path of [members(id), own(id)]) expect((await call("GET", path)).status).toBe(404);
});

test("a member may be added before the image has its data", async () => {
  emulator.options.importsBy = "import";
  const id = await shared();
  emulator.options.importsBy = "create";
  expect((await offer(id)).json).toMatchObject({ status: "pending" });
  expect(await seen(id)).toEqual([200, false, true]);
});

describe("memberLagMs", () => {
  beforeEach(() => {
    emulator.options.memberLagMs = 1000;
  });
  const count = async () => (await call<{ members: Member[] }>("GET", members(id))).json.members.length;
  let id: string;
  beforeEach(async () => {
    id = await shared();
  });

  test("a new member is not found and not listed at first, by nobody", async () => {
    expect((await offer(id)).status).toBe(200);
    now += 999;
    expect(await count()).toBe(0);
    expect(await seen(id)).toEqual([404, false, false]);
    const asked = [
      await call("GET", own(id)),
      await call("GET", own(id), undefined, second()),
      await answer(id, "accepted"),
      await call("DELETE", own(id)),
    ];
    expect(asked.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
    expect((await offer(id)).status).toBe(409);
    expect(emulator.images()[0]!.members).toMatchObject([{ member_id: secondId(), status: "pending" }]);
    now += 1;
    expect(await count()).toBe(1);
    expect(await seen(id)).toEqual([200, false, true]);
    expect((await answer(id, "accepted")).status).toBe(200);
  });

  test("the setting in effect counts, also for members added before", async () => {
    await offer(id);
    emulator.options.memberLagMs = 0;
    expect(await count()).toBe(1);
  });

  test("no answer tells of it", async () => {
    const names = ["created_at", "image_id", "member_id", "status", "updated_at"];
    expect(Object.keys((await offer(id)).json).sort()).toEqual(names);
    now += 1000;
    expect(Object.keys((await call("GET", own(id))).json).sort()).toEqual(names);
  });
});
