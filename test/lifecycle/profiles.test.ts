import type { Account } from "../../emulator";
import { clientOf, qcow2 } from "../emulator/testing";
import type { Properties } from "../../provider/schema/description";
import { unknownValue } from "../../provider/schema/unknown";
import { StackModel, type Goal } from "../faults/model";
import { World } from "../faults/world";

let world: World;

beforeAll(async () => {
  world = await World.open();
  const { accounts } = world.emulator.options;
  accounts.push({ ...accounts[0], accessKey: "SCPEMULATORTHIRDKEY", secretKey: "third" });
});
beforeEach(async () => {
  await world.reset();
  await world.emulator.putObject("images", "one.qcow2", qcow2(), "public-read", second().accountId);
});
afterEach(() => {
  const all = world.said.join("\n");
  for (const { secretKey } of world.emulator.options.accounts.slice(0, 2)) {
    expect(all).not.toContain(secretKey);
  }
});
afterAll(() => world.close());

const main = () => world.emulator.options.accounts[0];
const second = () => world.emulator.options.accounts[1]!;
const urlOf = (account: { accountId: string }) =>
  world.emulator.objectUrl("images", "one.qcow2", account.accountId);

/** Beside `second`, which the emulator itself tells: the stack's own keys by a name, and others of the same account. */
const named = () => ({
  SCP_PROFILE_SAME_KEY_ACCESS_KEY: main().accessKey,
  SCP_PROFILE_SAME_KEY_SECRET_KEY: main().secretKey,
  SCP_PROFILE_SAME_ACCESS_KEY: "SCPEMULATORTHIRDKEY",
  SCP_PROFILE_SAME_SECRET_KEY: "third",
});
const start = (env: Record<string, string> = {}) => world.start({ env: { ...named(), ...env } });

const goal = (more: Properties = {}, type: Goal["type"] = "Image"): Goal => ({
  type,
  name: "golden",
  args: { name: "golden", osDistro: "alma", url: urlOf(main()), ...more },
});

const writes = () => {
  const {
    createImage = 0,
    importImage = 0,
    updateImage = 0,
    deleteImage = 0,
    setTags = 0,
  } = world.emulator.stats();
  return { createImage, importImage, updateImage, deleteImage, setTags };
};
/** The images that the state holds. */
const heldIn = (stack: StackModel) =>
  stack.state.filter(({ type }) => type === "ImageRecord").map(({ id }) => id);

/** Shares an image with another account, which accepts it: then that account sees it. */
async function share(imageId: string, owner: Account, other: Account): Promise<void> {
  const { call } = clientOf(world.emulator);
  const members = `/v1/images/${imageId}/members`;
  const offered = await call("POST", members, { body: { member_id: other.accountId }, as: owner });
  const accepted = await call("PUT", `${members}/${other.accountId}`, {
    body: { status: "accepted" },
    as: other,
  });
  expect([offered.status, accepted.status]).toEqual([200, 200]);
}

const ids = () => world.emulator.images().map(({ id }) => id);
/** Makes images too old to be shown late. */
const age = () =>
  Promise.all(ids().map((id) => world.emulator.setImage(id, { created_at: "2026-01-01T00:00:00Z" })));

