import { kindsOf } from "./kinds";
import { StackModel, type Goal } from "./model";
import { sharingIn } from "./sharing";
import { Killed, moments, World } from "./world";

let world: World;

beforeAll(async () => {
  world = await World.open();
});
beforeEach(() => world.reset());
afterAll(() => world.close());

/** Whether a run came to the moment at which it was killed. */
function isKilled(run: Promise<void>): Promise<boolean> {
  return run.then(
    () => false,
    (error: unknown) => error instanceof Killed,
  );
}

const sharing = sharingIn(() => world);
const { second, start, image, member, acceptance, all } = sharing;
const { members, shared, idsOf, memberId, made, call, pathOf, stats } = sharing;

describe("every request fails in every way, then the next run ends well", () => {
  const of = ["Member", "listAccessKeys", "showImage"];
  const stages: Record<string, { before: () => Goal[]; after: () => Goal[]; expected: () => unknown }> = {
    "shared and accepted": { before: () => [image()], after: all, expected: shared },
    "moved to a new image": {
      before: all,
      after: () => all({ url: world.url("two") }),
      expected: () => shared("two"),
    },
    rejected: {
      before: all,
      after: () => [image(), member(), acceptance({ accept: false })],
      expected: () => shared("one", "rejected"),
    },
    unshared: { before: all, after: () => [image()], expected: () => [["one.qcow2", []]] },
  };
  /** For longer than the client tries again. */
  const long = 12;
  const kinds = Object.entries(kindsOf(["accesskey", "secretkey"])).map(([name, kind]) => {
    const times = kind.transient && !kind.retryPolicy ? long : 1;
    return { name, kind, times };
  });

  describe.each(Object.entries(stages))("%s", (_, { before, after, expected }) => {
    /** What the run asks for about members, where nothing fails: each request, by its operation and its number. */
    const requests: { operation: string; nth: number }[] = [];

    beforeAll(async () => {
      await world.reset();
      const stack = await made(before());
      const counts = world.emulator.stats();
      await stack.up(after(), start());
      for (const [operation, count] of Object.entries(world.emulator.stats())) {
        const asked = of.some((part) => operation.includes(part)) ? count - (counts[operation] ?? 0) : 0;
        requests.push(...Array.from({ length: asked }, (_, index) => ({ operation, nth: index + 1 })));
      }
      expect(requests.length).toBeGreaterThan(1);
    });

    test.each(kinds)("$name", async ({ kind: { fault, retryPolicy }, times }) => {
      for (const request of requests) {
        await world.reset();
        const stack = await made(before());
        world.emulator.faults.add({ ...fault, ...request, times });
        await stack.up(after(), start({ retryPolicy })).catch(() => undefined);
        expect(world.emulator.faults.list()).not.toMatchObject([{ struck: 0 }]);
        world.emulator.faults.clear();
        await stack.up(after(), start());
        expect({ request, members: members() }).toEqual({ request, members: expected() });
        expect(idsOf(stack)).toEqual(after().slice(1).map(memberId));
        await stack.destroy(start());
        expect([world.emulator.images(), stack.state]).toEqual([[], []]);
      }
    });
  });
});

test("a run that is killed at any request shares once, and unshares", async () => {
  let kills = 0;
  for (const goals of [() => all(), () => [image()]]) {
    for (const moment of moments) {
      for (let request = 1; request <= 30; request += 1) {
        await world.reset();
        const stack = await made(goals().length === 1 ? all() : [image()]);
        const killed = await isKilled(stack.up(goals(), start({ kill: { request, moment } })));
        world.emulator.faults.clear();
        if (!killed) {
          break;
        }
        kills += 1;
        await stack.up(goals(), start());
        expect(members()).toEqual(goals().length === 1 ? [["one.qcow2", []]] : shared());
        expect(idsOf(stack)).toEqual(goals().slice(1).map(memberId));
      }
    }
  }
  expect(kills).toBeGreaterThan(15);
});

