import { creationTagKey } from "../../provider/schema/creation-tag";
import { kindsOf } from "./kinds";
import { StackModel, type Goal } from "./model";
import { Killed, moments, World } from "./world";

let world: World;

beforeAll(async () => {
  world = await World.open();
});
beforeEach(() => world.reset());
afterAll(() => world.close());

const start = (options: Parameters<World["start"]>[0] = {}) => world.start(options);

/** An entry of a pipeline: its content, which is also its version, and what its generations are told. */
function entry(
  key: "one" | "two",
  generations: Record<string, unknown>,
  more: Record<string, unknown> = {},
): Goal {
  return {
    type: "Image",
    name: "golden",
    args: { name: "golden", osDistro: "alma", url: world.url(key), tags: { team: "web" }, ...more },
    generations: { version: key, ...generations },
  };
}

/** The images that are no leftovers of killed runs, each with its tags. */
const cloud = (stack: StackModel) =>
  world.emulator
    .images()
    .filter(({ id, tags }) => isHeld(stack, id) || !tags.some(({ key }) => key === creationTagKey))
    .map(({ url, tags }) => [
      url?.split("/").at(-1),
      tags
        .filter(({ key }) => key !== creationTagKey)
        .map(({ key, value }) => `${key.split(":").at(-1) ?? ""}=${value}`)
        .sort(),
    ])
    .sort();

const isHeld = ({ state }: StackModel, id: string) => JSON.stringify(state).includes(id);

const stable = (version: string) => ({ channels: { stable: version } });

/** What a stack was, what it is to be, and what is to be in the cloud then. */
const stages: Record<string, { before: () => Goal[][]; after: () => Goal[]; expected: unknown }> = {
  "replaced, and the old one kept for a channel": {
    before: () => [[entry("one", { keep: 0, ...stable("one") })]],
    after: () => [entry("two", { keep: 0, ...stable("one") })],
    expected: [
      ["one.qcow2", ["stable=one", "team=web"]],
      ["two.qcow2", ["team=web"]],
    ],
  },
  "promoted, and the old one gone": {
    before: () => [
      [entry("one", { keep: 1, ...stable("one") })],
      [entry("two", { keep: 1, ...stable("one") })],
    ],
    after: () => [entry("two", { keep: 0, ...stable("two") })],
    expected: [["two.qcow2", ["stable=two", "team=web"]]],
  },
  "rolled back": {
    before: () => [
      [entry("one", { keep: 1, ...stable("one") })],
      [entry("two", { keep: 1, ...stable("two") })],
    ],
    after: () => [entry("two", { keep: 1, ...stable("one") })],
    expected: [
      ["one.qcow2", ["stable=one", "team=web"]],
      ["two.qcow2", ["team=web"]],
    ],
  },
  "taken out": {
    before: () => [[entry("one", { keep: 1 })], [entry("two", { keep: 1 })]],
    after: () => [],
    expected: [],
  },
};

const chosen = [
  ...["403", "404", "409", "500", "500 after the work", "reset before the work"],
  ...["reset after the work", "truncated JSON", "null fields"],
];
const kinds = Object.entries(kindsOf(["accesskey", "secretkey"])).filter(([name]) => chosen.includes(name));

async function made(before: Goal[][]): Promise<StackModel> {
  const stack = new StackModel();
  for (const goals of before) {
    await stack.up(goals, start());
  }
  return stack;
}

const total = () => Object.values(world.emulator.stats()).reduce((sum, count) => sum + count, 0);