describe.each<Goal["type"]>(["Image", "ImageRecord"])("a changed profile of an %s", (type) => {
  test.each([
    [undefined, "same-key"],
    [undefined, "same"],
    ["same", undefined],
    ["same-key", "same"],
  ])("from %s to %s, of the same account, does nothing to the image", async (from, to) => {
    const stack = new StackModel();
    await stack.up([goal({ profile: from }, type)], start());
    const before = { ids: ids(), writes: writes() };
    await stack.up([goal({ profile: to }, type)], start());
    expect({ ids: ids(), writes: writes() }).toEqual(before);
    expect(stack.state.map(({ outputs }) => [outputs.profile, outputs.accountId])).toEqual(
      stack.state.map(() => [to, main().accountId]),
    );
    // It settles, and with the new keys alone it is refreshed, changed and deleted.
    const calls = world.emulator.requests().length;
    await stack.up([goal({ profile: to }, type)], start());
    expect(world.emulator.requests()).toHaveLength(calls);
    await stack.refresh(start());
    await stack.up([goal({ profile: to, minDisk: 3 }, type)], start());
    expect(world.emulator.images()).toMatchObject([{ min_disk: 3 }]);
    await stack.destroy(start());
    expect(ids()).toEqual([]);
  });

  test("to another account, with a file there, makes the image anew there, and then deletes the old one", async () => {
    const stack = new StackModel();
    await stack.up([goal({}, type)], start());
    const [old] = ids();
    await stack.up([goal({ profile: "second", url: urlOf(second()) }, type)], start());
    expect(world.emulator.images()).toMatchObject([{ owner: second().accountId, url: urlOf(second()) }]);
    expect(world.emulator.deleted().map(({ id }) => id)).toEqual([old]);
    expect(stack.state[0]?.outputs).toMatchObject({ profile: "second", accountId: second().accountId });
    await stack.up([goal({ url: urlOf(main()) }, type)], start());
    expect(world.emulator.images()).toMatchObject([{ owner: main().accountId }]);
    await stack.destroy(start());
    expect(ids()).toEqual([]);
  });

  test("to another account, with the file of the first, is refused before anything is done", async () => {
    const stack = new StackModel();
    await stack.up([goal({}, type)], start());
    const before = { ids: ids(), writes: writes() };
    await expect(stack.up([goal({ profile: "second" }, type)], start())).rejects.toThrow(
      `url names a file of account ${main().accountId}, but the keys (access key from environment variable ` +
        `SCP_PROFILE_SECOND_ACCESS_KEY) are of account ${second().accountId}.`,
    );
    await expect(new StackModel("new").up([goal({ profile: "second" }, type)], start())).rejects.toThrow(
      "SCP takes files of the caller's own account only.",
    );
    expect({ ids: ids(), writes: writes() }).toEqual(before);
  });
});

describe("diff, whatever the url tells", () => {
  // A url that names no account.
  const url = "https://storage.example/images/one.qcow2";
  const inputs = (more: Properties = {}): Properties => ({
    ...{ name: "golden", osDistro: "alma", url, diskFormat: "qcow2", containerFormat: "bare" },
    ...{ minDisk: 0, minRam: 0, protected: false, visibility: "private", verify: "fail" },
    ...{ region: "kr-west1", environment: "s" },
    ...more,
  });
  const id = "0f5b9a3e-0000-4000-8000-000000000001";
  const diff = (state: Properties, more: Properties, env: Record<string, string> = {}) =>
    start(env).ImageRecord.diff(id, { ...inputs(), ...state }, inputs(more));

  test("another account replaces; the same one, by its id, its access key or its owner, does not", async () => {
    await world.emulator.setImage(id, { url });
    const accountId = main().accountId;
    expect(await diff({ accountId }, { profile: "second" })).toEqual({
      changes: true,
      replaces: ["profile"],
    });
    expect(await diff({ accountId }, { profile: "same" })).toEqual({ changes: true, replaces: [] });
    world.emulator.options.denied = [{ operation: "listAccessKeys" }];
    expect(await diff({ owner: accountId }, { profile: "same" })).toEqual({ changes: true, replaces: [] });
    expect(await diff({}, { profile: "same-key" })).toEqual({ changes: true, replaces: [] });
  });

  test.each<[string, Properties, iamAnswers: number]>([
    ["IAM does not tell", { accountId: "a".repeat(32) }, 403],
    ["IAM does not answer", { accountId: "a".repeat(32) }, 503],
    ["the keys are not accepted", { accountId: "a".repeat(32) }, 401],
    ["the state tells nothing", {}, 200],
    ["the owner alone is another", { owner: "b".repeat(32) }, 403],
    ["the access key is another one", { madeWith: "0123456789abcdef" }, 403],
  ])("it fails where %s", async (_, state, iamAnswers) => {
    await world.emulator.setImage(id, { url });
    await world.emulator.setImage("0f5b9a3e-0000-4000-8000-000000000002", { owner: second().accountId });
    world.emulator.options.denied =
      iamAnswers === 200 ? [] : [{ operation: "listAccessKeys", status: iamAnswers }];
    for (const profile of ["second", "same"]) {
      const outcome = diff(state, { profile });
      await expect(outcome).rejects.toThrow(
        new RegExp(
          `^Image ${id}: the program names profile "${profile}" in place of the stack's own keys, and .* so nothing is done\\. .*--replace`,
        ),
      );
    }
    expect(writes()).toMatchObject({ createImage: 0, deleteImage: 0, updateImage: 0 });
  });
  test("a protected image, and one that was taken over, are not replaced for a profile", async () => {
    const accountId = main().accountId;
    await world.emulator.setImage(id, { url, protected: true });
    await expect(
      diff({ accountId, protected: true }, { profile: "second", protected: true }),
    ).rejects.toThrow(`A change of profile replaces image ${id}, which is protected`);
    await world.emulator.setImage(id, { url, protected: false });
    await expect(diff({ accountId }, { profile: "second", imageId: id })).rejects.toThrow(
      "which the program takes over by imageId",
    );
  });

  test.each(["profile", "region", "environment"])(
    "a %s that is not known yet is a change about which nothing is asked",
    async (name) => {
      const replaces = name === "profile" ? [] : [name];
      const file = { object: { bucket: "b", key: "k", url }, path: "/nonexistent" };
      expect(
        await diff({ ...file, profile: "same" }, { ...file, profile: "same", [name]: unknownValue }),
      ).toEqual({
        changes: true,
        replaces,
      });
      if (name === "profile") {
        expect(world.emulator.stats()).toEqual({});
      }
    },
  );
});

