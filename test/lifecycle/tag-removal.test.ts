import { StackModel, type Goal } from "../faults/model";
import { World } from "../faults/world";

let world: World;

beforeAll(async () => {
  world = await World.open();
});
beforeEach(() => world.reset());
afterAll(() => world.close());

test("the removal of a creation tag is not tried for as long as an image claims to be of the future", async () => {
  world.emulator.options.tagLagMs = 24 * 60 * 60_000;
  const stack = new StackModel();
  const args = { name: "golden", osDistro: "alma", url: world.url("one") };
  const goals: Goal[] = [{ type: "Image", name: "golden", args }];
  await stack.up(goals, world.start());
  const unconfirmed = () => stack.state.map(({ outputs }) => outputs.unconfirmed);
  expect(unconfirmed()).toEqual([undefined, true]);
  const created_at = new Date(world.now() + 3 * 60 * 60_000).toISOString();
  await world.emulator.setImage(stack.state[0]!.id, { created_at });
  await stack.up(goals, world.start());
  expect(unconfirmed()).toEqual([undefined, undefined]);
});
