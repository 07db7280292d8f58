import { succeed } from "./stack";
import { TwoAccounts } from "./two-accounts";

let world: TwoAccounts;

beforeEach(async () => {
  world = await TwoAccounts.open();
});
afterEach(() => world.close());

const asUuid = (id: string) => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

describe.each<[string, (id: string) => string]>([
  ["in capitals", (id) => id.toUpperCase()],
  ["with hyphens", asUuid],
  ["with space around them", (id) => ` ${id}\n`],
])("accounts that IAM writes %s", (_, spell) => {
  test("are the same: another key pair of one leaves its image alone, and it can share it", async () => {
    const stack = await world.stack();
    stack.declare(world.image());
    await succeed(stack.up());
    const { id } = world.only();
    world.tellAccounts(spell);
    stack.declare(world.image({ profile: "first" }), world.member({ profile: "first" }));
    expect(await succeed(stack.preview())).not.toMatch(/replace/);
    await succeed(stack.up());
    expect(world.only()).toMatchObject({ id, members: [{ member_id: world.second.accountId }] });
    const other = await world.stack("other");
    const args = { imageId: id, memberId: world.second.accountId };
    other.declare({ type: "ImageMember", name: "member", args });
    await succeed(other.preview());
    await succeed(stack.preview({ expectNoChanges: true }));
    await succeed(stack.preview({ refresh: true, expectNoChanges: true }));
  });

  test("are the same to an offer: its answer can change, and what is gone of it is gone", async () => {
    const stack = await world.stack();
    stack.declare(world.image(), world.member(), world.answer());
    await succeed(stack.up());
    world.tellAccounts(spell);
    stack.declare(world.image(), world.member(), world.answer({ accept: false }));
    expect(await succeed(stack.preview())).not.toMatch(/replace/);
    await succeed(stack.up());
    const { id, members } = world.only();
    expect(members).toMatchObject([{ status: "rejected" }]);
    await world.call("owner", "DELETE", `/v1/images/${id}/members/${world.second.accountId}`);
    await succeed(stack.destroy());
    expect(world.cloud.images()).toEqual([]);
  });
});

test("a member that the program writes in capitals is the same, and stays", async () => {
  const stack = await world.stack();
  const memberId = world.second.accountId;
  stack.declare(world.image(), world.member(), world.answer({ memberId }));
  await succeed(stack.up());
  const capitals = memberId.toUpperCase();
  stack.declare(
    world.image(),
    world.member({ memberId: capitals }),
    world.answer({ memberId: capitals, accept: false }),
  );
  expect(await succeed(stack.preview())).not.toMatch(/replace/);
  await succeed(stack.up());
  expect(world.only().members).toMatchObject([{ member_id: memberId, status: "rejected" }]);
  await succeed(stack.preview({ expectNoChanges: true }));
  await succeed(stack.preview({ refresh: true, expectNoChanges: true }));
  await succeed(stack.destroy());
});
