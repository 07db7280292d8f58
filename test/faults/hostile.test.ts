import { ManifestError, readManifest } from "../../provider/manifest";
import type { Emulator } from "../../emulator";
import { StackModel, type Goal } from "./model";
import { givenId } from "./scenarios";
import { World } from "./world";

let world: World;

beforeAll(async () => {
  world = await World.open();
});

beforeEach(() => world.reset());

afterAll(() => world.close());

const red = "\u001b[31mred\u001b[0m\u0007\u202e";
// eslint-disable-next-line no-control-regex -- what must not be shown
const unfit = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

const image = (): Goal => ({
  type: "Image",
  name: "golden",
  args: { name: "golden", osDistro: "alma", url: world.url("one"), tags: {}, timeouts: { create: "1m" } },
});

/** What `up` says when it fails. */
async function complaintOf(goal: Goal): Promise<string> {
  const stack = new StackModel();
  const outcome = await stack.up([goal], world.start({ retryPolicy: { attempts: 2 } })).then(
    () => new Error("it worked"),
    (error: unknown) => error,
  );
  return [String(outcome), ...world.said].join("\n");
}

/** Answers every Show with this in place of some of the image's fields. */
function spoil(emulator: Emulator, fields: Record<string, unknown>): void {
  const all = { id: givenId, name: "golden", status: "active", ...fields };
  emulator.faults.add({
    kind: "not-json",
    operation: "showImage",
    body: JSON.stringify(all),
    times: "always",
  });
}

describe("a hostile service", () => {
  test.each([
    ["a name", { name: red, status: "killed" }],
    ["a state", { status: red }],
    ["an id", { id: red }],
    ["an id that leads elsewhere", { id: "../../v1/servers" }],
  ])("cannot speak to the terminal through %s", async (_, fields) => {
    spoil(world.emulator, fields);
    const complaint = await complaintOf(image());
    expect(complaint).toMatch(
      /will not become active|is not what this operation answers|is not active after/,
    );
    expect(complaint).not.toMatch(unfit);
  });

  test("cannot speak to the terminal through an image that is taken over", async () => {
    await world.emulator.setImage(givenId, { name: red });
    const goal = image();
    const complaint = await complaintOf({ ...goal, args: { ...goal.args, imageId: givenId } });
    expect(complaint).toContain("cannot be taken over: its name is");
    expect(complaint).not.toMatch(unfit);
  });

  test("pollutes no prototype, through an image or its tags", async () => {
    const stack = new StackModel();
    await stack.up([image()], world.start());
    const { id } = world.emulator.images()[0]!;
    const { faults } = world.emulator;
    const polluting = `"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}`;
    const body = `{"id": "${id}", "name": "golden", "status": "active", "os_distro": "alma", ${polluting}}`;
    faults.add({ kind: "not-json", operation: "showImage", body, times: "always" });
    const tags = `{"content": {"tags": [{"key": "__proto__", "value": "polluted"}, {"key": "constructor", "value": "x"}]}}`;
    faults.add({ kind: "not-json", operation: "listTags", body: tags, times: "always" });
    await stack.refresh(world.start());
    expect(Object.keys(stack.state[0]?.outputs.tags as object)).toContain("constructor");
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(JSON.stringify(stack.state)).not.toContain('"polluted":1');
  });
});

describe("a hostile manifest", () => {
  const read = (text: string) => readManifest(text, "images.yaml", { stack: "test" });
  const bomb = ["images:", "  b0: &a0 {tags: {x: y}}"];
  for (let depth = 1; depth < 12; depth += 1) {
    bomb.push(
      `  b${depth}: &a${depth} [${Array(9)
        .fill(`*a${depth - 1}`)
        .join(", ")}]`,
    );
  }

  test.each([
    ["aliases that multiply", bomb.join("\n")],
    ["a prototype", "images:\n  a:\n    __proto__: {polluted: 1}"],
    ["a prototype of all", "__proto__: {polluted: 1}\nimages: {}"],
    ["a merged prototype", "images:\n  a:\n    <<: {__proto__: {polluted: 1}}"],
    ["an alias of itself", "images: &all\n  a: *all"],
    ["an unknown alias", "images: *nobody"],
    ["depth without end", `images: ${"[".repeat(20_000)}`],
    ["blocks without end", Array.from({ length: 2_000 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n")],
    ["length without end", `images: {}\n# ${"x".repeat(3_000_000)}`],
    ["a script", 'images: !!js/function "function () { return 1 }"'],
    ["keys without end", `images: {${Array.from({ length: 50_000 }, (_, key) => `a${key}: 1`).join(", ")}}`],
  ])("gets a clear error for %s", (_, text) => {
    const begun = Date.now();
    expect(() => read(text)).toThrow(ManifestError);
    expect(Date.now() - begun).toBeLessThan(5_000);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test("pollutes nothing through the names of tags, and none of images", () => {
    const url = "https://x/y.qcow2";
    const { images } = read(
      `images:\n  constructor: {url: "${url}", osDistro: alma, tags: {constructor: y, toString: z}}\n  hasOwnProperty: {url: "${url}", osDistro: alma}`,
    );
    const { tags = {} } = images[0]!.properties as { tags?: object };
    expect(Object.keys(tags)).toEqual(["constructor", "toString"]);
    expect(Object.getPrototypeOf(tags)).toBe(Object.prototype);
    expect(images.map(({ key }) => key)).toEqual(["constructor", "hasOwnProperty"]);
  });

  test("cannot speak to the terminal", () => {
    const complaint = (text: string): string => {
      try {
        read(text);
        return "";
      } catch (error) {
        return (error as Error).message;
      }
    };
    const escaped = '"\\e[31mred\\u202e"';
    const text = `images:\n  ${escaped}: { osDistro: ${escaped}, ${escaped}: 1, tags: {a: ${escaped}} }\n  b: {osDistro: ${escaped}, tags: {a: ${escaped}}}`;
    expect(complaint(text)).toContain("red");
    expect(complaint(text)).not.toMatch(unfit);
  });
});
