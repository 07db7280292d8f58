import { startEmulator, type Emulator, type ImageBody } from "../../emulator";
import { clientOf, qcow2 } from "../emulator/testing";
import type { Declaration } from "./program";
import { fail, succeed, type OpenStack, type TestStack } from "./stack";

/** Two accounts in one program. Every claim is checked by what the second account itself is told, or by the emulator. */
export function sharingSuite(open: OpenStack, timeout: number): void {
  jest.setTimeout(timeout);

  let cloud: Emulator;
  let stack: TestStack;
  let skipped = 0;
  const before = { ...process.env };

  beforeEach(async () => {
    skipped = 0;
    cloud = await startEmulator({ now: () => Date.now() + skipped });
    for (const key of ["one.qcow2", "two.qcow2"]) {
      await cloud.putObject("images", key, qcow2());
    }
    const { accessKey, secretKey } = second();
    const env = {
      ...cloud.env,
      SCP_PROFILE_SECOND_ACCESS_KEY: accessKey,
      SCP_PROFILE_SECOND_SECRET_KEY: secretKey,
    };
    Object.assign(process.env, env); // Of the embedded engine, the program runs in this process.
    stack = await open(env);
  });

  afterEach(async () => {
    process.env = { ...before };
    stack.close();
    await cloud.close();
  });

  const second = () => cloud.options.accounts[1]!;

  const image = (more: Record<string, unknown> = {}): Declaration => ({
    type: "Image",
    name: "golden",
    args: {
      name: "golden",
      osDistro: "alma",
      url: cloud.objectUrl("images", "one.qcow2"),
      visibility: "shared",
      ...more,
    },
  });

  const member = (more: Partial<Declaration> = {}): Declaration => ({
    type: "ImageMember",
    name: "member",
    of: "golden",
    args: { memberId: second().accountId },
    ...more,
  });

  const acceptance = (more: Record<string, unknown> = {}): Declaration => ({
    type: "ImageMemberAcceptance",
    name: "answer",
    of: "member",
    args: { profile: "second", ...more },
  });

  const all = (more: Record<string, unknown> = {}) => [image(more), member(), acceptance()];

  /** What the second account is told when it asks itself. */
  const asked = (path: string) => clientOf(cloud).call<ImageBody>("GET", path, { as: second() });

  async function listed(path = "/v1/images"): Promise<string[]> {
    const { json } = await clientOf(cloud).call<{ images: ImageBody[] }>("GET", path, { as: second() });
    return json.images.map(({ id }) => id);
  }

  const only = () => {
    expect(cloud.images()).toHaveLength(1);
    return cloud.images()[0]!;
  };

  const call = (as: "owner" | "member", method: string, path: string, body?: unknown) =>
    clientOf(cloud).call(method, path, { body, as: as === "owner" ? cloud.options : second() });

  async function expectNothingToDo(): Promise<void> {
    await succeed(stack.preview({ expectNoChanges: true }));
    await succeed(stack.preview({ refresh: true, expectNoChanges: true }));
    await succeed(stack.refresh({ previewOnly: true, expectNoChanges: true }));
  }

  async function stateOf(type: string) {
    const { resources = [] } = (await stack.state()).deployment;
    return resources.filter((resource) => resource.type.endsWith(`scp:${type}`));
  }

  test("an image is shared, accepted, and rejected, in one program", async () => {
    stack.declare(...all());
    await succeed(stack.preview());
    expect(cloud.images()).toEqual([]);
    await succeed(stack.up());
    const { id } = only();
    expect(await listed()).toEqual([id]);
    expect(await asked(`/v1/images/${id}`)).toMatchObject({ status: 200, json: { id, status: "active" } });
    expect(only().members).toMatchObject([{ member_id: second().accountId, status: "accepted" }]);
    expect((await stack.outputs()).member).toMatchObject({ id: `${id}/${second().accountId}`, imageId: id });
    expect((await stack.outputs()).answer).toMatchObject({
      status: "accepted",
      memberId: second().accountId,
      profile: "second",
    });
    await expectNothingToDo();
    const state = JSON.stringify(await stack.state());
    expect(state).toContain("pulumi-scp-images/runtime/image-member-acceptance");
    for (const secret of [second().accessKey, second().secretKey, cloud.options.secretKey]) {
      expect(state).not.toContain(secret);
    }

    stack.declare(image(), member(), acceptance({ accept: false }));
    await succeed(stack.up());
    expect([await listed(), await listed("/v1/pending-images")]).toEqual([[], []]);
    expect(await succeed(stack.refresh())).toContain(
      `Account ${second().accountId} has rejected image ${id}`,
    );
    await expectNothingToDo();
  });

  test("a new image is shared in place of the old one, and all is taken back in order", async () => {
    stack.declare(...all());
    await succeed(stack.up());
    const { id } = only();
    stack.declare(...all({ url: cloud.objectUrl("images", "two.qcow2") }));
    await succeed(stack.up());
    const next = only().id;
    expect(next).not.toBe(id);
    expect(await listed()).toEqual([next]);
    expect((await asked(`/v1/images/${id}`)).status).toBe(404);
    expect((await stateOf("ImageMember")).map((one) => one.id)).toEqual([`${next}/${second().accountId}`]);
    await expectNothingToDo();

    const earlier = cloud.requests().length;
    await succeed(stack.destroy());
    expect(cloud.images()).toEqual([]);
    const undone = cloud
      .requests()
      .slice(earlier)
      .map(({ operation }) => operation)
      .filter((operation) => /^(update|delete)Image/.test(operation));
    expect(undone).toEqual(["updateImageMember", "deleteImageMember", "deleteImage"]);
  });

  test("what others do meanwhile is seen, and mended", async () => {
    stack.declare(...all());
    await succeed(stack.up());
    const { id } = only();
    const path = `/v1/images/${id}/members/${second().accountId}`;
    await call("member", "PUT", path, { status: "rejected" });
    await succeed(stack.up({ refresh: true }));
    expect(only().members).toMatchObject([{ status: "accepted" }]);

    skipped = 3 * 60_000; // By then, no member is new any more, and may be shown late.
    await call("owner", "DELETE", path);
    expect(await listed()).toEqual([]);
    await succeed(stack.up({ refresh: true }));
    expect(await listed()).toEqual([id]);
    await expectNothingToDo();
  });

  test("the program asks for the answer and for the offers, and a refresh finds no change in what moves by itself", async () => {
    stack.declare(image(), member({ asks: "status" }));
    cloud.options.memberLagMs = 1000;
    await succeed(stack.up());
    cloud.options.memberLagMs = 0;
    expect((await stack.outputs()).member).toMatchObject({ status: "pending" });
    const { id } = only();
    await call("member", "PUT", `/v1/images/${id}/members/${second().accountId}`, { status: "accepted" });
    await succeed(stack.refresh({ previewOnly: true, expectNoChanges: true }));
    await succeed(stack.up());
    expect((await stack.outputs()).member).toMatchObject({ status: "accepted" });

    await call("member", "PUT", `/v1/images/${id}/members/${second().accountId}`, { status: "pending" });
    stack.declare(image(), member({ asks: "pending" }));
    await succeed(stack.up());
    expect((await stack.outputs()).member).toMatchObject({
      pending: [{ id, name: "golden", owner: cloud.options.accountId, visibility: "shared" }],
    });
    expect(await listed("/v1/pending-images")).toEqual([id]);
  });

  test("what cannot be is said in preview, with the way out", async () => {
    stack.declare(...all());
    await succeed(stack.up());
    const { id } = only();
    stack.declare(...all({ visibility: "private" }));
    expect(await fail(stack.preview())).toContain(
      `Image ${id} is shared with account ${second().accountId}, and cannot be made private before that one is taken out`,
    );
    stack.declare(image(), member(), member({ name: "again" }), acceptance());
    // Whichever is checked first is the one that stays.
    const twice = await fail(stack.preview());
    expect(twice).toContain(`image ${id} is shared with account ${second().accountId} by the ImageMember`);
    expect(twice).toMatch(/(member|again)\\?" of this program already/);
  });

  test("what somebody has shared does not stop a refresh; to make it private again is refused in preview", async () => {
    stack.declare(image({ visibility: "private" }));
    await succeed(stack.up());
    const { id } = only();
    await call("owner", "PUT", `/v1/images/${id}`, { visibility: "shared" });
    await call("owner", "POST", `/v1/images/${id}/members`, { member_id: second().accountId });
    await succeed(stack.refresh());
    expect(await fail(stack.preview())).toContain("cannot be made private before that one is taken out");
    expect(await fail(stack.up({ refresh: true }))).toContain("cannot be made private");
    stack.declare(image());
    await succeed(stack.up({ refresh: true }));
    await expectNothingToDo();
    expect(await listed()).toEqual([]);
    expect(only()).toMatchObject({ visibility: "shared", members: [{ member_id: second().accountId }] });
  });

  test("a private image has no members, in preview too; made shared, it has, in the same run", async () => {
    stack.declare(image({ visibility: "private" }));
    await succeed(stack.up());
    const { id } = only();
    stack.declare(image({ visibility: "private" }), member());
    expect(await fail(stack.preview())).toContain(
      `image ${id} is private, and only shared images have members`,
    );
    expect(only()).toMatchObject({ visibility: "private", members: [] });
    stack.declare(...all());
    await succeed(stack.preview());
    await succeed(stack.up());
    expect(await listed()).toEqual([id]);
  });

  test("a resource under another name takes over, and nothing is unshared in between", async () => {
    stack.declare(...all());
    await succeed(stack.up());
    const { id } = only();
    stack.declare(image(), member({ name: "renamed" }), { ...acceptance(), of: "renamed", name: "answered" });
    await succeed(stack.up());
    expect(cloud.stats()).toMatchObject({ createImageMember: 2 });
    expect(cloud.stats().deleteImageMember ?? 0).toBe(0);
    expect(await listed()).toEqual([id]);
    expect(await stateOf("ImageMember")).toHaveLength(1);
    await expectNothingToDo();
    await succeed(stack.destroy());
    expect(cloud.images()).toEqual([]);
  });

  test.each(["reset-after", "status-after", "status"] as const)(
    "a request about a member that fails for good (%s) leaves what the next run goes on with",
    async (kind) => {
      stack.declare(image());
      await succeed(stack.up());
      stack.declare(...all());
      for (const operation of ["createImageMember", "updateImageMember"]) {
        cloud.faults.add({ kind, status: 403, operation, times: "always" });
        cloud.faults.add({ kind: "status", status: 403, operation: "showImageMember", times: "always" });
        await fail(stack.up());
        cloud.faults.clear();
      }
      await succeed(stack.up());
      expect(only().members).toMatchObject([{ member_id: second().accountId, status: "accepted" }]);
      expect(await stateOf("ImageMember")).toHaveLength(1);
      await expectNothingToDo();
    },
  );
}
