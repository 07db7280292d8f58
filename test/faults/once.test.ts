import { creatingRequest } from "./matrix";
import { StackModel, type Goal } from "./model";
import { isTold, leaks, wrongImages } from "./verify";
import { Killed, World } from "./world";

let world: World;

beforeAll(async () => {
  world = await World.open();
});

beforeEach(() => world.reset());

afterAll(() => world.close());

const image = (more: Record<string, unknown> = {}): Goal => ({
  type: "Image",
  name: "golden",
  args: { name: "golden", osDistro: "alma", url: world.url("one"), ...more },
});

const createsSent = () => world.emulator.stats().createImage;

/** Kills a run right after its POST has worked. */
async function killAtPost(stack: StackModel, goal: Goal): Promise<void> {
  const run = stack.up([goal], world.start({ kill: { request: creatingRequest, moment: "after the work" } }));
  await expect(run).rejects.toThrow(Killed);
  world.emulator.faults.clear();
  expect(stack.state).toEqual([]);
  expect(world.emulator.images()).toHaveLength(1);
}

test("two stacks that make equal images at the same moment, and lose the answers, never share one", async () => {
  const stacks = Array.from({ length: 5 }, () => new StackModel());
  world.emulator.faults.add({ kind: "reset-after", operation: "createImage", times: stacks.length });
  await Promise.all(stacks.map((stack) => stack.up([image()], world.start())));
  expect(
    wrongImages(
      world,
      stacks.map((stack) => [stack, [image()]]),
    ),
  ).toEqual([]);
  expect(world.emulator.images()).toHaveLength(stacks.length);
  expect(createsSent()).toBe(stacks.length);
});

test("what a killed run left and nobody wants any more is told, and left alone", async () => {
  const stack = new StackModel();
  await killAtPost(stack, image({ protected: true }));
  const [left] = world.emulator.images();
  const goal = image({ url: world.url("two") });
  await stack.up([goal], world.start());
  expect(world.said.join()).toContain(`carry this stack's creation tag: ${left?.id}`);
  expect(wrongImages(world, [[stack, [goal]]], ({ id }) => id === left?.id)).toEqual([]);

  await stack.destroy(world.start());
  expect(world.emulator.images()).toMatchObject([{ id: left?.id, protected: true }]);
});

test("a record by itself that a killed run left is never adopted, but told", async () => {
  const stack = new StackModel();
  const goal: Goal = { ...image(), type: "ImageRecord" };
  await killAtPost(stack, goal);
  const [left] = world.emulator.images();
  await stack.up([goal], world.start());
  expect(world.emulator.images()).toHaveLength(2);
  expect(world.said.join()).toContain(left?.id);
  await stack.destroy(world.start());
  expect(world.emulator.images()).toMatchObject([{ id: left?.id }]);
});

test("where what was lost cannot be looked for, it is not sent again; the next run tells of it", async () => {
  const stack = new StackModel();
  const { faults } = world.emulator;
  faults.add({ kind: "reset-after", operation: "createImage" });
  faults.add({ kind: "status", status: 403, operation: "listTags", times: "always" });
  await expect(stack.up([image()], world.start())).rejects.toThrow('Create image "golden": no answer');
  expect(createsSent()).toBe(1);

  faults.clear();
  const [lost] = world.emulator.images();
  await stack.up([image()], world.start());
  expect(world.said.join()).toContain(lost?.id);
  expect(wrongImages(world, [[stack, [image()]]], ({ id }) => id === lost?.id)).toEqual([]);
});

test("as long as what was lost may be there without its tag, it is not sent again", async () => {
  const stack = new StackModel();
  world.emulator.options.tagLagMs = 20_000;
  world.emulator.faults.add({ kind: "reset-after", operation: "createImage" });
  await stack.up([image()], world.start());
  expect(createsSent()).toBe(1);
  expect(wrongImages(world, [[stack, [image()]]])).toEqual([]);

  await stack.destroy(world.start());
  await world.reset();
  world.emulator.options.tagLagMs = 24 * 60 * 60_000;
  world.emulator.faults.add({ kind: "reset-after", operation: "createImage" });
  const failure = await stack.up([image()], world.start()).catch(String);
  expect(failure).toMatch(/may have created one of these.*"golden", active.*give its id as imageId/s);
  expect(createsSent()).toBe(1);
  expect(isTold(world.emulator.images()[0]!, { said: [String(failure)] })).toBe(true);
});