describe("a member", () => {
  test("that is there already is taken as it is", async () => {
    const stack = await made([image()]);
    await call("owner", "POST", pathOf(), { member_id: second().accountId });
    await stack.up([image(), member()], start());
    expect(members()).toEqual(shared("one", "pending"));
    expect(idsOf(stack)).toEqual([memberId()]);
    const { id } = world.emulator.images()[0]!;
    expect(world.said.filter((text) => text.includes("already"))).toEqual([
      `Image ${id} is shared with account ${second().accountId} already: by somebody, by another stack, or by an entry of this one. ` +
        "It is taken as it is, and taken back when the resource here is deleted.",
    ]);
  });

  test("whose first answer was lost is this resource's own, which no warning doubts", async () => {
    const stack = await made([image()]);
    world.emulator.faults.add({ kind: "reset-after", operation: "createImageMember" });
    world.emulator.faults.add({ kind: "status", status: 404, operation: "showImageMember", times: 4 });
    await stack.up([image(), member()], start());
    expect(stats().createImageMember).toBeGreaterThan(1);
    expect(members()).toEqual(shared("one", "pending"));
    expect(world.said.join()).not.toContain("already");
  });

  test("is not added again without need, and a run without a change asks nothing of it", async () => {
    const stack = await made();
    const before = stats();
    world.emulator.faults.add({ kind: "reset-before", path: "members|access-keys", times: "always" });
    await stack.up(all(), start());
    expect(stats()).toEqual(before);
  });

  test("that two resources declare is refused, and both are named", async () => {
    const stack = await made([image()]);
    const twice = stack.up([image(), member(), member({}, "again")], start());
    await expect(twice).rejects.toThrow(/by the ImageMember "member" of this program already.*"again"/);
    const answers = stack.up([...all(), { ...acceptance(), name: "other" }], start());
    await expect(answers).rejects.toThrow(/ImageMemberAcceptance "answer" of this program already.*"other"/);
  });

  test("stays shared without a break where its resource is renamed, replaced by force, or swapped", async () => {
    const stack = await made();
    await stack.up([image(), member({}, "renamed"), { ...acceptance(), name: "answers" }], start());
    const { id: imageId } = world.emulator.images()[0]!;
    const alone = [member({ imageId }, "alone"), { ...acceptance({ imageId }), of: undefined }];
    const other = await made(alone);
    for (const force of ["trigger", "replace"] as const) {
      await other.up(alone, start(), { force });
      expect(idsOf(other)).toEqual([memberId(), memberId()]);
    }
    expect(stats().deleteImageMember).toBe(0);
    expect(members()).toEqual(shared());

    await world.reset();
    const swap = await made([image(), member({}, "a"), member({ memberId: "third" }, "b")]);
    await swap.up([image(), member({ memberId: "third" }, "a"), member({}, "b")], start());
    expect(stats().deleteImageMember).toBe(0);
    expect(
      world.emulator
        .images()[0]!
        .members.map((one) => one.member_id)
        .sort(),
    ).toEqual([second().accountId, "third"].sort());
    expect(idsOf(swap).sort()).toEqual([memberId(), memberId().replace(second().accountId, "third")].sort());
    await swap.destroy(start());
    expect(world.emulator.images()).toEqual([]);
  });

  test("that somebody took out is put in again", async () => {
    const stack = await made([image(), member()]);
    await call("owner", "DELETE", `${pathOf()}/${second().accountId}`);
    await stack.refresh(start());
    expect(idsOf(stack)).toEqual([]);
    await stack.up([image(), member()], start());
    expect(members()).toEqual(shared("one", "pending"));
  });

  test("is taken out where the keys may not show members, but not where it is shown still", async () => {
    const stack = await made([image(), member()]);
    world.emulator.options.denied = [{ operation: "showImageMember" }];
    await stack.up([image()], start());
    expect([idsOf(stack), members()]).toEqual([[], [["one.qcow2", []]]]);
    world.emulator.options.denied = [];
    const other = await made([
      { ...image(), name: "other" },
      { ...member(), of: "other" },
    ]);
    world.emulator.faults.add({
      kind: "status",
      status: 204,
      operation: "deleteImageMember",
      times: "always",
    });
    const kept = other.up([{ ...image(), name: "other" }], start());
    await expect(kept).rejects.toThrow("but it is still shown as a member. It stays in the state");
    expect(idsOf(other)).toHaveLength(1);
  });

  test("is gone with its image", async () => {
    const stack = await made([image(), member()]);
    world.skip(60 * 60_000);
    await world.emulator.removeImage(world.emulator.images()[0]!.id);
    await stack.refresh(start());
    expect(stack.state).toEqual([]);
    const again = await made([image(), member()]);
    world.skip(60 * 60_000);
    await world.emulator.removeImage(world.emulator.images()[0]!.id);
    await again.destroy(start());
    expect(again.state).toEqual([]);
  });

  test("is not forgotten for a 404 that other keys, a passing fault or a contradiction explain", async () => {
    const stack = await made([image(), member()]);
    const [accessKey, secretKey] = [second().accessKey, second().secretKey];
    await call("owner", "DELETE", `${pathOf()}/${second().accountId}`);
    await call("owner", "POST", pathOf(), { member_id: "third" });
    stack.state.at(-1)!.id = memberId().replace(second().accountId, "third");
    const foreign = start({ env: { SCP_ACCESS_KEY: accessKey, SCP_SECRET_KEY: secretKey } });
    await expect(
      foreign.ImageMember.read(stack.state.at(-1)!.id, stack.state.at(-1)!.outputs),
    ).rejects.toThrow(`is answered with 404, but the keys are of account ${second().accountId}`);
    world.emulator.faults.add({
      kind: "status",
      status: 404,
      operation: "showImageMember",
      times: "always",
    });
    await expect(stack.refresh(start())).rejects.toThrow("but the list of members has it. Run again.");
    expect(idsOf(stack)).toHaveLength(1);
  });

  test("of an image that somebody made private stays in the state, with a warning; up mends it", async () => {
    const stack = await made();
    const { id } = world.emulator.images()[0]!;
    await world.emulator.setImage(id, { visibility: "private" });
    const owners = [image(), member()];
    const alone = await made([{ ...image({ name: "other" }), name: "other" }]);
    await alone.destroy(start());
    await start().ImageMember.read(
      idsOf(stack)[0]!,
      stack.state.find(({ type }) => type === "ImageMember")!.outputs,
    );
    expect(world.said.join()).toContain(`Image ${id} is not shared at the moment`);
    const record = stack.state.find(({ type }) => type === "ImageRecord")!;
    Object.assign(record.outputs, { visibility: "private" });
    await stack.up(owners.concat(acceptance()), start());
    expect(members()).toEqual(shared());
  });

  test("that has rejected the image is told on refresh, and nothing else", async () => {
    const stack = await made([image(), member()]);
    const outputs = () => stack.state.map((saved) => saved.outputs);
    const before = structuredClone(outputs());
    await call("member", "PUT", `${pathOf()}/${second().accountId}`, { status: "rejected" });
    await stack.refresh(start());
    expect(world.said.join()).toContain(`Account ${second().accountId} has rejected image`);
    expect(outputs()).toEqual(before);
  });

  test("of a private image is refused in preview, whether it is private or is to be", async () => {
    const stack = await made([image({ visibility: "private" })]);
    const { id } = world.emulator.images()[0]!;
    const refused = `image ${id} is private, and only shared images have members: set its visibility to "shared".`;
    await expect(stack.up([image({ visibility: "private" }), member()], start())).rejects.toThrow(refused);
    // By its id alone, the service is asked.
    const alone = { ...member({ imageId: id }), of: undefined };
    const { failures } = await start().ImageMember.check({}, alone.args);
    expect(failures).toEqual([{ property: "imageId", reason: refused }]);
    await stack.up([image(), member()], start());
    expect(members()).toEqual(shared("one", "pending"));
    // What this run makes of it is what counts: check comes before the update is seen anywhere.
    await expect(new StackModel().up([image({ visibility: "private" }), member()], start())).rejects.toThrow(
      "is private, and only shared images have members",
    );
  });

  test("of an image whose visibility is written in capitals is like any other", async () => {
    world.emulator.options.echo = "upper";
    const stack = await made();
    const calls = world.emulator.requests().length;
    const { id } = world.emulator.images()[0]!;
    const { failures } = await start().ImageMember.check({}, { imageId: id, memberId: "third" });
    expect(failures).toEqual([]);
    const before = structuredClone(stack.state);
    await stack.refresh(start());
    await stack.up(all(), start());
    expect(stack.state).toEqual(before);
    const writes = world.emulator.requests().slice(calls);
    expect(writes.filter(({ operation }) => /^(create|update|delete)/.test(operation))).toEqual([]);
    // What somebody else made of it is found as the program would write it.
    const record = stack.state.find(({ type }) => type === "ImageRecord")!;
    Object.assign(record.outputs, { visibility: "private" });
    await stack.refresh(start());
    expect(record.outputs.visibility).toBe("shared");
    const hiding = stack.up([image({ visibility: "private" }), member()], start());
    await expect(hiding).rejects.toThrow("cannot be made private before that one is taken out");
  });

  test("of another account's image, or of none, is refused in preview", async () => {
    await made([image(), member()]);
    const { id } = world.emulator.images()[0]!;
    const args = { imageId: id, memberId: "third", profile: "second" };
    const { failures } = await start().ImageMember.check({}, args);
    expect(failures).toMatchObject([
      {
        property: "imageId",
        reason: expect.stringContaining(`image ${id} cannot be shared with these keys`) as string,
      },
    ]);
    const none = await start().ImageMember.check(
      {},
      { imageId: "70a599e0-31e7-49b7-b260-868f441e862b", memberId: "x" },
    );
    expect(none.failures).toMatchObject([
      { property: "imageId", reason: expect.stringContaining("404 not found") as string },
    ]);
    const wrong = await start().ImageMember.check({}, { imageId: "a/b", memberId: "../x" });
    expect(wrong.failures.map(({ property }) => property)).toEqual(["imageId", "memberId"]);
  });
});

