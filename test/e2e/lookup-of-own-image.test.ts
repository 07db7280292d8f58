import type { Declaration } from "./program";
import { fail, succeed } from "./stack";
import { TwoAccounts } from "./two-accounts";

let world: TwoAccounts;

beforeEach(async () => {
  world = await TwoAccounts.open();
});
afterEach(() => world.close());

const lookup = (args: Record<string, unknown>): Declaration => ({
  type: "getImageOutput",
  name: "found",
  args,
});
const replaced = () => world.image({ url: world.cloud.objectUrl("images", "two.qcow2") });

test.each<[string, Record<string, unknown>]>([
  ["by its id", { id: { output: "golden.id" } }],
  ["by its name, the newest", { name: { output: "golden.name" }, mostRecent: true }],
])("a program that looks its own image up %s goes on when that is replaced", async (_, args) => {
  const stack = await world.stack();
  stack.declare(world.image(), lookup(args));
  await succeed(stack.up());
  const before = world.only().id;
  stack.declare(replaced(), lookup(args));
  await succeed(stack.preview());
  await succeed(stack.up());
  const { id } = world.only();
  expect(id).not.toBe(before);
  expect((await stack.outputs()).found).toMatchObject({ found: { id } });
});

test("by its name alone it fails, and the error says the way out, which works", async () => {
  const stack = await world.stack();
  const name = { output: "golden.name" };
  stack.declare(world.image(), { type: "ImagePin", name: "found", args: { name, pin: "1" } });
  await succeed(stack.up());
  stack.declare(replaced(), { type: "ImagePin", name: "found", args: { name, pin: "2" } });
  expect(await fail(stack.up())).toMatch(
    /was made in this run, and an image that it replaces stays.*mostRecent: true/,
  );
  stack.declare(replaced(), { type: "ImagePin", name: "found", args: { name, pin: "2", mostRecent: true } });
  await succeed(stack.up());
  expect((await stack.outputs()).found).toMatchObject({ imageId: world.only().id });
});
