import type { Fault, OrderedFault } from "../../emulator/faults";
import { sharingIn } from "./sharing";
import { World } from "./world";

// A service whose answers about members lag behind what was done, or contradict each other.

let world: World;

beforeAll(async () => {
  world = await World.open();
});
beforeEach(() => world.reset());
afterAll(() => world.close());

const { second, start, image, member, acceptance, members, shared, idsOf, memberId, made, call, pathOf } =
  sharingIn(() => world);

/** Nearly as late as a member may be shown. */
const lag = 110_000;
/** So long that nothing is new any more. */
const age = () => {
  world.skip(60 * 60_000);
};

const strike = (
  operation: string,
  fault: Partial<Fault> & { status: number },
  times: number | "always" = "always",
): OrderedFault => world.emulator.faults.add({ kind: "status", operation, times, ...fault });

/** What an answer says that tells of the second account as a member. */
const told = (status: string) => ({
  status: 200,
  body: JSON.stringify({
    image_id: world.emulator.images()[0]!.id,
    member_id: second().accountId,
    status,
  }),
});

describe("a member that is shown late", () => {
  test("is taken out all the same, soon after it was added", async () => {
    world.emulator.options.memberLagMs = lag;
    const stack = await made([image(), member()]);
    expect(members()).toEqual(shared("one", "pending"));
    await stack.up([image()], start());
    expect([members(), idsOf(stack)]).toEqual([[["one.qcow2", []]], []]);
  });

  test("is not forgotten by a refresh, also where no answer told when it was added", async () => {
    world.emulator.options.memberLagMs = lag;
    for (const fields of [[], ["created_at"]]) {
      world.emulator.faults.add({ kind: "null-fields", fields, operation: "createImageMember" });
      const stack = await made([image(), member()]);
      await stack.refresh(start());
      expect(idsOf(stack)).toEqual([memberId()]);
      await stack.destroy(start());
      expect(world.emulator.images()).toEqual([]);
    }
  });

  test("is found where a conflict says that it is there", async () => {
    const stack = await made([image()]);
    world.emulator.options.memberLagMs = lag;
    await call("owner", "POST", pathOf(), { member_id: second().accountId });
    await stack.up([image(), member()], start());
    expect(idsOf(stack)).toEqual([memberId()]);
  });

  test.each([
    ["two minutes", undefined, 150_000],
    ["two minutes, also where the service's clocks disagree", "2999-01-01T00:00:00Z", 150_000],
    ["a moment where it is not new", "2026-01-01T00:00:00Z", 5_000],
  ])("and never comes, is not waited for longer than %s", async (_, createdAt, longest) => {
    const stack = await made([image(), member()]);
    Object.assign(stack.state.at(-1)!.outputs, createdAt && { createdAt });
    await call("owner", "DELETE", `${pathOf()}/${second().accountId}`);
    const begun = world.now();
    await stack.refresh(start());
    expect(idsOf(stack)).toEqual([]);
    expect(world.now() - begun).toBeLessThan(longest);
  });
});

test.each([404, 403])(
  "a list of members that answers %i says nothing of a shared image's",
  async (status) => {
    const stack = await made([image(), member()]);
    age();
    strike("showImageMember", { status: 404 });
    strike("listImageMembers", { status });
    await expect(stack.refresh(start())).rejects.toThrow(
      status === 404 ? "is shown as shared, but its list of members is not found. Run again." : "403",
    );
    expect(idsOf(stack)).toEqual([memberId()]);
  },
);

describe("an answer that is shown late", () => {
  test("is waited for", async () => {
    const stack = await made([image(), member()]);
    world.emulator.faults.add({ ...told("pending"), kind: "status-after", operation: "updateImageMember" });
    strike("showImageMember", told("pending"), 4);
    await stack.up([image(), member(), acceptance()], start());
    expect(members()).toEqual(shared());
    expect(stack.state.at(-1)?.outputs.status).toBe("accepted");
  });

  test("and never comes, is an error after half a minute, also of a delete", async () => {
    const stack = await made();
    for (const [goals, was, sentence] of [
      [[image(), member(), acceptance({ accept: false })], "pending", "has rejected image"],
      [[image(), member()], "accepted", "has no answer to image"],
    ] as const) {
      world.emulator.faults.clear();
      strike("updateImageMember", told(was));
      strike("showImageMember", told(was));
      const begun = world.now();
      const failing = stack.up(goals, start());
      await expect(failing).rejects.toThrow(new RegExp(`${sentence}.*but SCP shows ${was}. Run again.`));
      expect(world.now() - begun).toBeGreaterThan(20_000);
      expect(world.now() - begun).toBeLessThan(60_000);
      expect(idsOf(stack)).toHaveLength(2);
    }
    world.emulator.faults.clear();
    await stack.up([image(), member()], start());
    expect(members()).toEqual(shared("one", "pending"));
  });
});

