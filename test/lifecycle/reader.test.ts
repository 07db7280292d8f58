import type { Unkindness } from "../../emulator/unkind";
import { StackModel, type Goal } from "../faults/model";
import { World } from "../faults/world";

let world: World;

beforeAll(async () => {
  world = await World.open();
});
beforeEach(() => world.reset());
afterAll(() => world.close());

const goals = (count: number): Goal[] =>
  Array.from({ length: count }, (_, index) => {
    const name = `image-${index}`;
    return { type: "Image", name, args: { name, osDistro: "alma", url: world.url("one") } };
  });

function callsSince(): () => number {
  const sum = () => Object.values(world.emulator.stats()).reduce((all, count) => all + count, 0);
  const before = sum();
  return () => sum() - before;
}

test("a refresh of 300 images asks at most 20 times, and sees every drift", async () => {
  const stack = new StackModel();
  await stack.up(goals(300), world.start(), { parallel: 16 });
  const changed = stack.state
    .filter(({ type }) => type === "ImageRecord")
    .filter((_, index) => index % 50 === 0);
  for (const { id } of changed) {
    await world.emulator.setImage(id, { min_ram: 9 });
  }
  const calls = callsSince();
  await stack.refresh(world.start());
  expect(calls()).toBeLessThanOrEqual(20);
  const drifted = stack.state.filter(({ outputs }) => outputs.minRam === 9);
  expect(drifted.map(({ id }) => id)).toEqual(changed.map(({ id }) => id));
});

describe("tags of many images", () => {
  const tagged = (count: number) =>
    goals(count).map((goal) => ({ ...goal, args: { ...goal.args, tags: { team: "web", stage: "test" } } }));
  const told = (stack: StackModel) =>
    stack.state.filter(({ type }) => type === "ImageRecord").map(({ outputs }) => outputs.tags);
  const mine = { team: "web", stage: "test" };

  test.each<[string, Partial<Unkindness>]>([
    ["listed", {}],
    ["listed in small pages from 1", { tagPageCap: 5, tagFirstPage: 1 }],
    ["which are too many to be listed", { tagPageCap: 1 }],
    ["where they cannot be listed", { denied: [{ operation: "findTags", status: 400 }] }],
    ["where they may not be listed", { denied: [{ operation: "findTags", status: 403 }] }],
  ])("%s: every change by somebody else is seen", async (_, unkindness) => {
    const stack = new StackModel();
    await stack.up(tagged(60), world.start(), { parallel: 16 });
    world.skip(60 * 60_000);
    Object.assign(world.emulator.options, unkindness);
    const ids = stack.state.filter(({ type }) => type === "ImageRecord").map(({ id }) => id);
    const all = { team: "web", stage: "test", owner: "somebody" };
    const changes: Record<string, string>[] = [{ ...mine, team: "db" }, { team: "web" }, {}, all];
    for (const [index, tags] of changes.entries()) {
      const list = Object.entries(tags).map(([key, value]) => ({ key, value }));
      await world.emulator.setTags(ids[20 + index]!, list);
    }
    await stack.refresh(world.start());
    const expected = ids.map((_, index) => changes[index - 20] ?? mine);
    expect(told(stack)).toEqual(expected);
  });

  test("are not believed where the list says otherwise than the image", async () => {
    const stack = new StackModel();
    await stack.up(tagged(10), world.start());
    world.emulator.faults.add({
      kind: "status",
      status: 200,
      body: JSON.stringify({ content: [], count: 0, page: 0, size: 1000, sort: [] }),
      operation: "findTags",
      times: "always",
    });
    await stack.refresh(world.start());
    expect(told(stack)).toEqual(Array(10).fill(mine));
  });
});

test("an image that the list does not have is asked for by itself: gone, and only gone, it leaves the state", async () => {
  const stack = new StackModel();
  await stack.up(goals(6), world.start());
  world.skip(2 * 60 * 60_000);
  const [one, , two] = stack.state.filter(({ type }) => type === "ImageRecord");
  await world.emulator.removeImage(one!.id);
  world.emulator.faults.add({
    kind: "status",
    status: 500,
    operation: "listImages",
    times: "always",
  });
  await expect(stack.refresh(world.start())).rejects.toThrow(/List images/);
  expect(stack.state).toHaveLength(12);

  world.emulator.faults.clear();
  await stack.refresh(world.start());
  expect(stack.state).toHaveLength(10);
  expect(stack.state.map(({ id }) => id)).toContain(two!.id);
});

test("what this run has changed is not read from a list before", async () => {
  const stack = new StackModel();
  await stack.up(goals(6), world.start());
  const provider = world.start();
  await stack.refresh(provider);
  const more = goals(6).map((goal) => ({ ...goal, args: { ...goal.args, minRam: 3 } }));
  await stack.up(more, provider);
  await stack.refresh(provider);
  expect(
    new Set(stack.state.filter(({ type }) => type === "ImageRecord").map(({ outputs }) => outputs.minRam)),
  ).toEqual(new Set([3]));
});
