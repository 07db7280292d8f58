import { clientFor, errorOf } from "./client";
import { startEmulator, type Emulator, type EmulatorOptions } from "../../emulator";

let emulator: Emulator;

async function begin(options: EmulatorOptions = {}) {
  emulator = await startEmulator({ environment: "e", ...options });
  const { accessKey, secretKey } = emulator.options;
  return clientFor(emulator, { settings: { accessKey, secretKey } });
}

afterEach(() => emulator.close());

const many = Array.from({ length: 250 }, (_, index) => ({ key: `key-${index}`, value: String(index) }));
const id = "0f5b9a3e-0000-4000-8000-000000000001";

test.each([
  ["as they are asked for, from 0", {}],
  ["capped, from 0", { tagPageCap: 7 }],
  ["as they are asked for, from 1", { tagFirstPage: 1 }],
  ["capped, from 1", { tagPageCap: 7, tagFirstPage: 1 }],
] as const)("pages of tags %s: none is missing", async (_, options) => {
  const client = await begin(options);
  await emulator.setImage(id, {});
  await emulator.setTags(id, many);
  expect(Object.keys(await client.tags.list({ id }))).toHaveLength(many.length);

  const others = Array.from({ length: 19 }, (_, index) => `0f5b9a3e-0000-4000-8000-0000000001${index + 10}`);
  for (const other of others) {
    await emulator.setImage(other, {});
    await emulator.setTags(other, [{ key: "found", value: other }]);
  }
  const found = await client.tags.find("found");
  expect(found.map(({ imageId, value }) => [imageId, value]).sort()).toEqual(others.map((one) => [one, one]));
});

test.each<EmulatorOptions>([{}, { tagPageCap: 7, tagFirstPage: 1 }])(
  "the tags of all images, by image: %j",
  async (options) => {
    const client = await begin(options);
    const ids = ["1", "2", "3"].map((digit) => `0f5b9a3e-0000-4000-8000-00000000000${digit}`);
    for (const [index, one] of ids.entries()) {
      await emulator.setImage(one, index === 1 ? { scp_gpu_driver: "nvidia" } : {});
      await emulator.setTags(one, many.slice(0, index * 20));
    }
    const tags = await client.tags.all();
    expect([...tags.keys()].sort()).toEqual(ids.slice(1));
    for (const [index, one] of ids.entries()) {
      const expected = Object.fromEntries(many.slice(0, index * 20).map(({ key, value }) => [key, value]));
      expect(tags.get(one) ?? {}).toEqual(expected);
    }
  },
);

test("the tags of all images are not asked for where there are very many pages of them", async () => {
  const client = await begin({ tagPageCap: 1 });
  await emulator.setImage(id, {});
  await emulator.setTags(id, many);
  expect((await errorOf(client.tags.all())).message).toContain("too many pages, of 250 tags in all");
  expect(emulator.stats().findTags).toBe(1);
});

test("nor does a short last page count as how long pages are", async () => {
  const client = await begin({ tagPageCap: 100 });
  await emulator.setImage(id, {});
  await emulator.setTags(id, many.slice(0, 201));
  expect(Object.keys((await client.tags.all()).get(id) ?? {})).toHaveLength(201);
  expect(emulator.stats().findTags).toBe(3);
});

test("a list that stays incomplete is an error, and is begun anew before", async () => {
  const client = await begin();
  await emulator.setImage(id, {});
  const tags = [{ key: "one", value: "" }];
  const body = JSON.stringify({ content: { srn: "", tags }, count: 2, page: 0, size: 100 });
  emulator.faults.add({ kind: "not-json", body, operation: "listTags", times: "always" });
  const { message } = await errorOf(client.tags.list({ id }));
  expect(message).toContain(`List tags of image ${id}`);
  expect(message).toContain("The pages have 1 of 2 rows");
});

test("without a count, the end is where nothing new comes", async () => {
  const client = await begin({ tagPageCap: 2 });
  await emulator.setImage(id, {});
  await emulator.setTags(id, many.slice(0, 5));
  emulator.faults.add({ kind: "null-fields", fields: ["count"], operation: "listTags", times: "always" });
  expect(Object.keys(await client.tags.list({ id }))).toHaveLength(5);
});

test("an image without tags may be answered with a 404", async () => {
  const client = await begin();
  emulator.faults.add({
    ...{ kind: "status", status: 404, operation: "listTags", times: "always" },
    body: JSON.stringify({ errors: [{ detail: "No tags." }] }),
  });
  expect(await client.tags.list({ id })).toEqual({});
});

test.each([
  ["1.3", "535.129.03"],
  ["1.0", undefined],
])(
  "in API version %s the tags of a GPU image are found under its own service's name",
  async (_, scpGpuDriver) => {
    const client = await begin();
    await emulator.setImage(id, { scp_gpu_driver: "535.129.03" });
    await client.tags.set({ id, scpGpuDriver }, { a: "1", b: "2" });
    await client.tags.delete({ id, scpGpuDriver }, "b");
    expect(await client.tags.list({ id, scpGpuDriver })).toEqual({ a: "1" });
    expect(emulator.images()[0]!.tags).toEqual([{ key: "a", value: "1" }]);
  },
);

test("where IAM does not tell the account, the one in the image's url does", async () => {
  const client = await begin({ denied: [{ operation: "listAccessKeys" }] });
  const url = emulator.objectUrl("images", "x.qcow2");
  await emulator.setImage(id, { url });
  await client.tags.set({ id, url }, { a: "1" });
  expect(emulator.images()[0]!.tags).toEqual([{ key: "a", value: "1" }]);
  expect(await errorOf(client.tags.list({ id }))).toMatchObject({ failure: "forbidden" });
});
