import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmulator, type Account, type Emulator } from "../../emulator";
import type { Declaration } from "./program";
import { padded, sum } from "./source-suite";
import { fail, succeed, type OpenStack, type TestStack } from "./stack";

const example = readFileSync(join(__dirname, "../../examples/images/example.qcow2"));

/** Two accounts in one program. Every claim is checked against what the emulator says of each account. */
export function accountsSuite(open: OpenStack, timeout: number): void {
  jest.setTimeout(timeout);

  let cloud: Emulator;
  let stack: TestStack;
  let folder: string;
  const others: TestStack[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "accounts-"));
    cloud = await startEmulator();
    const more = {
      ...cloud.options.accounts[0],
      accessKey: "SCPEMULATOROTHERKEY",
      secretKey: "other-secret-key",
    };
    cloud.options.accounts.push(more);
    for (const { accountId } of [main(), second()]) {
      await cloud.putObject("images", "golden.qcow2", example, "public-read", accountId);
    }
    stack = await open(env());
  });
  afterEach(async () => {
    [stack, ...others.splice(0)].forEach((one) => {
      one.close();
    });
    await cloud.close();
    rmSync(folder, { recursive: true });
  });

  const main = () => cloud.options.accounts[0];
  const second = () => cloud.options.accounts[1]!;
  /** Beside the emulator's own `second`, another key pair of the main account. */
  const env = (): Record<string, string> => ({
    ...cloud.env,
    SCP_PROFILE_OTHER_KEY_ACCESS_KEY: "SCPEMULATOROTHERKEY",
    SCP_PROFILE_OTHER_KEY_SECRET_KEY: "other-secret-key",
  });
  async function openOther(more: Record<string, string>): Promise<TestStack> {
    const other = await open({ ...env(), ...more });
    others.push(other);
    await other.importState(await stack.state());
    return other;
  }

  const url = ({ accountId }: Account) => cloud.objectUrl("images", "golden.qcow2", accountId);
  const ours = (more: Record<string, unknown> = {}): Declaration => ({
    type: "Image",
    name: "ours",
    args: { name: "golden", osDistro: "alma", url: url(main()), ...more },
  });
  const theirs = (more: Record<string, unknown> = {}): Declaration => ({
    type: "Image",
    name: "theirs",
    args: { name: "golden", osDistro: "alma", url: url(second()), profile: "second", ...more },
  });
  const fileOf = (profile: string | undefined, name: string, file: string): Declaration => ({
    type: "Image",
    name,
    args: { name, osDistro: "alma", source: { file, bucket: "images" }, profile },
  });

  const imagesOf = ({ accountId }: Account) => cloud.images().filter(({ owner }) => owner === accountId);
  const idOf = (account: Account) => {
    expect(imagesOf(account)).toHaveLength(1);
    return imagesOf(account)[0]!.id;
  };
  const count = (operation: string) => cloud.stats()[operation] ?? 0;
  const uploads = () => cloud.objects().filter(({ key }) => key.startsWith("pulumi-scp-images/"));

  async function expectNothingToDo(): Promise<void> {
    const before = count("createImage") + count("deleteImage") + count("updateImage") + count("setTags");
    await succeed(stack.preview({ expectNoChanges: true }));
    await succeed(stack.preview({ refresh: true, expectNoChanges: true }));
    await succeed(stack.refresh({ previewOnly: true, expectNoChanges: true }));
    expect(count("createImage") + count("deleteImage") + count("updateImage") + count("setTags")).toBe(
      before,
    );
  }

  async function expectNoSecrets(): Promise<void> {
    const state = JSON.stringify(await stack.state());
    expect(state).toContain('"profile":"second"');
    for (const { accessKey, secretKey } of cloud.options.accounts) {
      expect(state).not.toContain(secretKey);
      expect(state).not.toContain(accessKey);
    }
  }

  test("each account has its image: made, seen to drift, changed, made again and deleted with its own keys", async () => {
    stack.declare(ours(), theirs({ tags: { team: "audit" } }));
    const preview = await succeed(stack.preview());
    expect(preview).not.toMatch(/warning/i);
    expect(cloud.images()).toEqual([]);
    await succeed(stack.up());
    const [own, other] = [idOf(main()), idOf(second())];
    expect(imagesOf(second())).toMatchObject([
      { status: "active", url: url(second()), tags: [{ key: "team", value: "audit" }] },
    ]);
    expect(await stack.outputs()).toMatchObject({
      ours: { id: own, owner: main().accountId, status: "active" },
      theirs: { id: other, owner: second().accountId, status: "active", profile: "second" },
    });
    await expectNothingToDo();
    await expectNoSecrets();

    await cloud.setImage(other, { min_ram: 9 });
    await fail(stack.refresh({ previewOnly: true, expectNoChanges: true }));
    await succeed(stack.up({ refresh: true }));
    expect(cloud.images().find(({ id }) => id === other)).toMatchObject({ min_ram: 0 });

    stack.declare(ours({ minDisk: 3 }), theirs({ minDisk: 4, tags: { team: "ops" }, protected: true }));
    await succeed(stack.up());
    expect(imagesOf(main())).toMatchObject([{ id: own, min_disk: 3, protected: false }]);
    expect(imagesOf(second())).toMatchObject([
      { id: other, min_disk: 4, protected: true, tags: [{ key: "team", value: "ops" }] },
    ]);
    await expectNothingToDo();

    // Deleted behind its back: made again where it was.
    stack.declare(ours({ minDisk: 3 }), theirs());
    await succeed(stack.up());
    await cloud.setImage(other, { created_at: "2026-01-01T00:00:00Z" });
    await succeed(stack.refresh());
    await cloud.removeImage(other);
    await succeed(stack.up({ refresh: true }));
    expect(idOf(main())).toBe(own);
    expect(idOf(second())).not.toBe(other);

    await succeed(stack.destroy());
    expect(cloud.images()).toEqual([]);
    expect(cloud.deleted()).toHaveLength(2);
  });

  test("another profile of the same account, or none, leaves the image alone", async () => {
    stack.declare(ours(), theirs());
    await succeed(stack.up());
    const [own, other] = [idOf(main()), idOf(second())];
    const before = [count("createImage"), count("updateImage"), count("deleteImage")];
    for (const profile of ["other-key", undefined]) {
      stack.declare(ours({ profile }), theirs());
      expect(await succeed(stack.preview())).not.toMatch(/replac/);
      await succeed(stack.up());
      await succeed(stack.preview({ refresh: true, expectNoChanges: true }));
    }
    expect([idOf(main()), idOf(second())]).toEqual([own, other]);
    expect([count("createImage"), count("updateImage"), count("deleteImage")]).toEqual(before);
  });

  test("a profile of another account makes the image anew there, or is refused", async () => {
    stack.declare(ours(), theirs());
    await succeed(stack.up());
    const [own, other] = [idOf(main()), idOf(second())];

    // The file is the first account's: refused in preview already, and by up.
    stack.declare(ours({ profile: "second" }), theirs());
    for (const text of [await fail(stack.preview()), await fail(stack.up())]) {
      expect(text).toContain(`url names a file of account ${main().accountId}`);
      expect(text).toContain("SCP_PROFILE_SECOND_ACCESS_KEY");
    }
    expect([idOf(main()), idOf(second())]).toEqual([own, other]);

    // With a file of each: both change places.
    const swapped = [
      ours({ profile: "second", url: url(second()) }),
      theirs({ profile: undefined, url: url(main()) }),
    ];
    stack.declare(...swapped);
    expect(await succeed(stack.preview())).toMatch(/replac/);
    expect([idOf(main()), idOf(second())]).toEqual([own, other]);
    await succeed(stack.up());
    expect((await stack.outputs()).ours).toMatchObject({ id: idOf(second()) });
    expect((await stack.outputs()).theirs).toMatchObject({ id: idOf(main()) });
    expect(
      cloud
        .deleted()
        .map(({ id }) => id)
        .sort(),
    ).toEqual([own, other].sort());
    const order = cloud
      .requests()
      .flatMap(({ operation }) => (["createImage", "deleteImage"].includes(operation) ? [operation] : []));
    expect(order.slice(-4)).toEqual(["createImage", "createImage", "deleteImage", "deleteImage"]);
    await succeed(stack.preview({ expectNoChanges: true }));
    await succeed(stack.destroy());
    expect(cloud.images()).toEqual([]);
  });

  test("where IAM does not tell whose keys they are, a change of profile fails, and nothing is done", async () => {
    const source = join(folder, "golden.qcow2");
    writeFileSync(source, padded(1_000));
    stack.declare(ours(), fileOf(undefined, "from-file", source));
    await succeed(stack.up());
    const before = cloud.images().map(({ id }) => id);
    cloud.options.denied = [{ operation: "listAccessKeys" }];
    stack.declare(ours({ profile: "second", url: url(main()) }), fileOf("second", "from-file", source));
    for (const text of [await fail(stack.preview()), await fail(stack.up())]) {
      expect(text).toMatch(
        /the program names profile "second" in place of the stack's own keys, and it cannot be told/,
      );
    }
    expect(cloud.images().map(({ id }) => id)).toEqual(before);
    expect(cloud.deleted()).toEqual([]);
    cloud.options.denied = [];
    await succeed(stack.destroy());
    expect(cloud.images()).toEqual([]);
  });

  const names = (account: Account) =>
    imagesOf(account)
      .map(({ name }) => name)
      .sort();

  test("one file, in buckets of one name, becomes an image in each account, and two keys of one account share its object", async () => {
    const source = join(folder, "golden.qcow2");
    writeFileSync(source, padded(6_000_000));
    const declare = (first?: string, third?: string) => {
      stack.declare(
        fileOf(first, "first", source),
        fileOf("second", "second", source),
        fileOf(third, "third", source),
      );
    };
    declare(undefined, "other-key");
    await succeed(stack.up());
    expect([names(main()), names(second())]).toEqual([["first", "third"], ["second"]]);
    for (const image of cloud.images()) {
      expect(image).toMatchObject({ status: "active", checksum: sum("md5sum", source) });
    }
    expect(count("completeMultipartUpload")).toBe(2);
    expect(uploads()).toEqual([]);
    await succeed(stack.preview({ refresh: true, expectNoChanges: true }));

    const before = cloud.images().map(({ id }) => id);
    declare("other-key", undefined);
    await succeed(stack.up());
    expect(cloud.images().map(({ id }) => id)).toEqual(before);
    expect(count("completeMultipartUpload")).toBe(2);
    await succeed(stack.preview({ expectNoChanges: true }));
  });

  test("a file whose profile is of another account now is uploaded there", async () => {
    const source = join(folder, "golden.qcow2");
    writeFileSync(source, padded(6_000_000));
    stack.declare(fileOf(undefined, "first", source), fileOf("second", "second", source));
    await succeed(stack.up());
    const before = cloud.images().map(({ id }) => id);

    stack.declare(fileOf("second", "first", source), fileOf("second", "second", source));
    expect(await succeed(stack.preview())).toMatch(/replac/);
    expect(cloud.images().map(({ id }) => id)).toEqual(before);
    await succeed(stack.up());
    expect([names(main()), names(second())]).toEqual([[], ["first", "second"]]);
    expect(count("completeMultipartUpload")).toBe(3);
    expect(cloud.deleted()).toMatchObject([{ name: "first", owner: main().accountId }]);
    expect([uploads(), cloud.uploads()]).toEqual([[], []]);
    await succeed(stack.preview({ refresh: true, expectNoChanges: true }));
    await succeed(stack.destroy());
    expect(cloud.images()).toEqual([]);
  });

  test("an object that is kept in each account goes with its own image alone", async () => {
    const source = join(folder, "golden.qcow2");
    writeFileSync(source, padded(1_000));
    const kept = (profile: string | undefined, name: string): Declaration => ({
      type: "Image",
      name,
      args: {
        name,
        osDistro: "alma",
        source: { file: source, bucket: "images", afterImport: "kept" },
        profile,
      },
    });
    stack.declare(kept(undefined, "first"), kept("second", "second"));
    await succeed(stack.up());
    const accounts = () =>
      uploads()
        .map(({ account }) => account)
        .sort();
    expect(accounts()).toEqual([main().accountId, second().accountId].sort());
    stack.declare(kept("second", "second"));
    await succeed(stack.up());
    expect(accounts()).toEqual([second().accountId]);
    expect(cloud.images()).toMatchObject([{ name: "second" }]);
    await succeed(stack.destroy());
    expect(accounts()).toEqual([]);
  });

  test("wrong keys of a profile, or keys of a wrong account, are told in preview; keys that are gone keep what is there", async () => {
    stack.declare(ours(), theirs());
    await succeed(stack.up());
    const before = cloud.images().map(({ id }) => id);

    const wrong = await openOther({ SCP_PROFILE_SECOND_SECRET_KEY: "wrong-secret" });
    wrong.declare(ours(), theirs({ minDisk: 7 }));
    const text = await fail(wrong.preview());
    expect(text).toContain('The keys of profile "second" are refused.');
    expect(text).not.toContain("wrong-secret");

    const another = await openOther({ SCP_PROFILE_SECOND_ACCOUNT_ID: main().accountId });
    another.declare(ours(), theirs());
    expect(await fail(another.preview())).toContain(
      `of account ${second().accountId}, but accountId of profile "second"`,
    );

    const gone = await openOther({ SCP_PROFILE_SECOND_ACCESS_KEY: "", SCP_PROFILE_SECOND_SECRET_KEY: "" });
    gone.declare(ours());
    const sentence = new RegExp(
      `Image ${idOf(second())} is read and deleted with the keys of profile "second", as its state says\\.\\s+SCP setting accessKey of profile "second" is missing`,
    );
    for (const outcome of [await fail(gone.refresh()), await fail(gone.up()), await fail(gone.destroy())]) {
      expect(outcome).toMatch(sentence);
    }
    expect(cloud.images().map(({ id }) => id)).toEqual(expect.arrayContaining([idOf(second())]));
    const { resources = [] } = (await gone.state()).deployment;
    expect(
      resources.filter(({ type, id }) => type.endsWith("ImageRecord") && id === idOf(second())),
    ).toHaveLength(1);
    expect(before).toContain(idOf(second()));
  });

  test("a stack of profiles alone works, and asks nothing with other keys", async () => {
    const alone = await open({ ...env(), SCP_ACCESS_KEY: "", SCP_SECRET_KEY: "" });
    others.push(alone);
    alone.declare(theirs(), ours({ profile: "other-key" }));
    await succeed(alone.up());
    expect([imagesOf(main()), imagesOf(second())].map(({ length }) => length)).toEqual([1, 1]);
    await succeed(alone.preview({ refresh: true, expectNoChanges: true }));
    expect(await succeed(alone.destroy())).not.toMatch(/warning|not looked for/i);
    expect(cloud.images()).toEqual([]);
    expect(cloud.requests().filter(({ status }) => status === 401)).toEqual([]);
  });
}