test("a profile that is not known yet passes check, and nothing is asked", async () => {
  const { ImageRecord, ImageImport } = start();
  const imageId = "0f5b9a3e-0000-4000-8000-000000000001";
  const record = { ...goal().args, imageId, origin: "x", profile: unknownValue };
  expect(await ImageRecord.check({}, record)).toMatchObject({
    failures: [],
    inputs: { profile: unknownValue },
  });
  const file = { imageId, url: urlOf(main()), profile: unknownValue };
  expect(await ImageImport.check({}, file)).toMatchObject({
    failures: [],
    inputs: { profile: unknownValue },
  });
  expect(world.emulator.stats()).toEqual({});
});

describe("check", () => {
  const reasons = async (more: Properties, env: Record<string, string> = {}) => {
    const { failures } = await start(env).ImageRecord.check({}, { ...goal(more).args, origin: "x" });
    return failures.map(({ reason }) => reason);
  };
  const url = () => ({ url: urlOf(second()) });

  test("says of which profile the keys are that the service refuses", async () => {
    const env = { SCP_PROFILE_SECOND_SECRET_KEY: "wrong-secret" };
    expect(await reasons({ profile: "second", ...url() }, env)).toEqual([
      expect.stringMatching(
        /^The keys of profile "second" are refused\. List images: 401 .*the secret key \(from environment variable SCP_PROFILE_SECOND_SECRET_KEY\).* Nothing was done\.$/,
      ),
    ]);
    expect(await reasons({}, env)).toEqual([]);
    expect(await reasons({ profile: "second", ...url() }, { SCP_SECRET_KEY: "wrong" })).toEqual([]);
  });

  test("holds the profile's keys against the profile's account, and the stack's against the stack's", async () => {
    const env = { SCP_PROFILE_SECOND_ACCOUNT_ID: main().accountId };
    expect(await reasons({ profile: "second", ...url() }, env)).toEqual([
      `The keys (access key from environment variable SCP_PROFILE_SECOND_ACCESS_KEY) are of account ${second().accountId}, but accountId of ` +
        `profile "second" (from environment variable SCP_PROFILE_SECOND_ACCOUNT_ID) says ${main().accountId}. Nothing was done.`,
    ]);
    expect(await reasons({}, env)).toEqual([]);
    const both = { SCP_PROFILE_SECOND_ACCOUNT_ID: second().accountId, SCP_ACCOUNT_ID: main().accountId };
    expect(await reasons({ profile: "second", ...url() }, both)).toEqual([]);
    expect(await reasons({}, both)).toEqual([]);
    expect(await reasons({}, { SCP_ACCOUNT_ID: ` ${main().accountId.toUpperCase()}` })).toEqual([]);
    expect(await reasons({}, { SCP_ACCOUNT_ID: second().accountId })).toEqual([
      expect.stringContaining(`but scp:accountId (from environment variable SCP_ACCOUNT_ID) says`),
    ]);
  });

  test.each([5, "", "Second", { name: "second" }])(
    "%j is no profile, and nothing is asked with other keys",
    async (profile) => {
      expect(await reasons({ profile })).toEqual([expect.stringMatching(/^profile must be /)]);
      expect(world.emulator.stats()).toEqual({});
    },
  );

  test("one that is not configured is told, and nothing is asked with other keys", async () => {
    const all = await reasons({ profile: "gone" });
    expect(all).toHaveLength(2);
    expect(all[0]).toMatch(/^SCP setting accessKey of profile "gone" is missing/);
    const { failures } = await start().ImageImport.check(
      {},
      {
        imageId: "0f5b9a3e-0000-4000-8000-000000000001",
        url: urlOf(main()),
        profile: "gone",
        object: { url: "x" },
      },
    );
    expect(failures).toHaveLength(2);
    expect(world.emulator.stats()).toEqual({});
  });
});

