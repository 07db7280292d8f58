import { type Emulator, type ImageBody, startEmulator } from "../../emulator";
import { type Answer, type CallOptions, clientOf, qcow2 } from "./testing";

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator();
});
beforeEach(async () => {
  emulator.options.standardImages = true;
  await emulator.reset();
  await emulator.putObject("images", "one.qcow2", qcow2());
});
afterAll(() => emulator.close());

const call = <T = ImageBody>(method: string, path: string, body?: unknown, more?: CallOptions) =>
  clientOf(emulator).call<T>(method, path, { body, ...more });
const second = () => ({ as: emulator.options.accounts[1]! });
const list = async (query = "", more?: CallOptions) => {
  const answer = await call<{ images: ImageBody[] }>("GET", `/v1/images${query}`, undefined, more);
  expect(answer.status).toBe(200);
  return answer.json.images;
};
const names = async (query = "", more?: CallOptions) => (await list(query, more)).map(({ name }) => name);

async function create(name: string, given: object = {}): Promise<string> {
  const url = emulator.objectUrl("images", "one.qcow2");
  const { json } = await call("POST", "/v1/images", { name, os_distro: "ubuntu", url, ...given });
  await emulator.settled(json.id);
  return json.id;
}

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

describe("the vendor's own images", () => {
  test("every account lists and shows them, each as the API tells of an image", async () => {
    const all = await list("?scp_image_type=standard");
    expect(all.length).toBeGreaterThanOrEqual(5);
    expect(await list("?scp_image_type=standard", second())).toEqual(all);
    const accounts = emulator.options.accounts.map(({ accountId }) => accountId);
    for (const image of all) {
      expect(image).toMatchObject({ visibility: "public", status: "active", url: null, volumes: null });
      expect(image).toMatchObject({
        scp_os_version: expect.stringMatching(/^\d/) as string,
        scp_os_build_version: expect.stringMatching(/^20\d{6}$/) as string,
        checksum: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
        os_hash_value: expect.stringMatching(/^[0-9a-f]{128}$/) as string,
        id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) as string,
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
      });
      expect(image.file).toBe(`/v2/images/${image.id}/file`);
      expect(accounts).not.toContain(image.owner);
      expect((await call("GET", `/v1/images/${image.id}`, undefined, second())).json).toEqual(image);
    }
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  });

  test("nobody changes, deletes, imports into, shares, offers or tags one", async () => {
    const [image] = await list("?scp_image_type=standard");
    const path = `/v1/images/${image!.id}`;
    const url = emulator.objectUrl("images", "one.qcow2");
    const srn = `srn:s::${image!.owner}:kr-west1::virtualserver:image/${image!.id}`;
    const tags = `/v1/tags/${encodeURIComponent(Buffer.from(srn).toString("base64"))}`;
    for (const more of [{}, second()]) {
      const asked = [
        await call("PUT", path, { protected: false }, more),
        await call("DELETE", path, undefined, more),
        await call("POST", `${path}/share`, undefined, more),
        await call("POST", `${path}/members`, { member_id: "a" }, more),
        await call("GET", `${path}/members`, undefined, more),
        await call("PUT", `${tags}/bulk`, { tags: [] }, { ...more, version: "resourcemanager 1.0" }),
      ];
      expect(asked.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403, 404]);
    }
    expect((await call("POST", `${path}/import`, { url })).status).toBe(404);
    expect((await call("GET", path)).json).toEqual(image);
  });

  test("they count among the emulator's own images only when asked for, and a reset keeps them", async () => {
    const id = await create("mine");
    expect(emulator.images().map((image) => image.id)).toEqual([id]);
    const all = emulator.images({ standard: true });
    expect(all.length).toBe((await list("?limit=1000")).length);
    expect((await control<unknown[]>("GET", "images")).json).toHaveLength(1);
    expect((await control<unknown[]>("GET", "images?standard=true")).json).toEqual(all);
    const standard = all.find((image) => image.scp_image_type === "standard")!;
    expect((await control("GET", `images/${standard.id}`)).json).toEqual(standard);
    await expect(emulator.setImage(standard.id, { status: "deactivated" })).rejects.toThrow("vendor's");
    await emulator.reset();
    expect(emulator.images({ standard: true })).toEqual(all.slice(1));
  });

  test("another emulator has the same ones; by default there are none", async () => {
    const ids = (await list("?limit=1000")).map(({ id }) => id);
    const other = await startEmulator();
    const listed = () => clientOf(other).call<{ images: ImageBody[] }>("GET", "/v1/images?limit=1000");
    expect((await listed()).json.images).toEqual([]);
    expect((await clientOf(other).call("GET", `/v1/images/${ids[0]}`)).status).toBe(404);
    other.options.standardImages = true;
    expect((await listed()).json.images.map(({ id }) => id)).toEqual(ids);
    await other.close();
  });

  test("the setting can change over HTTP", async () => {
    expect((await control("PATCH", "settings", { standardImages: false })).status).toBe(200);
    expect(await list()).toEqual([]);
    expect((await control("PATCH", "settings", { standardImages: 1 })).status).toBe(400);
  });
});