describe("an account that is written otherwise", () => {
  const plain = () => second().accountId;
  const spellings: Record<string, () => string> = {
    "in capitals": () => plain().toUpperCase(),
    "with hyphens": () => plain().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"),
  };

  test.each(Object.entries(spellings))("%s is shared with, answers, and is taken out", async (_, spell) => {
    const spelt = spell();
    const stack = await made([image(), member({ memberId: spelt }), acceptance({ memberId: spelt })]);
    expect(members()).toEqual(shared());
    const { id } = world.emulator.images()[0]!;
    expect(idsOf(stack)).toEqual([`${id}/${spelt}`, `${id}/${spelt}`]);
    const outputs = () => stack.state.map((saved) => saved.outputs);
    const before = structuredClone(outputs());
    await stack.refresh(start());
    expect(outputs()).toEqual(before);
    const twice = stack.up([image(), member({ memberId: spelt }), member({}, "again")], start());
    await expect(twice).rejects.toThrow("One is enough");
    await stack.up([image(), member()], start(), { force: "replace" });
    expect(members()).toEqual(shared("one", "pending"));
    expect(idsOf(stack)).toEqual([memberId()]);
    await stack.up([image()], start());
    expect([idsOf(stack), members()]).toEqual([[], [["one.qcow2", []]]]);
  });

  test.each(Object.entries(spellings))(
    "%s, and was sent so before, is read and taken out",
    async (_, spell) => {
      const stack = await made([image(), member({ memberId: spell() })]);
      world.skip(60 * 60_000);
      await call("owner", "DELETE", `${pathOf()}/${plain()}`);
      await call("owner", "POST", pathOf(), { member_id: spell() });
      await stack.refresh(start());
      expect(idsOf(stack)).toHaveLength(1);
      await stack.up([image()], start());
      expect([idsOf(stack), members()]).toEqual([[], [["one.qcow2", []]]]);
    },
  );
});

