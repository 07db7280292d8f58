import { readManifest, validateManifest } from "../../provider/manifest";
import { good } from "./good";
import { context } from "./manifests";

const read = (what: string) => readManifest(good.find(([name]) => name === what)![1], "images.yaml", context);
const common = { keep: 0, renamedFrom: [], secrets: [] };
const base = { url: "https://x/y.qcow2", osDistro: "alma" };
const at = (line: number, column: number) => ({ line, column });

test.each(good)("%s is read, and checked without a stack", (_what, text) => {
  expect(() => readManifest(text, "images.yaml", context)).not.toThrow();
  expect(validateManifest(text)).toEqual([]);
});

test("an image has its key for a name, and its place", () => {
  expect(read("one image")).toEqual({
    images: [{ ...common, ...at(2, 3), key: "a", origin: "url", properties: { name: "a", ...base } }],
    channels: [],
  });
  expect(read("no images")).toEqual({ images: [], channels: [] });
  expect(read("a byte order mark and Windows' line ends").images).toMatchObject([
    { ...at(2, 3), properties: { minDisk: 3 } },
  ]);
  expect(read("keys in every script").images.map(({ key }) => key)).toEqual(["황금", "24.04", "a", "b"]);
  expect(read("a tag of YAML's own").images).toMatchObject([{ properties: { name: "24" } }]);
});

test("what an image says is handed out by what it is about", () => {
  expect(read("all that an image can say").images).toEqual([
    {
      ...at(2, 3),
      key: "a",
      origin: "url",
      version: "2026.11.2",
      keep: 2,
      sharedWith: ["a8f10467abfc4b87b64614ab36eb9ae4"],
      renamedFrom: ["b", "c"],
      secrets: [],
      properties: {
        ...base,
        name: "golden",
        diskFormat: "qcow2",
        containerFormat: "bare",
        minDisk: 10,
        minRam: 2,
        protected: true,
        visibility: "shared",
        tags: { team: "platform", empty: "" },
        region: "kr-west1",
        environment: "s",
        profile: "audit",
        imageId: "70a599e0-31e7-49b7-b260-868f441e862b",
        timeouts: { create: "45m" },
        expectedChecksum: "d41d8cd98f00b204e9800998ecf8427e",
        verify: "warn",
      },
    },
  ]);
});

test("of the defaults an image has those that it can have", () => {
  expect(read("images that come from elsewhere").images).toEqual([
    {
      ...common,
      ...at(3, 3),
      key: "a",
      origin: "server",
      server: "s-1",
      properties: { name: "a", region: "kr-west1" },
    },
    {
      ...common,
      ...at(4, 3),
      key: "b.c",
      origin: "lookup",
      lookup: "70a5",
      properties: { region: "kr-west1" },
    },
  ]);
  expect(read("a bucket for all").images.map(({ properties }) => properties)).toEqual([
    { name: "a", osDistro: "alma", source: { bucket: "images", file: "a.qcow2" } },
    { name: "b", ...base },
  ]);
  expect(read("a default that is taken out").images.map(({ properties }) => properties)).toEqual([
    { name: "a", ...base, tags: { b: "y" } },
    { name: "b", ...base, minDisk: 3 },
  ]);
});

test("a channel names an image and a generation", () => {
  expect(read("channels").channels).toEqual([
    { ...at(4, 3), name: "a/stable", image: "a/b", version: "1", secrets: [] },
    { ...at(5, 3), name: "a/edge", image: "a/b", secrets: [] },
  ]);
});

test("a stack's overrides are merged key by key; null takes out", () => {
  const { images, channels } = read("overrides");
  expect(images.map(({ key, origin, properties }) => ({ key, origin, ...properties }))).toEqual([
    {
      key: "a",
      origin: "source",
      name: "a",
      osDistro: "alma",
      minRam: 4,
      source: { file: "x.qcow2", bucket: "images" },
      protected: true,
    },
    { key: "c", origin: "url", name: "c", ...base },
  ]);
  expect(channels).toEqual([{ ...at(5, 3), name: "stable", image: "c", secrets: [] }]);
  const text = good.find(([name]) => name === "overrides")![1];
  const other = readManifest(text, "images.yaml", { ...context, stack: "unnamed" });
  expect(other.images.map(({ key, origin }) => [key, origin])).toEqual([
    ["a", "url"],
    ["b", "url"],
  ]);
  expect(other.channels.map(({ name }) => name)).toEqual(["stable", "edge"]);
});

test("accounts that an image is shared with make it shared; the variable's type is that of its text", () => {
  expect(read("variables").images).toEqual([
    {
      ...common,
      ...at(2, 3),
      key: "a",
      origin: "url",
      version: "7",
      secrets: ["tags"],
      properties: {
        ...base,
        name: "n-test-proj-org",
        minDisk: 7,
        protected: true,
        tags: { a: "hush9", c: "e" },
        profile: "audit",
      },
    },
  ]);
  expect(read("a text that looks like a variable").images).toMatchObject([
    { properties: { source: { file: "${x}/test.qcow2" } } },
  ]);
  expect(read("variables that no pattern lets through").images).toMatchObject([
    { sharedWith: ["7"], properties: { imageId: "7", timeouts: { create: "7m" }, visibility: "shared" } },
  ]);
});