describe("a profile that is not configured any more", () => {
  const gone = (): Record<string, string> => ({
    SCP_PROFILE_SECOND_ACCESS_KEY: "",
    SCP_PROFILE_SECOND_SECRET_KEY: "",
  });
  const there = () => goal({ profile: "second", url: urlOf(second()) });

  test("leaves its images where they are: read, change and delete say what is missing", async () => {
    const stack = new StackModel();
    await stack.up([there()], start());
    await age();
    const [id] = ids();
    const calls = world.emulator.requests().length;
    const sentence = new RegExp(
      `^Image ${id} is read and deleted with the keys of profile "second", as its state says\\.\\n` +
        'SCP setting accessKey of profile "second" is missing: .*\\nSCP setting secretKey of profile "second" is missing: .*\\n' +
        "Set what is missing; or name a profile of the same account in the program, and run pulumi up\\.$",
    );
    await expect(stack.refresh(start(gone()))).rejects.toThrow(sentence);
    await expect(stack.destroy(start(gone()))).rejects.toThrow(sentence);
    await expect(stack.up([], start(gone()))).rejects.toThrow(sentence);
    await expect(stack.up([there()], start(gone()))).rejects.toThrow(/of profile "second" is missing/);
    // With the file of the other account it would be replaced, and the old one could not be deleted.
    await expect(stack.up([goal()], start(gone()))).rejects.toThrow(sentence);
    expect(world.emulator.requests()).toHaveLength(calls + 1); // The last one asked for the account of the stack's keys.
    expect(ids()).toEqual([id]);
    expect(heldIn(stack)).toEqual([id]);
  });

  test("can have another name: what is of the same account stays", async () => {
    const stack = new StackModel();
    await stack.up([there()], start());
    const before = { ids: ids(), writes: writes() };
    const renamed = {
      ...gone(),
      SCP_PROFILE_AUDIT_ACCESS_KEY: second().accessKey,
      SCP_PROFILE_AUDIT_SECRET_KEY: second().secretKey,
    };
    await stack.up([goal({ profile: "audit", url: urlOf(second()) })], start(renamed));
    await stack.refresh(start(renamed));
    expect({ ids: ids(), writes: writes() }).toEqual(before);
    await stack.destroy(start(renamed));
    expect(ids()).toEqual([]);
  });
});

test("where the keys of two profiles, or of a profile and the stack, change places, nothing is deleted or lost", async () => {
  const swapped = {
    SCP_ACCESS_KEY: second().accessKey,
    SCP_SECRET_KEY: second().secretKey,
    SCP_PROFILE_SECOND_ACCESS_KEY: main().accessKey,
    SCP_PROFILE_SECOND_SECRET_KEY: main().secretKey,
  };
  const stack = new StackModel();
  const goals = (more: Properties = {}) => [
    goal(more),
    { ...goal({ ...more, profile: "second", url: urlOf(second()) }), name: "other" },
  ];
  await stack.up(goals(), start());
  await age();
  const before = { ids: ids(), held: heldIn(stack) };
  const foreign = /are of account [0-9a-f]{32}, and it was made by account/;
  await expect(stack.refresh(start(swapped))).rejects.toThrow(foreign);
  await expect(stack.destroy(start(swapped))).rejects.toThrow(foreign);
  await expect(stack.up([], start(swapped))).rejects.toThrow(foreign);
  await expect(stack.up(goals({ minDisk: 5 }), start(swapped))).rejects.toThrow("404 not found");
  expect({ ids: ids(), held: heldIn(stack) }).toEqual(before);

  // Also where the one account sees the other's image, since it is shared.
  for (const [index, owner, other] of [
    [0, main(), second()],
    [1, second(), main()],
  ] as const) {
    await world.emulator.setImage(ids()[index]!, { visibility: "shared" });
    await share(ids()[index]!, owner, other);
  }
  await stack.refresh(start(swapped));
  await expect(stack.destroy(start(swapped))).rejects.toThrow(/ is not yours: it is of account /);
  await expect(stack.up(goals({ minDisk: 5 }), start(swapped))).rejects.toThrow("is not yours");
  expect({ ids: ids(), held: heldIn(stack) }).toEqual(before);
  expect(world.emulator.deleted()).toEqual([]);
  await stack.refresh(start());
  await stack.destroy(start());
  expect(ids()).toEqual([]);
});

