import type { Declaration } from "./program";
import { fail, succeed } from "./stack";
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
    world.age();
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

const capitals = (id: string) => id.toUpperCase();

describe("ids in capitals", () => {
  /** From now on, an operation answers with this. */
  const answer = (
    operation: "createVirtualServerCustomImage" | "listImages",
    status: number,
    body: object,
  ) => {
    world.cloud.faults.add({
      kind: "status",
      operation,
      status,
      body: JSON.stringify(body),
      times: "always",
    });
  };

  async function server(): Promise<string> {
    const { id } = await world.cloud.addServer({});
    return id;
  }

  const serverImage = (serverId: string): Declaration => ({
    type: "ServerImage",
    name: "golden",
    args: { serverId, name: "golden", timeouts: { create: "3s" } },
  });

  test("of the answer that an image of a server is being made: the image is kept, and deleted in the end", async () => {
    const stack = await world.stack();
    const serverId = await server();
    const made = await world.call("owner", "POST", `/v1/servers/${serverId}/images`, {
      image_name: "golden",
    });
    answer("createVirtualServerCustomImage", 202, { image_id: capitals(made.json.image_id!) });
    stack.declare(serverImage(serverId));
    await succeed(stack.up());
    expect(world.only().id).toBe(made.json.image_id);
    await succeed(stack.preview({ refresh: true, expectNoChanges: true }));
    await succeed(stack.destroy());
    expect(world.cloud.images()).toEqual([]);
  });

  test("of a list: an image that it has is not taken for gone", async () => {
    const stack = await world.stack();
    stack.declare(world.image());
    await succeed(stack.up());
    const { id } = world.only();
    await world.cloud.setImage(id, { created_at: "2026-01-01T00:00:00Z" });
    await succeed(stack.refresh());
    answer("listImages", 200, { images: [{ ...world.only(), id: capitals(id) }] });
    world.cloud.faults.add({ kind: "status", operation: "showImage", status: 404, times: "always" });
    expect(await fail(stack.refresh())).toContain("the list of images has it");
    world.cloud.faults.clear();
    await succeed(stack.destroy());
    expect(world.cloud.images()).toEqual([]);
  });

  test("of a server, and of an image that was taken over: nothing is replaced", async () => {
    const serverId = await server();
    const one = await world.stack("one");
    one.declare(serverImage(serverId));
    await succeed(one.up());
    one.declare(serverImage(capitals(serverId)));
    expect(await succeed(one.preview())).not.toMatch(/replace/);
    await succeed(one.up());
    await succeed(one.preview({ expectNoChanges: true }));
    await succeed(one.destroy());

    const two = await world.stack("two");
    two.declare(world.image());
    await succeed(two.up());
    const { id: imageId } = world.only();
    two.declare(world.image({ imageId }));
    await succeed(two.up());
    two.declare(world.image({ imageId: capitals(imageId) }));
    expect(await succeed(two.preview())).not.toMatch(/replace/);
    await succeed(two.up());
    expect(world.only().id).toBe(imageId);
  });

  test("of an image that is newly named, where the service takes it all the same: it is to be written as the service does", async () => {
    const stack = await world.stack();
    stack.declare(world.image());
    await succeed(stack.up());
    const image = world.only();
    const body = JSON.stringify(image);
    world.cloud.faults.add({ kind: "status", operation: "showImage", status: 200, times: "always", body });
    const other = await world.stack("other");
    other.declare(world.image({ imageId: capitals(image.id) }));
    expect(await fail(other.preview())).toContain(`cannot be taken over: its id is written ${image.id}`);
  });
});
