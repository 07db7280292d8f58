import { type Emulator, type ImageBody, startEmulator } from "../../emulator";
import { type CallOptions, clientOf, qcow2 } from "./testing";

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator();
});
beforeEach(async () => {
  await emulator.reset();
  await emulator.putObject("images", "one.qcow2", qcow2());
});
afterAll(() => emulator.close());

const call = <T = ImageBody>(method: string, path: string, body?: unknown, more?: CallOptions) =>
  clientOf(emulator).call<T>(method, path, { body, ...more });
const second = () => ({ as: emulator.options.accounts[1]! });
const secondId = () => emulator.options.accounts[1]!.accountId;

async function create(given: object = {}): Promise<string> {
  const url = emulator.objectUrl("images", "one.qcow2");
  const answer = await call("POST", "/v1/images", { name: "one", os_distro: "alma", url, ...given });
  await emulator.settled(answer.json.id);
  return answer.json.id;
}

describe("members", () => {
  const seenBySecond = async (path = "/v1/images") =>
    (await call<{ images: ImageBody[] }>("GET", path, undefined, second())).json.images.length;

  test("offered, accepted, rejected, withdrawn", async () => {
    const id = await create({ visibility: "shared" });
    const members = `/v1/images/${id}/members`;
    const own = `${members}/${secondId()}`;
    const added = await call("POST", members, { member_id: secondId() });
    expect(added).toMatchObject({
      status: 200,
      json: { image_id: id, member_id: secondId(), status: "pending" },
    });
    expect((await call("POST", members, { member_id: secondId() })).status).toBe(409);

    expect([await seenBySecond(), await seenBySecond("/v1/pending-images")]).toEqual([0, 1]);
    expect((await call("GET", `/v1/images/${id}`, undefined, second())).status).toBe(200);

    expect((await call("PUT", own, { status: "accepted" })).status).toBe(403);
    expect((await call("PUT", own, { status: "perhaps" }, second())).status).toBe(400);
    const accepted = await call("PUT", own, { status: "accepted" }, second());
    expect(accepted).toMatchObject({ status: 200, json: { status: "accepted" } });
    expect([await seenBySecond(), await seenBySecond("/v1/pending-images")]).toEqual([1, 0]);

    await call("PUT", own, { status: "rejected" }, second());
    expect([await seenBySecond(), await seenBySecond("/v1/pending-images")]).toEqual([0, 0]);
    expect((await call("GET", own, undefined, second())).json).toMatchObject({ status: "rejected" });

    expect((await call("DELETE", own, undefined, second())).status).toBe(403);
    expect((await call("DELETE", own)).status).toBe(204);
    expect((await call("DELETE", own)).status).toBe(404);
    expect((await call("GET", `/v1/images/${id}`, undefined, second())).status).toBe(404);
  });

  test("the owner lists all members, a member only itself", async () => {
    const members = `/v1/images/${await create({ visibility: "shared" })}/members`;
    await call("POST", members, { member_id: secondId() });
    await call("POST", members, { member_id: "third" });
    const ids = async (more?: CallOptions) => {
      const { json } = await call<{ members: { member_id: string }[] }>("GET", members, undefined, more);
      return json.members.map((member) => member.member_id);
    };
    expect(await ids()).toEqual([secondId(), "third"]);
    expect(await ids(second())).toEqual([secondId()]);
  });

  test("only a shared image has any, and an id is needed", async () => {
    const id = await create();
    const all = `/v1/images/${id}/members`;
    const statuses = [
      await call("POST", all, { member_id: secondId() }),
      await call("GET", all),
      await call("PUT", `${all}/${secondId()}`, { status: "accepted" }),
      await call("DELETE", `${all}/${secondId()}`),
      await call("GET", `${all}/${secondId()}`),
    ].map(({ status }) => status);
    expect(statuses).toEqual([403, 403, 403, 403, 404]);
    await call("PUT", `/v1/images/${id}`, { visibility: "shared" });
    for (const body of [
      {},
      { member_id: "" },
      { member_id: "a b" },
      { member_id: "a", status: "accepted" },
    ]) {
      expect((await call("POST", `/v1/images/${id}/members`, body)).status).toBe(400);
    }
    expect((await call("PUT", `/v1/images/${id}/members/nobody`, { status: "accepted" })).status).toBe(404);
  });

  test("a member may not change, import into or delete the image", async () => {
    const id = await create({ visibility: "shared" });
    await call("POST", `/v1/images/${id}/members`, { member_id: secondId() });
    expect((await call("PUT", `/v1/images/${id}`, { min_ram: 1 }, second())).status).toBe(403);
    expect((await call("DELETE", `/v1/images/${id}`, undefined, second())).status).toBe(403);
  });
});

test("a shared copy is another image with the same file", async () => {
  const id = await create({ protected: true });
  expect(await call("POST", `/v1/images/${id}/share`)).toMatchObject({ status: 202, text: "" });
  const [image, copy] = emulator.images();
  expect(copy).toMatchObject({
    status: "active",
    visibility: "shared",
    protected: false,
    checksum: image!.checksum,
  });
  expect(copy!.id).not.toBe(id);
  await emulator.setImage(id, { status: "queued" });
  expect((await call("POST", `/v1/images/${id}/share`)).status).toBe(409);
});