describe("an offer that is gone", () => {
  const hooks = () => start().ImageMemberAcceptance;
  const gone = { id: "", props: {} };

  async function answered() {
    const stack = await made();
    age();
    return stack.state.find(({ type }) => type === "ImageMemberAcceptance")!;
  }

  test("is gone where this account may not list members, too", async () => {
    const { id, outputs } = await answered();
    world.emulator.options.denied = [{ operation: "listImageMembers" }];
    await call("owner", "DELETE", `${pathOf()}/${second().accountId}`);
    for (const status of [404, 403]) {
      strike("showImageMember", { status });
      strike("updateImageMember", { status });
      expect(await hooks().read(id, outputs)).toEqual(gone);
      await expect(hooks().delete(id, outputs)).resolves.toBeUndefined();
      world.emulator.faults.clear();
    }
  });

  test("is gone with its image private, and a warning says what that means", async () => {
    for (const image of ["private", "deleted"]) {
      await world.reset();
      const { id, outputs } = await answered();
      const { id: imageId } = world.emulator.images()[0]!;
      await (image === "private"
        ? world.emulator.setImage(imageId, { visibility: image })
        : world.emulator.removeImage(imageId));
      expect(await hooks().read(id, outputs)).toEqual(gone);
      await expect(hooks().delete(id, outputs)).resolves.toBeUndefined();
      const said = `Image ${imageId} is not shown to account ${second().accountId} any more`;
      expect(world.said.filter((text) => text.startsWith(said))).toHaveLength(2);
    }
  });

  test("is not gone for an image that is not found once", async () => {
    const { id, outputs } = await answered();
    const contradicted = "but the list of members has it. Run again.";
    strike("showImageMember", { status: 404 }, 1);
    strike("showImage", { status: 404 }, 1);
    await expect(hooks().read(id, outputs)).rejects.toThrow(contradicted);
    strike("updateImageMember", { status: 404 }, 1);
    strike("showImage", { status: 404 }, 1);
    await expect(hooks().delete(id, outputs)).rejects.toThrow(contradicted);
    expect(await hooks().read(id, outputs)).toMatchObject({ id });
    await hooks().delete(id, outputs);
    expect(members()).toEqual(shared("one", "pending"));
  });

  test.each([
    ["that is not found either", 404, "404 not found"],
    ["that has the image", undefined, "but the list of images has it. Run again."],
  ])("is not gone for a list of images %s", async (_, status, sentence) => {
    const { id, outputs } = await answered();
    for (const operation of ["showImageMember", "updateImageMember", "listImageMembers", "showImage"]) {
      strike(operation, { status: 404 });
    }
    if (status !== undefined) {
      strike("listImages", { status });
    }
    await expect(hooks().read(id, outputs)).rejects.toThrow(sentence);
    await expect(hooks().delete(id, outputs)).rejects.toThrow(sentence);
    expect(members()).toEqual(shared());
  });

  test.each([
    ["public", 404],
    ["community", 404],
    ["public", 403],
  ])("with its image %s, a warning says (%i)", async (visibility, status) => {
    const { id, outputs } = await answered();
    await world.emulator.setImage(world.emulator.images()[0]!.id, { visibility });
    strike("showImageMember", { status });
    expect(await hooks().read(id, outputs)).toEqual(gone);
    await expect(hooks().delete(id, outputs)).resolves.toBeUndefined();
    expect(world.said.join()).toContain(
      `is ${visibility} now, so there is no offer to account ${second().accountId} any more`,
    );
  });

  test("is not gone for keys that are not known to be the account's", async () => {
    const { id, outputs } = await answered();
    await world.emulator.setImage(world.emulator.images()[0]!.id, { visibility: "public" });
    world.emulator.options.denied = [{ operation: "listAccessKeys" }];
    await expect(hooks().read(id, outputs)).rejects.toThrow(/is answered with 404, but .*It stays/);
    await expect(hooks().delete(id, outputs)).rejects.toThrow(/is answered with 403, but .*It stays/);
  });

  test("of an image that is shown as shared: 404 once more where the list is refused", async () => {
    const { id, outputs } = await answered();
    world.emulator.options.denied = [{ operation: "listImageMembers" }];
    strike("showImageMember", { status: 404 }, 1);
    expect(await hooks().read(id, outputs)).toMatchObject({ id });
    strike("updateImageMember", { status: 404 }, 1);
    await hooks().delete(id, outputs);
    expect(members()).toEqual(shared("one", "pending"));
    strike("showImageMember", { status: 404 });
    strike("updateImageMember", { status: 404 });
    expect(await hooks().read(id, outputs)).toEqual(gone);
    await expect(hooks().delete(id, outputs)).resolves.toBeUndefined();
  });

  test("of an image that is shown as shared: what the list contradicts is an error", async () => {
    const { id, outputs } = await answered();
    strike("showImageMember", { status: 404 });
    strike("updateImageMember", { status: 404 });
    await expect(hooks().read(id, outputs)).rejects.toThrow("but the list of members has it. Run again.");
    await expect(hooks().delete(id, outputs)).rejects.toThrow("but the list of members has it. Run again.");
    strike("listImageMembers", { status: 404 });
    await expect(hooks().read(id, outputs)).rejects.toThrow("its list of members is not found. Run again.");
  });

  test("is an error where the service refuses, and the image is shared still", async () => {
    const { id, outputs } = await answered();
    strike("showImageMember", { status: 403 });
    strike("updateImageMember", { status: 403 });
    await expect(hooks().read(id, outputs)).rejects.toThrow("403 this is not allowed");
    await expect(hooks().delete(id, outputs)).rejects.toThrow("403 this is not allowed");
    expect(members()).toEqual(shared());
  });
});