describe("a member of an image that is private", () => {
  const hide = async () => {
    const { id } = world.emulator.images()[0]!;
    await world.emulator.setImage(id, { visibility: "private" });
    return id;
  };
  const visibilities = () => world.emulator.images().map(({ visibility }) => visibility);
  /** Whether the second account sees the image, were it shared again. */
  const seesShared = async (id: string) => {
    await world.emulator.setImage(id, { visibility: "shared" });
    return (await call("member", "GET", `/v1/images/${id}`)).status === 200;
  };

  test("stays in the state, and is taken out when a refresh has found that it is private", async () => {
    const stack = await made();
    const id = await hide();
    const stuck = `Account ${second().accountId} cannot be taken out of image ${id}, which is not shared at the moment`;
    await expect(stack.up([image()], start())).rejects.toThrow(stuck);
    expect([idsOf(stack), visibilities()]).toEqual([[memberId()], ["private"]]);
    await stack.refresh(start());
    await stack.up([image()], start());
    expect([idsOf(stack), members(), visibilities()]).toEqual([[], [["one.qcow2", []]], ["shared"]]);
    expect(await seesShared(id)).toBe(false);
  });

  test("stays in the state where the program makes it private in the same run, and it is listed late", async () => {
    world.emulator.options.memberLagMs = 110_000;
    const stack = await made([image(), member()]);
    await expect(stack.up([image({ visibility: "private" })], start())).rejects.toThrow(
      "not shared at the moment",
    );
    expect(idsOf(stack)).toEqual([memberId()]);
    await stack.up([image()], start());
    expect([idsOf(stack), members()]).toEqual([[], [["one.qcow2", []]]]);
  });

  test("hinders no destroy, which says what that means", async () => {
    const stack = await made();
    await hide();
    await stack.destroy(start());
    expect([stack.state, world.emulator.images()]).toEqual([[], []]);
    expect(world.said.join()).toContain("If the image is made shared again, the account may see it again.");
  });
});