describe("a list of one's own, the vendor's, and what was accepted of others", () => {
  beforeEach(async () => {
    await create("mine");
    const url = emulator.objectUrl("images", "one.qcow2");
    await emulator.addImages([
      {
        id: "theirs",
        name: "theirs",
        owner: emulator.options.accounts[1]!.accountId,
        visibility: "shared",
        url,
      },
      { id: "commons", name: "commons", visibility: "community" },
      { id: "foreign-commons", name: "foreign commons", owner: "x", visibility: "community" },
      { id: "foreign", name: "foreign", owner: "x" },
      { id: "queued", name: "queued", status: "queued", os_distro: "rocky" },
    ]);
    const members = "/v1/images/theirs/members";
    await call("POST", members, { member_id: emulator.options.accountId }, second());
    await call("PUT", `${members}/${emulator.options.accountId}`, { status: "accepted" });
  });

  test("each filter picks from all of them", async () => {
    expect(await names("?scp_image_type=custom&sort=name:asc")).toEqual([
      "commons",
      "mine",
      "queued",
      "theirs",
    ]);
    expect(await names("?scp_image_type=gpu_standard")).toEqual(["Ubuntu 22.04 GPU"]);
    expect(await names("?scp_original_image_type=k8s")).toEqual(["Ubuntu 22.04 K8s v1.31.8"]);
    expect(await names("?name=Ubuntu%2022.04")).toEqual(["Ubuntu 22.04"]);
    expect(await names("?name=Ubuntu+22.04")).toEqual(["Ubuntu 22.04"]);
    expect(await names("?name=ubuntu%2022.04")).toEqual([]);
    expect(await names("?status=queued")).toEqual(["queued"]);
    expect(await names("?visibility=shared")).toEqual(["theirs"]);
    expect(await names("?visibility=private&sort=name:asc")).toEqual(["mine", "queued"]);
    expect(await names("?visibility=community&sort=name:asc")).toEqual(["commons", "foreign commons"]);
    expect(
      (await list("?visibility=public")).every(({ scp_image_type }) => scp_image_type !== "custom"),
    ).toBe(true);
    expect(await names("?os_distro=ubuntu&scp_image_type=standard&status=active")).toEqual([
      "Ubuntu 24.04",
      "Ubuntu 22.04",
    ]);
    expect(await names("?os_distro=ubuntu&visibility=private")).toEqual(["mine"]);
  });

  test("the newest of a distribution is the first one", async () => {
    expect(await names("?os_distro=alma&visibility=public&limit=1")).toEqual(["Alma Linux 9.5"]);
    expect(await names("?os_distro=alma&visibility=public&sort=created_at:asc&limit=1")).toEqual([
      "Alma Linux 8.10",
    ]);
  });

  test("pages of any size join to the whole list, in every order, and under a filter", async () => {
    for (const sort of ["created_at:desc", "os_distro:asc,name:desc", "min_disk:desc"]) {
      for (const filter of ["", "&scp_image_type=standard"]) {
        const whole = (await list(`?limit=1000&sort=${sort}${filter}`)).map(({ id }) => id);
        const joined: string[] = [];
        for (let page; page !== 0;) {
          const marker = joined.length > 0 ? `&marker=${joined.at(-1)}` : "";
          const images = await list(`?limit=3&sort=${sort}${filter}${marker}`);
          joined.push(...images.map(({ id }) => id));
          page = images.length;
        }
        expect(joined).toEqual(whole);
      }
    }
  });

  test("an answer of before is not the state: later changes do not show in it", async () => {
    const [raw] = emulator.images().filter(({ id }) => id === "theirs");
    raw!.name = "changed";
    expect(await names("?visibility=shared")).toEqual(["theirs"]);
  });
});

describe("addImages", () => {
  test("a thousand at once, as many as a page holds", async () => {
    emulator.options.standardImages = false;
    const made = await emulator.addImages(Array.from({ length: 1001 }, (_, n) => ({ name: `image ${n}` })));
    expect(made).toHaveLength(1001);
    expect(made[7]).toMatchObject({ name: "image 7", status: "active", owner: emulator.options.accountId });
    const first = await list("?limit=1000");
    const rest = await list(`?limit=1000&marker=${first.at(-1)!.id}`);
    expect([first.length, rest.length]).toEqual([1000, 1]);
    expect(new Set([...first, ...rest].map(({ id }) => id)).size).toBe(1001);
  });

  test("over HTTP too; a field that is none makes nothing", async () => {
    const images = [{ id: "a", name: "a" }, { created_at: "2026-01-01T00:00:00Z" }];
    const made = await control<ImageBody[]>("POST", "images", { images });
    expect(made).toMatchObject({ status: 200, json: images });
    for (const wrong of [{}, { images: "a" }, { images: [1] }, { images: [{}, { colour: "red" }] }]) {
      expect((await control("POST", "images", wrong)).status).toBe(400);
    }
    expect(emulator.images()).toHaveLength(2);
  });
});