test("a request whose first answer was lost is sent again only when it surely did nothing", async () => {
  const stack = new StackModel();
  world.emulator.faults.add({ kind: "reset-before", operation: "createImage" });
  await stack.up([image()], world.start());
  expect(createsSent()).toBe(2);
  expect(wrongImages(world, [[stack, [image()]]])).toEqual([]);
});

test("a request that is sent again because nothing shows its work is told, with name and time", async () => {
  const stack = new StackModel();
  world.emulator.options.showLagMs = 60_000;
  world.emulator.faults.add({ kind: "reset-after", operation: "createImage" });
  const goal: Goal = { ...image(), type: "ImageRecord" };
  await stack.up([goal], world.start());
  const images = world.emulator.images();
  expect(images).toHaveLength(2);
  const told =
    /image "golden" is created by another request\. .* made at about (\S+), the first request made it/.exec(
      world.said.join("\n"),
    );
  expect(Math.abs(Date.parse(told?.[1] ?? "") - Date.parse(images[0]!.created_at))).toBeLessThan(5_000);
});

test("without the tag, nothing is sent again as long as an equal image of the last day is there", async () => {
  const stack = new StackModel();
  const created_at = new Date(world.now() - 2 * 60 * 60_000).toISOString();
  await world.emulator.setImage("0f5b9a3e-0000-4000-8000-000000000001", {
    ...{ name: "golden", os_distro: "alma", url: world.url("one"), created_at },
  });
  world.emulator.faults.add({ kind: "reset-before", operation: "createImage" });
  const run = stack.up([image()], world.start({ env: { SCP_CREATION_TAG: "false" } }));
  await expect(run).rejects.toThrow(/may have created one of these.* 0f5b9a3e-0000-4000-8000-000000000001/s);
  expect(createsSent()).toBe(1);
});

test("a refusal that is not the service's own says nothing about the tag, nor about what was made", async () => {
  const stack = new StackModel();
  const html = "<html>blocked</html>";
  world.emulator.faults.add({ kind: "status-after", operation: "createImage", status: 403, body: html });
  await stack.up([image()], world.start());
  expect(createsSent()).toBe(1);
  expect(wrongImages(world, [[stack, [image()]]])).toEqual([]);

  await stack.destroy(world.start());
  await world.reset();
  world.emulator.faults.add({ kind: "status", operation: "createImage", status: 403, body: html });
  await expect(stack.up([image()], world.start())).rejects.toThrow(/Create image "golden": 403 .*blocked/);
  expect(createsSent()).toBe(1);
  expect(world.emulator.images()).toEqual([]);
});

describe("deleting", () => {
  const inUse = {
    status: 409,
    body: JSON.stringify({ errors: [{ detail: "Image is used by server web-1." }] }),
  };

  test("an image in use is tried again, until it is free", async () => {
    const stack = new StackModel();
    await stack.up([image()], world.start());
    world.emulator.faults.add({ kind: "status", operation: "deleteImage", times: 5, ...inUse });
    await stack.destroy(world.start());
    expect(world.emulator.images()).toEqual([]);
  });

  test("an image that stays in use ends with an error that names who uses it", async () => {
    const stack = new StackModel();
    await stack.up([image()], world.start());
    world.emulator.faults.add({ kind: "status", operation: "deleteImage", times: "always", ...inUse });
    await expect(stack.destroy(world.start())).rejects.toThrow(
      /Image is used by server web-1\..* It was still in use after \d min/,
    );
    expect(stack.state).toHaveLength(1);
  });

  test.each(["reset-after", "status-after", "truncated"] as const)(
    "a delete that got through although its answer was lost (%s) is a success",
    async (kind) => {
      const stack = new StackModel();
      await stack.up([image()], world.start());
      world.emulator.faults.add({ kind, operation: "deleteImage" });
      await stack.destroy(world.start());
      expect(stack.state).toEqual([]);
      expect(world.emulator.images()).toEqual([]);
    },
  );

  test("one 404 is not enough to forget an image", async () => {
    const stack = new StackModel();
    await stack.up([image()], world.start());
    const { faults } = world.emulator;
    faults.add({ kind: "status", status: 404, operation: "showImage" });
    await stack.refresh(world.start());
    expect(stack.state).toHaveLength(2);
    faults.add({ kind: "status", status: 404, operation: "deleteImage" });
    await stack.destroy(world.start());
    expect(world.emulator.images()).toEqual([]);
    expect(leaks(world, stack)).toEqual([]);
  });
});
