import { conditions } from "./conditions";
import { killEverywhere, liveByChance } from "./kills";
import { creatingRequest, runMatrix } from "./matrix";
import { StackModel, type Goal } from "./model";
import { isTold, wronglyDeleted, wrongImages } from "./verify";
import { Killed, World } from "./world";
import { qcow2 } from "../emulator/testing";

jest.setTimeout(240_000);

let world: World;

beforeAll(async () => {
  world = await World.open();
});

beforeEach(async () => {
  world.condition = {};
  await world.reset();
});

afterAll(() => world.close());

const say = (text: string) => process.stdout.write(`\n${text}\n`);

// All of it: npm run test:faults and npm run test:kills.
test.each(Object.entries(conditions).filter(([name]) => name !== "kind"))(
  "where the service has %s, no image is lost, none deleted that no state held, and each orphan is told",
  async (name, condition) => {
    world.condition = condition;
    const tallies = await runMatrix(world, 389);
    const { kills, told, lost } = await killEverywhere(world, 53);
    const chance = await liveByChance(world, 8);
    const cases = tallies.reduce((sum, tally) => sum + tally.cases, 0);
    say(`${name}: ${cases} faults, ${kills + chance.kills} kills, ${told + chance.told} orphans told`);
    expect([...tallies.flatMap((tally) => tally.lost), ...lost, ...chance.lost]).toEqual([]);
    expect(cases).toBeGreaterThan(0);
  },
);

const image = (more: Record<string, unknown> = {}): Goal => ({
  type: "Image",
  name: "golden",
  args: { name: "golden", osDistro: "alma", url: world.url("one"), ...more },
});

/** Kills a run right after its POST has worked. Answers the image that it left. */
async function orphanOf(stack: StackModel, goal: Goal): Promise<string> {
  const run = stack.up([goal], world.start({ kill: { request: creatingRequest, moment: "after the work" } }));
  await expect(run).rejects.toThrow(Killed);
  world.emulator.faults.clear();
  const [left] = world.emulator.images();
  await world.emulator.settled(left!.id);
  return left!.id;
}

/** Runs again. Answers whether the orphan was adopted; if not, it must be there still, and told. */
async function isAdopted(stack: StackModel, id: string, goal = image()): Promise<boolean> {
  await stack.up([goal], world.start());
  const adopted = stack.state.some((saved) => saved.id === id);
  const left = world.emulator.images().find((one) => one.id === id);
  expect(left).toBeDefined();
  expect(adopted || isTold(left!, world)).toBe(true);
  expect(wronglyDeleted(world, [stack])).toEqual([]);
  expect(wrongImages(world, [[stack, [goal]]], (one) => one.id === id)).toEqual([]);
  return adopted;
}

describe("what a killed run left is adopted only when it can be nobody else's", () => {
  test("as it is", async () => {
    const stack = new StackModel();
    expect(await isAdopted(stack, await orphanOf(stack, image()))).toBe(true);
  });

  test("also after a run that was killed while it adopted it, each some minutes after the other", async () => {
    const stack = new StackModel();
    const id = await orphanOf(stack, image());
    for (const request of [3, 4, 5, 6]) {
      world.skip(5 * 60_000);
      const run = stack.up([image()], world.start({ kill: { request, moment: "after the work" } }));
      await expect(run).rejects.toThrow(Killed);
      world.emulator.faults.clear();
      expect(stack.state).toEqual([]);
    }
    world.skip(5 * 60_000);
    expect(await isAdopted(stack, id)).toBe(true);
    expect(world.emulator.images()).toHaveLength(1);
  });

  test("not after the object was written anew: it has the old content", async () => {
    const stack = new StackModel();
    const id = await orphanOf(stack, image());
    world.skip(60_000);
    await world.emulator.putObject("images", "one.qcow2", qcow2({ virtualSize: 2n << 30n }));
    expect(await isAdopted(stack, id)).toBe(false);
    expect(world.said.join()).toContain("its object was written anew since");
    expect(world.emulator.images().map(({ virtual_size: size }) => size)).toContain(2 ** 31);
  });

  test("not where the object cannot be asked", async () => {
    const stack = new StackModel();
    const id = await orphanOf(stack, image());
    world.emulator.faults.add({ kind: "status", status: 403, operation: "headObject" });
    expect(await isAdopted(stack, id)).toBe(false);
    expect(world.said.join()).toContain("cannot be told whether its object is still the same");
  });

  test("not when it has been active for longer than an import may take", async () => {
    const stack = new StackModel();
    const goal = image({ timeouts: { create: "10m" } });
    const id = await orphanOf(stack, goal);
    world.skip(11 * 60_000);
    expect(await isAdopted(stack, id, goal)).toBe(false);
    expect(world.said.join()).toContain("so that it may be in use");
  });

  test("not by a copy of the stack, or by another one of the same name", async () => {
    const stack = new StackModel("one");
    await stack.up([{ ...image(), name: "other", args: { ...image().args, name: "other" } }], world.start());
    const copy = stack.copyAs("two");
    const first = stack.letGo();
    const run = stack.up(
      [image()],
      world.start({ kill: { request: creatingRequest, moment: "after the work" } }),
    );
    await expect(run).rejects.toThrow(Killed);
    world.emulator.faults.clear();
    copy.letGo();
    await copy.up([image()], world.start());
    expect(world.emulator.images()).toHaveLength(3);
    await copy.destroy(world.start());
    expect(world.emulator.images()).toHaveLength(2);
    expect(wronglyDeleted(world, [stack, copy])).toEqual([]);
    expect(world.emulator.images().map(({ id }) => id)).toContain(first[0]!.id);
  });

  test("not when another image carries the same tag, or when it is not the one that the tag was made for", async () => {
    const stack = new StackModel();
    const id = await orphanOf(stack, image());
    const { tags } = world.emulator.images()[0]!;
    const copy = "0f5b9a3e-0000-4000-8000-000000000009";
    await world.emulator.setImage(copy, {
      name: "golden",
      os_distro: "alma",
      url: world.url("one"),
      protected: true,
    });
    await world.emulator.setTags(copy, tags);
    await stack.up([image()], world.start());
    expect(stack.state.map((saved) => saved.id)).not.toContain(id);
    expect(stack.state.map((saved) => saved.id)).not.toContain(copy);
    expect(world.said.join()).toContain("another image carries the very same tag");

    stack.letGo();
    await world.emulator.removeImage(id);
    world.skip(60 * 60_000);
    await world.emulator.setImage(copy, { created_at: new Date(world.now()).toISOString() });
    await stack.up([image()], world.start());
    expect(stack.state.map((saved) => saved.id)).not.toContain(copy);
    expect(world.said.join()).toContain("it was not created when its tag says");
    expect(world.emulator.images().find((one) => one.id === copy)).toMatchObject({ protected: true });
  });

  test("not where its tag cannot be changed: then a run before could not remove it either", async () => {
    const stack = new StackModel();
    const id = await orphanOf(stack, image());
    world.emulator.options.denied = [{ operation: "setTags" }];
    expect(await isAdopted(stack, id)).toBe(false);
    expect(world.said.join()).toContain("its creation tag cannot be changed");
  });
});