describe("an image that has members", () => {
  test("is not made private where the state knows of one that is not listed yet", async () => {
    world.emulator.options.memberLagMs = 110_000;
    const stack = await made([image(), member()]);
    world.emulator.faults.add({
      kind: "status",
      status: 200,
      operation: "listImageMembers",
      body: '{"members":[]}',
      times: "always",
    });
    const run = start();
    await stack.refresh(run);
    const hiding = stack.up([image({ visibility: "private" })], run);
    await expect(hiding).rejects.toThrow(
      `is shared with account ${second().accountId}, and cannot be made private`,
    );
    expect(members()).toEqual(shared("one", "pending"));
  });

  test("is not made private, in preview; without them it is", async () => {
    const stack = await made([image(), member()]);
    const hiding = stack.up([image({ visibility: "private" }), member()], start());
    await expect(hiding).rejects.toThrow(
      `is shared with account ${second().accountId}, and cannot be made private before that one is taken out`,
    );
    const both = stack.up([image({ visibility: "private" })], start());
    await expect(both).rejects.toThrow("take the ImageMember of each out of its program, and run pulumi up");
    expect(members()).toEqual(shared("one", "pending"));
    await stack.up([image()], start());
    await stack.up([image({ visibility: "private" })], start());
    expect(world.emulator.images()).toMatchObject([{ visibility: "private", members: [] }]);
  });

  test("names the resource of the program that this run has seen", async () => {
    const stack = await made([image(), member()]);
    const run = start();
    const [record] = stack.state;
    const of = stack.state.find(({ type }) => type === "ImageMember")!;
    await run.ImageMember.check(of.inputs, of.inputs);
    const news = { ...record!.inputs, visibility: "private" };
    await run.ImageRecord.check(record!.inputs, news);
    await expect(run.ImageRecord.diff(record!.id, record!.outputs, news)).rejects.toThrow(
      '(the ImageMember "member" of this program)',
    );
  });

  test("is made private with a warning where the members cannot be listed", async () => {
    const stack = await made([image()]);
    world.emulator.options.denied = [{ operation: "listImageMembers" }];
    await stack.up([image({ visibility: "private" })], start());
    expect(world.said.join()).toContain("So it is not known whether image");
    expect(world.emulator.images()).toMatchObject([{ visibility: "private" }]);
  });
});

describe("a member that stays declared while its image becomes private", () => {
  test.each([
    ["is listed late", () => (world.emulator.options.memberLagMs = 110_000)],
    ["cannot be listed", () => (world.emulator.options.denied = [{ operation: "listImageMembers" }])],
  ])("is refused in preview, also where it %s", async (_, unkind) => {
    unkind();
    const stack = await made([image(), member()]);
    const { id } = world.emulator.images()[0]!;
    const hiding = stack.up([image({ visibility: "private" }), member()], start());
    await expect(hiding).rejects.toThrow(`image ${id} is private, and only shared images have members`);
  });
});