describe.each(Object.entries(stages))("%s", (_, { before, after, expected }) => {
  let requests = 0;

  beforeAll(async () => {
    await world.reset();
    const stack = await made(before());
    const past = total();
    await stack.up(after(), start());
    requests = total() - past;
    expect(cloud(stack)).toEqual(expected);
    expect(requests).toBeGreaterThan(2);
  });

  /** The next run ends well: nothing that is to stay is gone, nothing that is to go has stayed, and it can all be destroyed. */
  async function endsWell(stack: StackModel, what: unknown): Promise<void> {
    await stack.up(after(), start());
    expect({ what, cloud: cloud(stack) }).toEqual({ what, cloud: expected });
    expect(stack.state.filter((saved) => saved.delete)).toEqual([]);
    await stack.destroy(start());
    expect({ what, cloud: cloud(stack), state: stack.state }).toEqual({ what, cloud: [], state: [] });
  }

  test.each(kinds)("every request fails: %s", async (_name, { fault, transient, retryPolicy }) => {
    for (let nth = 1; nth <= requests; nth += 1) {
      await world.reset();
      const stack = await made(before());
      world.emulator.faults.add({ ...fault, nth, times: transient && !retryPolicy ? 12 : 1 });
      await stack.up(after(), start({ retryPolicy })).catch(() => undefined);
      world.emulator.faults.clear();
      await endsWell(stack, nth);
    }
  });

  test("every request fails, and the program is changed back: what was is there again", async () => {
    await world.reset();
    const all = before();
    const was = cloud(await made(all));
    for (let nth = 1; nth <= requests && after().length > 0; nth += 1) {
      await world.reset();
      const stack = await made(all);
      const ids = world.emulator.images().map(({ id }) => id);
      world.emulator.faults.add({ kind: "status", status: 403, nth });
      await stack.up(after(), start()).catch(() => undefined);
      world.emulator.faults.clear();
      const refused = await stack.up(all.at(-1)!, start()).then(() => "", String);
      if (refused !== "") {
        // What the change was to delete is as good as gone, and that is said.
        expect({ nth, refused }).toEqual({
          nth,
          refused: expect.stringContaining("which is not kept") as string,
        });
        await endsWell(stack, nth);
        continue;
      }
      const now = cloud(stack);
      // What was deleted by then stays so; nothing that carries a channel does so wrongly.
      const gone = ids.filter((id) => !world.emulator.images().some((image) => image.id === id));
      expect({ nth, now }).toEqual({ nth, now: gone.length > 0 ? now : was });
      await stack.destroy(start());
      expect({ nth, cloud: cloud(stack), state: stack.state }).toEqual({ nth, cloud: [], state: [] });
    }
  });

  test("killed at every request", async () => {
    for (const moment of moments) {
      for (let request = 1; request <= requests; request += 1) {
        await world.reset();
        const stack = await made(before());
        await stack.up(after(), start({ kill: { request, moment } })).catch((error: unknown) => {
          expect(error).toBeInstanceOf(Killed);
        });
        world.emulator.faults.clear();
        await endsWell(stack, { request, moment });
      }
    }
  });
});

test("a run that makes a new record, and leaves its import out, takes no old image for the new one", async () => {
  const stack = new StackModel();
  await stack.up([entry("one", { keep: 1 })], start());
  const provider = start();
  const [record, , generations] = stack.state;
  const inputs = { ...record!.inputs, url: world.url("two"), name: "other" };
  await provider.ImageRecord.check(record!.inputs, inputs);
  await provider.ImageRecord.diff(record!.id, record!.outputs, inputs);
  await provider.ImageRecord.create(inputs);
  const { failures } = await provider.ImageGenerations.check(generations!.inputs, {
    ...generations!.inputs,
    version: "two",
  });
  expect(failures.map(({ reason }) => reason).join()).toContain("this run leaves out what waits for it");
});

test("a run that replaces the record alone, of an entry that was just renamed, deletes no image", async () => {
  const stack = new StackModel();
  await stack.up([entry("one", { keep: 1 })], start());
  const [record] = stack.state;
  const { id, outputs } = record!;
  const inputs = { ...record!.inputs, url: world.url("two"), origin: "test/test/test/id/another" };
  const provider = start();
  await provider.ImageRecord.check(record!.inputs, inputs);
  await provider.ImageRecord.diff(id, outputs, inputs);
  await provider.ImageRecord.create(inputs);
  await expect(provider.ImageRecord.delete(id, outputs)).rejects.toThrow("may be one of the generations");
  expect(world.emulator.images().map((image) => image.id)).toContain(id);
});

test("a rename is a change, so that the state knows the record's place", async () => {
  const stack = new StackModel();
  await stack.up([entry("one", { keep: 1 })], start());
  for (const { type, id, inputs, outputs } of stack.state.filter((saved) => saved.inputs.origin)) {
    const hooks = start()[type];
    const renamed = { ...inputs, origin: "test/test/test/id/another" };
    expect(await hooks.diff(id, outputs, renamed)).toMatchObject({ changes: true, replaces: [] });
    const { outs = {} } = await hooks.update(id, outputs, renamed);
    expect(await hooks.diff(id, outs, renamed)).toMatchObject({ changes: false });
  }
});

test("what a change that failed was to delete is deleted with the rest", async () => {
  const stack = new StackModel();
  await stack.up([entry("one", { keep: 1 })], start());
  await stack.up([entry("two", { keep: 1 })], start());
  world.emulator.faults.add({ kind: "status", status: 403, operation: "deleteImage" });
  await expect(stack.up([entry("two", { keep: 0 })], start())).rejects.toThrow();
  expect(world.emulator.images()).toHaveLength(2);
  await stack.destroy(start());
  expect(world.emulator.images()).toEqual([]);
});
