import { conditions } from "./conditions";
import { killEverywhere, liveByChance } from "./kills";
import { creatingRequest, runMatrix } from "./matrix";
import { StackModel, type Goal } from "./model";
import { wronglyDeleted } from "./verify";
import { Killed, World } from "./world";

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

describe("what a killed run left is told, and never made ours by its tag", () => {
  test("the next run makes a new image, and names what was left; given as imageId, it is taken over, and its tag goes", async () => {
    const stack = new StackModel();
    const id = await orphanOf(stack, image());
    await stack.up([image()], world.start());
    expect(stack.state.map((saved) => saved.id)).not.toContain(id);
    expect(world.said.join()).toMatch(
      new RegExp(`carry this stack's creation tag: ${id}\\. .*orphans --state`),
    );
    expect(wronglyDeleted(world, [stack])).toEqual([]);

    const other = new StackModel("other");
    await other.up([image({ imageId: id })], world.start());
    expect(other.state.map((saved) => saved.id)).toEqual([id, id]);
    expect(world.emulator.images().flatMap(({ tags }) => tags)).toEqual([]);
  });

  test.each(["taken out of the program", "renamed", "of a stack that was renamed", "of a version before"])(
    "it is told at the end of the stack, %s: until then, the state may hold it",
    async (how) => {
      const stack = new StackModel();
      const id = await orphanOf(stack, image());
      const [tag] = world.emulator.images()[0]!.tags;
      if (how.endsWith("before")) {
        const [, stackId = ""] = /([0-9a-f-]{36})\/[0-9a-f]{16}\//.exec(tag!.value) ?? [];
        const value = `${stackId}/0123456789abcdef/image-${stackId}`;
        await world.emulator.setTags(id, [{ key: tag!.key, value }]);
      }
      const name = how === "renamed" ? "renamed" : "other";
      const again = how.includes("stack") ? stack.copyAs("renamed") : stack;
      await again.up([{ ...image(), name, args: { ...image().args, name } }], world.start());
      expect(world.said.join()).not.toContain(id);
      await again.destroy(world.start());
      expect(world.said.join()).toContain(id);
    },
  );

  test("what somebody has done to it since is left as it is", async () => {
    const stack = new StackModel();
    const id = await orphanOf(stack, image());
    const { tags } = world.emulator.images()[0]!;
    const changed = [...tags, { key: "in-use-by", value: "alice" }];
    await world.emulator.setImage(id, { protected: true, visibility: "shared" });
    await world.emulator.setTags(id, changed);
    await stack.up([image()], world.start());
    await stack.destroy(world.start());
    expect(world.emulator.images()).toMatchObject([
      { id, protected: true, visibility: "shared", tags: changed },
    ]);
  });

  test("the end of a stack does not speak to the terminal", async () => {
    const stack = new StackModel();
    const id = await orphanOf(stack, image());
    const [tag] = world.emulator.images()[0]!.tags;
    const value = tag!.value.replace("test/", "\u001b]0;owned\u0007/");
    const content = [
      { srn: `srn:s::a:kr-west1::virtualserver:image/\u001b[31m${id}`, key: tag!.key, value },
      { srn: `srn:s::a:kr-west1::virtualserver:image/${id}`, key: tag!.key, value },
    ];
    const body = JSON.stringify({ count: 2, content });
    world.emulator.faults.add({ kind: "not-json", operation: "findTags", times: "always", body });
    await stack.destroy(world.start());
    expect(world.said.join()).toContain(id);
    expect(world.said.join()).not.toContain("\u001b");
  });
});