describe("an answer", () => {
  test("is given, changed, mended after somebody else's, and taken back", async () => {
    const stack = await made();
    expect(stack.state.find(({ type }) => type === "ImageMemberAcceptance")).toMatchObject({
      id: memberId(),
      outputs: { status: "accepted", memberId: second().accountId },
    });
    await stack.up([image(), member(), acceptance({ accept: false })], start());
    expect(members()).toEqual(shared("one", "rejected"));
    for (const status of ["pending", "accepted"]) {
      await call("member", "PUT", `${pathOf()}/${second().accountId}`, { status });
      await stack.refresh(start());
      expect(stack.state.find(({ type }) => type === "ImageMemberAcceptance")?.outputs.status).toBe(status);
      await stack.up([image(), member(), acceptance({ accept: false })], start());
      expect(members()).toEqual(shared("one", "rejected"));
    }
    await stack.up([image(), member()], start());
    expect(members()).toEqual(shared("one", "pending"));
  });

  test("to an offer that is not there ends with what the owner must do, after a minute", async () => {
    const stack = await made([image()]);
    const begun = world.now();
    await expect(stack.up([image(), acceptance()], start())).rejects.toThrow(
      `is not offered to account ${second().accountId}`,
    );
    expect(world.now() - begun).toBeGreaterThan(45_000);
    expect(world.now() - begun).toBeLessThan(75_000);
  });

  test("waits for an offer that is shown late", async () => {
    const stack = await made([image()]);
    world.emulator.faults.add({ kind: "status", status: 404, operation: "updateImageMember", times: 3 });
    await stack.up(all(), start());
    expect(members()).toEqual(shared());
  });

  test("with the owner's keys is refused at once", async () => {
    const stack = await made([image()]);
    const begun = world.now();
    await expect(stack.up([image(), member(), acceptance({ profile: undefined })], start())).rejects.toThrow(
      "the owner of an image has no offer to answer",
    );
    expect(world.now() - begun).toBeLessThan(30_000);
    await call("owner", "POST", pathOf(), { member_id: world.emulator.options.accountId });
    world.emulator.faults.add({ kind: "status", status: 403, operation: "updateImageMember" });
    await expect(stack.up([image(), member(), acceptance({ profile: undefined })], start())).rejects.toThrow(
      "the owner of an image has no offer to answer",
    );
  });

  test("is forgotten where its offer is gone, but not for other keys' sake", async () => {
    const stack = await made();
    const answer = stack.state.find(({ type }) => type === "ImageMemberAcceptance")!;
    await call("owner", "DELETE", `${pathOf()}/${second().accountId}`);
    const { accountId, accessKey, secretKey } = world.emulator.options;
    const env = { SCP_PROFILE_SECOND_ACCESS_KEY: accessKey, SCP_PROFILE_SECOND_SECRET_KEY: secretKey };
    const others = start({ env });
    const foreign = `but the keys are of account ${accountId}`;
    await expect(others.ImageMemberAcceptance.read(answer.id, answer.outputs)).rejects.toThrow(foreign);
    await expect(others.ImageMemberAcceptance.delete(answer.id, answer.outputs)).rejects.toThrow(foreign);
    const run = start().ImageMemberAcceptance;
    expect(await run.read(answer.id, answer.outputs)).toEqual({ id: "", props: {} });
    await expect(run.delete(answer.id, answer.outputs)).resolves.toBeUndefined();
  });

  test("of an account that IAM does not tell needs its id", async () => {
    const stack = await made([image(), member()]);
    world.emulator.options.denied = [{ operation: "listAccessKeys" }];
    await expect(stack.up(all(), start())).rejects.toThrow("State it as memberId");
    const stated = [image(), member(), acceptance({ memberId: second().accountId })];
    await stack.up(stated, start());
    expect(members()).toEqual(shared());
    await call("owner", "DELETE", `${pathOf()}/${second().accountId}`);
    const answer = stack.state.find(({ type }) => type === "ImageMemberAcceptance")!;
    expect(await start().ImageMemberAcceptance.read(answer.id, answer.outputs)).toMatchObject({ id: "" });
  });

  test("of an account that IAM tells by another id is forgotten with its offer, and not for other keys", async () => {
    const tell = (account_id: string) => {
      world.emulator.faults.clear();
      const { accounts, accessKey } = world.emulator.options;
      const keys = [accessKey, ...accounts.map((one) => one.accessKey)];
      const body = JSON.stringify({ access_keys: keys.map((access_key) => ({ access_key, account_id })) });
      world.emulator.faults.add({
        kind: "status",
        status: 200,
        operation: "listAccessKeys",
        times: "always",
        body,
      });
    };
    tell("12345");
    const stack = await made([image(), member(), acceptance({ memberId: second().accountId })]);
    const { id, outputs } = stack.state.find(({ type }) => type === "ImageMemberAcceptance")!;
    await call("owner", "DELETE", `${pathOf()}/${second().accountId}`);
    tell("67890");
    const foreign = "but the keys are of account 67890, and it was made by account 12345";
    await expect(start().ImageMemberAcceptance.read(id, outputs)).rejects.toThrow(foreign);
    tell("12345");
    expect(await start().ImageMemberAcceptance.read(id, outputs)).toMatchObject({ id: "" });
    await expect(start().ImageMemberAcceptance.delete(id, outputs)).resolves.toBeUndefined();
  });

  test("for another account than that of the keys is refused in preview, as far as IAM tells it", async () => {
    const stack = await made([image(), member()]);
    const third = "c".repeat(32);
    const refused = stack.up([image(), member(), acceptance({ memberId: third })], start());
    await expect(refused).rejects.toThrow(
      `are of account ${second().accountId}, and an offer is answered by the account itself that it is made to: ` +
        `name the profile of account ${third}'s keys as profile.`,
    );
    expect(stats().updateImageMember).toBe(0);
    const own = acceptance({ memberId: second().accountId.toUpperCase() });
    const { failures } = await start().ImageMemberAcceptance.check(
      {},
      { ...own.args, imageId: world.emulator.images()[0]!.id },
    );
    expect(failures).toEqual([]);
    world.emulator.options.denied = [{ operation: "listAccessKeys" }];
    const untold = stack.up([image(), member(), acceptance({ memberId: third })], start());
    await expect(untold).rejects.toThrow(`is not offered to account ${third}`);
  });

  test("is replaced where the profile's keys are another account's", async () => {
    const stack = await made();
    const answer = stack.state.find(({ type }) => type === "ImageMemberAcceptance")!;
    const { diff } = start().ImageMemberAcceptance;
    const { accessKey, secretKey } = world.emulator.options;
    const first = start({
      env: { SCP_PROFILE_FIRST_ACCESS_KEY: accessKey, SCP_PROFILE_FIRST_SECRET_KEY: secretKey },
    }).ImageMemberAcceptance;
    const checked = await first.check(answer.inputs, {
      ...answer.inputs,
      memberId: undefined,
      profile: "first",
    });
    expect(checked).toMatchObject({ failures: [], inputs: { memberId: world.emulator.options.accountId } });
    expect(await diff(answer.id, answer.outputs, checked.inputs)).toMatchObject({ replaces: ["memberId"] });
  });
});

describe.each(["ImageMember", "ImageMemberAcceptance"] as const)("an %s", (type) => {
  test("whose profile is not configured any more says so, on refresh and on delete", async () => {
    const stack = await made();
    const saved = stack.state.find((one) => one.type === type)!;
    const outputs = { ...saved.outputs, profile: "left" };
    const sentence = 'is read and deleted with the keys of profile "left", as its state says.';
    await expect(start()[type].read(saved.id, outputs)).rejects.toThrow(sentence);
    await expect(start()[type].delete(saved.id, outputs)).rejects.toThrow(sentence);
    expect(members()).toEqual(shared());
  });

  test.each(["", "image", "image/", "/account", "image/account/more", "image/account ", "../account"])(
    "is not looked up by %j",
    async (id) => {
      await expect(start()[type].read(id, {})).rejects.toThrow(
        `${JSON.stringify(id)} is not the id of an image's member: that is IMAGE/ACCOUNT, the image's id, "/", and the account's id.`,
      );
      expect(world.emulator.requests()).toEqual([]);
    },
  );
});