test("an image of a server has volumes, and keeps its min_disk", async () => {
  const server = "/v1/servers/2a9be312-5d4b-4bc8-b2ae-35100fa9241f/images";
  const made = await call<{ image_id: string }>("POST", server, { image_name: "of a server" });
  expect(made.status).toBe(202);
  const path = `/v1/images/${made.json.image_id}`;
  const shown = (await call("GET", path)).json;
  expect(shown).toMatchObject({ status: "active", name: "of a server", url: null });
  expect(JSON.parse(shown.volumes ?? "")).toEqual([
    expect.objectContaining({ boot_index: 0, device_name: "/dev/vda" }),
  ]);
  expect(await call("PUT", path, { min_disk: 1 })).toMatchObject({
    status: 400,
    json: { errors: [{ code: "Image.InvalidVolumeOnMinDiskUpdate" }] },
  });
  expect((await call("PUT", path, { min_ram: 1 })).status).toBe(200);
  expect((await call("POST", server, {})).status).toBe(400);
  expect((await call("POST", "/v1/servers/none/images", { image_name: "x" })).status).toBe(404);
});

describe("tags", () => {
  interface TagPage {
    content: { srn: string; tags: { key: string; value: string }[] };
    count: number;
  }
  const srnOf = (id: string) => `srn:s::${emulator.options.accountId}:kr-west1::virtualserver:image/${id}`;
  const pathOf = (id: string) => `/v1/tags/${encodeURIComponent(Buffer.from(srnOf(id)).toString("base64"))}`;
  const iam = { version: "resourcemanager 1.0" };
  const tagsOf = async (id: string) =>
    (await call<TagPage>("GET", pathOf(id), undefined, iam)).json.content.tags;

  test("those of the creation are in the resource manager, and go with the image", async () => {
    const id = await create({
      tags: [
        { key: "팀", value: "이미지 1" },
        { key: "empty", value: null },
      ],
    });
    const page = (await call<TagPage>("GET", pathOf(id), undefined, iam)).json;
    const tags = [
      { key: "팀", value: "이미지 1" },
      { key: "empty", value: "" },
    ];
    expect(page).toEqual({ content: { srn: srnOf(id), tags }, count: 2, page: 0, size: 20, sort: [] });
    expect(emulator.images()[0]!.tags).toEqual(tags);
    await call("DELETE", `/v1/images/${id}`);
    expect((await call("GET", pathOf(id), undefined, iam)).status).toBe(404);
  });

  test("set as a whole, deleted one by one and all", async () => {
    const id = await create({ tags: [{ key: "old", value: "1" }] });
    const set = (tags: unknown) => call("PUT", `${pathOf(id)}/bulk`, { tags }, iam);
    expect(
      (
        await set([
          { key: "a", value: "1" },
          { key: "b/c:d@e", value: "" },
        ])
      ).status,
    ).toBe(200);
    expect(await tagsOf(id)).toHaveLength(2);
    expect((await call("DELETE", `${pathOf(id)}/b%2Fc%3Ad%40e`, undefined, iam)).status).toBe(204);
    expect((await call("DELETE", `${pathOf(id)}/b%2Fc%3Ad%40e`, undefined, iam)).status).toBe(404);
    expect(await tagsOf(id)).toEqual([{ key: "a", value: "1" }]);
    for (const bad of [[{ key: "" }], [{ key: "a!" }], [{ key: "a" }, { key: "a" }], "a", undefined]) {
      expect((await set(bad)).status).toBe(400);
    }
    expect((await call("DELETE", pathOf(id), undefined, iam)).status).toBe(204);
    expect(await tagsOf(id)).toEqual([]);
  });

  test("one is shown, and given another value", async () => {
    const id = await create({
      tags: [
        { key: "팀/a", value: "1" },
        { key: "b", value: "2" },
      ],
    });
    const one = `${pathOf(id)}/${encodeURIComponent("팀/a")}`;
    const shown = await call("GET", one, undefined, iam);
    expect(shown.json).toEqual({ content: { srn: srnOf(id), tag: { key: "팀/a", value: "1" } } });
    const updated = await call("PUT", one, { value: "" }, iam);
    expect(updated).toMatchObject({
      status: 200,
      json: { content: { [srnOf(id)]: [{ key: "팀/a", value: "" }] } },
    });
    expect(await tagsOf(id)).toEqual([
      { key: "팀/a", value: "" },
      { key: "b", value: "2" },
    ]);
    for (const body of [{}, { value: null }, { value: "!" }]) {
      expect((await call("PUT", one, body, iam)).status).toBe(400);
    }
    expect((await call("GET", `${pathOf(id)}/c`, undefined, iam)).status).toBe(404);
    expect((await call("PUT", `${pathOf(id)}/c`, { value: "1" }, iam)).status).toBe(404);
  });

  test("set in bulk, the answer is a map of lists", async () => {
    const id = await create();
    const tags = [{ key: "a", value: "1" }];
    const answer = await call("PUT", `${pathOf(id)}/bulk`, { tags }, iam);
    expect(answer).toMatchObject({ status: 200, json: { content: { [srnOf(id)]: tags } } });
  });

  test("pages of any size, none but whole ones", async () => {
    const id = await create({ tags: [{ key: "a", value: "1" }] });
    const page = async (query: string) => call<TagPage>("GET", `${pathOf(id)}?${query}`, undefined, iam);
    expect((await page("size=2147483647")).json).toMatchObject({ count: 1, size: 2147483647 });
    expect((await page("size=0")).json).toMatchObject({ content: { tags: [] }, count: 1, size: 0 });
    for (const query of ["size=2147483648", "size=-1", "size=", "page=-1", "page=x"]) {
      expect((await page(query)).status).toBe(400);
    }
  });

  test.each([
    ["GET", "keys"],
    ["GET", "values"],
    ["PUT", "bulk"],
    ["GET", "kr-west1/virtualserver/image/1"],
  ])("%s of %s is not there", async (method, path) => {
    expect(await call(method, `/v1/tags/${path}`, method === "PUT" ? {} : undefined, iam)).toMatchObject({
      status: 404,
      json: { errors: [{ detail: `There is no /v1/tags/${path} here.` }] },
    });
  });

  test("more than one page of them", async () => {
    const tags = Array.from({ length: 25 }, (_, n) => ({ key: `key-${n}`, value: "v" }));
    const id = await create({ tags });
    expect(await tagsOf(id)).toHaveLength(20);
    const rest = await call<TagPage>("GET", `${pathOf(id)}?page=1&size=20`, undefined, iam);
    expect([rest.json.count, rest.json.content.tags.length]).toEqual([25, 5]);
  });

  test("images are found by them", async () => {
    const [one, two] = [
      await create({
        tags: [
          { key: "stack", value: "dev" },
          { key: "x", value: "" },
        ],
      }),
      await create({ tags: [{ key: "stack", value: "prod" }] }),
    ];
    const find = async (query: string) => {
      const { json } = await call<{ content: { srn: string }[] }>("GET", `/v1/tags?${query}`, undefined, iam);
      return json.content.map((row) => row.srn);
    };
    expect(await find("key=stack")).toEqual([srnOf(one), srnOf(two)]);
    expect(await find("key=stack&value=prod")).toEqual([srnOf(two)]);
    expect(await find(`resource_identifier=${encodeURIComponent(srnOf(one))}`)).toEqual([
      srnOf(one),
      srnOf(one),
    ]);
    expect(await find(`key=stack&resource_identifier=${two}`)).toEqual([srnOf(two)]);
    expect(await find("key=nothing")).toEqual([]);
    const place = "offering=s&region=kr-west1&service_type=virtualserver&resource_type=image";
    expect(await find(`key=stack&${place}&account_id=${emulator.options.accountId}`)).toHaveLength(2);
    for (const elsewhere of ["region=kr-east1", "resource_type=volume", "account_id=x"]) {
      expect(await find(`key=stack&${elsewhere}`)).toEqual([]);
    }
  });

  test("of another's, or of what is not there, none", async () => {
    const id = await create();
    expect((await call("GET", pathOf(id), undefined, { ...iam, ...second() })).status).toBe(404);
    expect((await call("PUT", `${pathOf("nobody")}/bulk`, { tags: [] }, iam)).status).toBe(404);
  });

  test("an image for GPU servers is named by their service", async () => {
    const id = await create({ tags: [{ key: "a", value: "b" }] });
    await emulator.setImage(id, { scp_gpu_driver: "535.183.06" });
    const srn = srnOf(id).replace("virtualserver", "gpuserver");
    const path = `/v1/tags/${Buffer.from(srn).toString("base64")}`;
    expect((await call<TagPage>("GET", path, undefined, iam)).json.content.tags).toHaveLength(1);
    expect((await call("GET", pathOf(id), undefined, iam)).status).toBe(404);
  });
});

describe("IAM", () => {
  test("the account of a key, and never its secret", async () => {
    for (const account of emulator.options.accounts) {
      const answer = await call("GET", "/v1/access-keys", undefined, { as: account, version: "iam 1.0" });
      const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string;
      expect(answer.json).toEqual({
        access_keys: [
          {
            access_key: account.accessKey,
            access_key_type: "PERMANENT",
            account_id: account.accountId,
            created_at: time,
            created_by: account.userName,
            description: null,
            expiration_timestamp: time,
            id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
            is_enabled: true,
            modified_at: time,
            modified_by: account.userName,
            parent_access_key_id: null,
            secret_key: "****",
          },
        ],
      });
    }
  });

  test("endpoints, all of them here", async () => {
    const { json } = await call<{ endpoints: object[] }>("GET", "/v1/endpoints", undefined, {
      version: "iam 1.0",
    });
    for (const service_type of ["scp-virtualserver", "scp-iam", "scp-resourcemanager"]) {
      expect(json.endpoints).toContainEqual(
        expect.objectContaining({ service_type, region: "kr-west1", url: emulator.url }),
      );
    }
  });
});