describe("an ImageImport by itself", () => {
  const imageId = "0f5b9a3e-0000-4000-8000-000000000001";
  const alone = (more: Properties = {}): Goal => ({
    type: "ImageImport",
    name: "alone",
    args: { imageId, url: urlOf(main()), ...more },
  });
  beforeEach(async () => {
    await world.emulator.setImage(imageId, { url: urlOf(main()), visibility: "shared" });
  });

  test("does not go over to another account with its image, also where that sees it", async () => {
    const stack = new StackModel();
    await stack.up([alone()], start());
    await share(imageId, main(), second());
    for (const more of [{}, { deleteImage: false }]) {
      // A url that tells no account, as a service may show it.
      stack.state[0]!.outputs.url = stack.state[0]!.inputs.url = "https://storage.example/images/one.qcow2";
      const moved = { ...alone({ profile: "second", ...more }), name: "alone" };
      moved.args.url = "https://storage.example/images/one.qcow2";
      await expect(stack.up([moved], start())).rejects.toThrow("an image cannot move between accounts");
    }
    expect(ids()).toEqual([imageId]);
    await stack.up([alone({ profile: "same", url: "https://storage.example/images/one.qcow2" })], start());
    await stack.destroy(start());
    expect(ids()).toEqual([]);
  });

  test("that only waits for an image may wait with any keys that see it", async () => {
    const stack = new StackModel();
    const url = "https://storage.example/images/one.qcow2";
    await world.emulator.setImage(imageId, { url });
    await stack.up([alone({ url, deleteImage: false })], start());
    await share(imageId, main(), second());
    await stack.up([alone({ url, deleteImage: false, profile: "second" })], start());
    expect(stack.state).toMatchObject([{ id: imageId, outputs: { profile: "second" } }]);
    await stack.destroy(start());
    expect(ids()).toEqual([imageId]);
  });
});

describe("what killed runs may have left", () => {
  /** Two images with the stack's tag, of which no state knows, one in each account. */
  async function leaveTwo(stack: StackModel): Promise<string[]> {
    world.emulator.options.denied = ["deleteTag"].map((operation) => ({ operation }));
    await stack.up(
      [goal(), { ...goal({ profile: "second", url: urlOf(second()) }), name: "other" }],
      start(),
    );
    world.said.length = 0;
    stack.letGo();
    return ids();
  }

  test("is told of both accounts when the stack is destroyed, also where there are profiles alone", async () => {
    for (const own of [
      {},
      {
        SCP_ACCESS_KEY: "",
        SCP_SECRET_KEY: "",
        SCP_PROFILE_MAIN_ACCESS_KEY: main().accessKey,
        SCP_PROFILE_MAIN_SECRET_KEY: main().secretKey,
      },
    ]) {
      await world.reset();
      await world.emulator.putObject("images", "one.qcow2", qcow2(), "public-read", second().accountId);
      const stack = new StackModel();
      const left = await leaveTwo(stack);
      await stack.destroy(start(own as Record<string, string>));
      const said = world.said.join("\n");
      for (const id of left) {
        expect(said.split(id)).toHaveLength(2); // Each once, though three names of keys see the first.
      }
    }
  });

  test("with keys that are not there, or that are refused, the user hears that nobody looked", async () => {
    const stack = new StackModel();
    const [own, others] = await leaveTwo(stack);
    await stack.destroy(start({ SCP_PROFILE_SECOND_SECRET_KEY: "", SCP_PROFILE_SAME_SECRET_KEY: "wrong" }));
    const said = world.said.join("\n");
    expect(said).toContain(own);
    expect(said).not.toContain(others);
    expect(said).toMatch(/SCP setting secretKey of profile "second" is missing: .* are not looked for\./);
    expect(said).toMatch(
      /401 .*SCP_PROFILE_SAME_SECRET_KEY.* cannot be found; pulumi-scp-images orphans tries again/,
    );
  });

  test("a run tells of each account's own, and takes no image of the one for the other's", async () => {
    const stack = new StackModel();
    const left = await leaveTwo(stack);
    await stack.up(
      [goal(), { ...goal({ profile: "second", url: urlOf(second()) }), name: "other" }],
      start(),
    );
    const said = world.said.filter((text) => text.includes("carry this stack's creation tag"));
    expect(said).toHaveLength(2);
    for (const id of left) {
      expect(said.filter((text) => text.includes(id))).toHaveLength(1);
    }
    expect(ids()).toHaveLength(4);
    await stack.destroy(start());
    expect(ids().sort()).toEqual([...left].sort());
  });
});
