import type { Declaration } from "./program";
import { fail, succeed } from "./stack";
import { TwoAccounts } from "./two-accounts";

let world: TwoAccounts;
let serverId: string;

beforeEach(async () => {
  world = await TwoAccounts.open();
  ({ id: serverId } = await world.cloud.addServer({}));
});
afterEach(() => world.close());

type Kind = "Image" | "ServerImage";

const kinds: Kind[] = ["Image", "ServerImage"];

function declared(type: Kind, more: Record<string, unknown>): Declaration {
  const args = { serverId, name: "golden", visibility: "shared", ...more };
  return type === "Image" ? world.image(more) : { type, name: "golden", args };
}

/** An image of the first account that the second one has accepted. */
async function shared(type: Kind): Promise<string> {
  const owner = await world.stack("owner");
  owner.declare(declared(type, {}), world.member(), world.answer());
  await succeed(owner.up());
  return world.only().id;
}

const silence = () => {
  world.cloud.options.denied = [{ operation: "listAccessKeys" }];
};

describe("an image that another account shares is not taken over", () => {
  test.each<[Kind, string, string, () => void]>([
    ["Image", "", "it is of account", () => undefined],
    ["Image", ", where IAM tells no account", "IAM does not tell the keys' account", silence],
    ["ServerImage", "", "the keys are of account", () => undefined],
    ["ServerImage", ", where IAM tells no account", "IAM does not tell the keys' account", silence],
  ])("%s%s", async (type, _, reason, prepare) => {
    const imageId = await shared(type);
    prepare();
    const stack = await world.stack("other");
    stack.declare(declared(type, { imageId, profile: "second" }));
    for (const text of [await fail(stack.preview()), await fail(stack.up())]) {
      expect(text).toMatch(/[Ii]mage [-0-9a-f]{36} cannot be taken over: /);
      expect(text).toContain(reason);
      expect(text).toContain(world.cloud.options.accounts[0].accountId); // Whose it is.
    }
    await succeed(stack.destroy());
    expect(world.only()).toMatchObject({ id: imageId, members: [{ status: "accepted" }] });
  });
});

test.each(kinds)("%s: an image that has members is not made private by taking it over", async (type) => {
  const imageId = await shared(type);
  const own = await world.stack("own");
  own.declare(declared(type, { imageId, visibility: undefined }));
  for (const text of [await fail(own.preview()), await fail(own.up())]) {
    expect(text).toContain(
      `it is shared with account ${world.second.accountId}, and the program would make it private`,
    );
  }
  expect(world.only()).toMatchObject({ visibility: "shared", members: [{ status: "accepted" }] });
  expect((await world.call("second", "GET", `/v1/images/${imageId}`)).status).toBe(200);
  own.declare(declared(type, { imageId }));
  await succeed(own.up());
  expect((await world.call("second", "GET", `/v1/images/${imageId}`)).status).toBe(200);
});

test.each(kinds)("%s: a shared image without members is", async (type) => {
  const owner = await world.stack("owner");
  owner.declare(declared(type, {}));
  await succeed(owner.up());
  const own = await world.stack("own");
  own.declare(declared(type, { imageId: world.only().id, visibility: undefined }));
  await succeed(own.up());
  expect(world.only()).toMatchObject({ visibility: "private" });
});

describe("one's own image that is shared is taken over", () => {
  test.each(kinds)("%s, also where only a private image tells whose it is", async (type) => {
    const imageId = await shared(type);
    const own = await world.stack("own");
    own.declare(declared(type, { imageId }));
    await succeed(own.preview());
    silence();
    expect(await fail(own.preview())).toContain("have a private image beside it first");
    const { accountId: owner } = world.cloud.options.accounts[0];
    const id = "0f5b9a3e-0000-4000-8000-000000000001";
    await world.cloud.setImage(id, { name: "beside", owner, visibility: "private", status: "active" });
    await succeed(own.preview());
    await succeed(own.up());
    expect(world.cloud.images().map((image) => image.id)).toEqual(expect.arrayContaining([imageId, id]));
  });
});
