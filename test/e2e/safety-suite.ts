import { setTimeout as delay } from "node:timers/promises";
import { startEmulator, type Emulator, type EmulatorOptions } from "../../emulator";
import { clientOf, qcow2 } from "../emulator/testing";
import type { StateDocument } from "../../engine";
import type { Declaration } from "./program";
import { fail, succeed, type OpenStack, type Operation, type TestStack } from "./stack";

const tagWrites = ["setTags", "deleteTag", "deleteTags", "updateTagValue"];

/** What makes an image keep its creation tag, or get it late. */
const keepsTag: Record<string, EmulatorOptions> = {
  "the user may not list access keys": { denied: [{ operation: "listAccessKeys" }] },
  "the user may not delete tags": { denied: [{ operation: "deleteTag" }] },
  "tags are shown late": { tagLagMs: 800 },
  "tags are shown after the run": { tagLagMs: 60_000 },
  "images are GPU images": { gpuImages: true },
  "the user may not change tags": { denied: tagWrites.map((operation) => ({ operation })) },
};

/**
 * No image that is alive is ever lost, however unkind the service is and whatever becomes of the state. Every claim is checked against
 * what the emulator says.
 *
 * @param thorough whether all variants are tried, or one of each: an engine that starts processes takes its time
 */
export function safetySuite(open: OpenStack, timeout: number, { thorough }: { thorough: boolean }): void {
  const variants = <T>(all: readonly T[]): T[] => (thorough ? [...all] : all.slice(-1));

  jest.setTimeout(timeout);

  let cloud: Emulator;
  const stacks: TestStack[] = [];

  async function begin(options: EmulatorOptions = {}): Promise<TestStack> {
    cloud = await startEmulator(options);
    for (const key of ["one.qcow2", "two.qcow2"]) {
      await cloud.putObject("images", key, qcow2());
    }
    return another();
  }

  async function another(name?: string, env: Record<string, string> = {}): Promise<TestStack> {
    const stack = await open({ ...cloud.env, ...env }, name);
    stacks.push(stack);
    return stack;
  }

  afterEach(async () => {
    stacks.splice(0).forEach((stack) => {
      stack.close();
    });
    await cloud.close();
  });

  const url = (key = "one") => cloud.objectUrl("images", `${key}.qcow2`);

  const golden = (
    more: Record<string, unknown> = {},
    options?: Declaration["options"],
    type: Declaration["type"] = "Image",
  ): Declaration => ({
    type,
    name: "golden",
    args: { name: "golden", osDistro: "alma", url: url(), ...more },
    options,
  });

  async function make(stack: TestStack, ...declarations: Declaration[]): Promise<string> {
    stack.declare(...declarations);
    return succeed(stack.up());
  }

  const ids = () => cloud.images().map(({ id }) => id);

  async function heldIn(stack: TestStack): Promise<(string | undefined)[]> {
    const { resources = [] } = (await stack.state()).deployment;
    return resources.filter(({ type }) => type.includes("ImageRecord")).map(({ id }) => id);
  }

  describe.each(variants(Object.entries(keepsTag)))("where %s", (_, condition) => {
    test("what the stack retains, lets go of or moves is kept, and never taken again", async () => {
      const stack = await begin(condition);
      // Kept by retainOnDelete, three times over: none takes an earlier one's image.
      await make(stack, golden({}, { retainOnDelete: true }));
      await make(stack, golden({ url: url("two") }, { retainOnDelete: true }));
      await make(stack, golden({}, { retainOnDelete: true }));
      expect(new Set(ids()).size).toBe(3);

      // Out of the state by state delete or state move, and protected.
      await make(stack, golden({ protected: true }, { retainOnDelete: true }));
      const last = cloud.images().filter(({ protected: isProtected }) => isProtected);
      expect(last).toHaveLength(1);
      await stack.importState(withoutImages(await stack.state()));
      await make(stack, golden({ url: url("two") }));
      await succeed(stack.destroy());

      expect(ids()).toHaveLength(3);
      expect(cloud.images().map(({ id }) => id)).toContain(last[0]!.id);
      expect(cloud.images().find(({ id }) => id === last[0]!.id)?.protected).toBe(true);
      expect(cloud.deleted()).toHaveLength(1);
    });

    test("a copy of the state, under another name or in another backend, neither deletes nor takes an image", async () => {
      const stack = await begin(condition);
      await make(stack, golden({ protected: true }));
      const [id] = ids();
      const copies = [await another("copy"), await another()];
      for (const copy of copies) {
        await copy.importState(
          withoutImages(renamed(await stack.state(), copy === copies[0] ? "copy" : "test")),
        );
        await make(copy, golden());
        await succeed(copy.destroy());
        expect(ids()).toEqual([id]);
      }
      expect(cloud.images()[0]).toMatchObject({ id, protected: true });
    });
  });

  test("a record by itself keeps its image, and takes none", async () => {
    const stack = await begin();
    const record = (more = {}, options?: Declaration["options"]) => golden(more, options, "ImageRecord");
    await make(stack, record({}, { retainOnDelete: true }));
    await make(stack, record({ url: url("two") }, { retainOnDelete: true }));
    await make(stack, record({}, { retainOnDelete: true }));
    expect(new Set(ids()).size).toBe(3);

    // An alias: what comes under the old name has an image of its own.
    const renaming = { ...record({}, { aliases: [{ name: "golden" }] }), name: "renamed" };
    await make(stack, renaming);
    await make(stack, renaming, record());
    expect(new Set(ids()).size).toBe(4);
    await make(stack, renaming);
    expect(ids()).toHaveLength(3);

    const { resources = [] } = (await stack.state()).deployment;
    const urn = resources.map((resource) => resource.urn).find((one) => one.endsWith("ImageRecord::renamed"));
    const before = ids();
    await succeed(stack.up({ replace: [urn ?? ""] }));
    expect(ids()).toHaveLength(3);
    expect(ids()).not.toEqual(before);
  });

  test("a record that keeps its tag is not told as left by a killed run, wherever it stands", async () => {
    const stack = await begin();
    const record = (name: string, more = {}, options?: Declaration["options"]): Declaration => ({
      ...golden(more, options, "ImageRecord"),
      name,
    });
    const told = "creation tag:";
    await make(stack, record("old"));
    expect(cloud.images()[0]!.tags).toMatchObject([{ key: "pulumi-scp-images" }]);
    const first = { ...golden(), name: "first" };
    // Declared before it, and waited for by it.
    expect(await make(stack, first, record("old"))).not.toContain(told);
    const second = { ...golden(), name: "second" };
    const waiting = record("old", {}, { dependsOn: ["second"] });
    expect(await make(stack, first, second, waiting)).not.toContain(told);
    // In another region.
    const there = { region: "kr-east1", url: cloud.url + new URL(url()).pathname };
    expect(await make(stack, first, second, record("old"), record("east", there))).not.toContain(told);
    expect(await succeed(stack.destroy())).not.toContain(told);
    expect(ids()).toEqual([]);
  });

  test("what an answer does not tell, or calls by another word later, replaces nothing", async () => {
    const stack = await begin();
    await make(stack, golden({ minDisk: 5, protected: true }));
    const [id] = ids();
    for (const field of ["name", "url", "os_distro", "min_disk", "protected"]) {
      cloud.faults.add({ kind: "null-fields", operation: "showImage", fields: [field], times: 2 });
      await succeed(stack.refresh());
      cloud.faults.clear();
      await succeed(stack.preview({ expectNoChanges: true }));
    }
    const words = [{ os_distro: "almalinux" }, { disk_format: "qcow2 (v3)" }, { url: url("two") }];
    for (const word of words) {
      await cloud.setImage(id!, word);
      expect(await succeed(stack.refresh())).toContain("That cannot change, so the state stays as it is");
      await succeed(stack.preview({ refresh: true, expectNoChanges: true }));
      expect(await succeed(stack.up({ refresh: true }))).not.toContain("That cannot change");
    }
    await cloud.setImage(id!, { url: url().replace("object-store.", "object-store.private.") });
    expect(await succeed(stack.refresh())).not.toContain("That cannot change");
    await succeed(stack.preview({ refresh: true, expectNoChanges: true }));
    expect(ids()).toEqual([id]);
    expect(cloud.deleted()).toEqual([]);
  });

  test("a list that tells less than Show takes nothing out of the state", async () => {
    const stack = await begin();
    const names = ["one", "two", "three", "four", "five"];
    const more = { minDisk: 5, protected: true };
    await make(stack, ...names.map((name) => ({ ...golden({ ...more, name }), name })));
    cloud.faults.add({
      kind: "null-fields",
      operation: "listImages",
      fields: ["min_disk", "protected", "checksum"],
      times: "always",
    });
    await succeed(stack.refresh());
    cloud.faults.clear();
    const outputs = Object.values(await stack.outputs());
    expect(outputs).toHaveLength(names.length);
    for (const output of outputs) {
      expect(output).toMatchObject({ ...more, checksum: cloud.images()[0]!.checksum });
    }
    await succeed(stack.preview({ expectNoChanges: true }));
  });

  test.each([200, 202, 204])(
    "a gateway that answers everything with %d and nothing deletes no image",
    async (status) => {
      const stack = await begin();
      await make(stack, golden());
      const [id] = ids();
      cloud.options.gateway = { status, body: "" };
      await fail(stack.destroy());
      cloud.options.gateway = null;
      expect(await heldIn(stack)).toContain(id);
      await succeed(stack.destroy());
      expect(ids()).toEqual([]);
    },
  );

  test("an accepted delete is believed once the image is not shown any more", async () => {
    const stack = await begin();
    await make(stack, golden());
    const [id] = ids();
    await cloud.setImage(id!, { status: "pending_delete" });
    await succeed(stack.destroy());
    expect(cloud.deleted().map((image) => image.id)).toEqual([id]);
  });

  test("one image is one record's, also where a record that exists names another's", async () => {
    const stack = await begin();
    const other = (more: Record<string, unknown>) => ({ ...golden(more), name: "other" });
    await make(stack, golden(), other({ url: url("two") }));
    const id = cloud.images().find((image) => image.url === url())!.id;
    for (const declarations of [
      [golden(), other({ imageId: id })],
      [other({ imageId: id }), golden()],
    ]) {
      stack.declare(...declarations);
      expect(await fail(stack.preview())).toContain("managed by another resource of this program already");
    }
    expect(ids()).toHaveLength(2);
  });

  test("an image is a record's or an import's, in whichever order they are declared", async () => {
    const stack = await begin();
    const id = "0f5b9a3e-0000-4000-8000-000000000001";
    await cloud.setImage(id, { name: "golden", os_distro: "alma", url: url() });
    const byItself: Declaration = { type: "ImageImport", name: "alone", args: { imageId: id, url: url() } };
    const adopting = golden({ imageId: id }, { retainOnDelete: true });
    for (const declarations of [
      [byItself, adopting],
      [adopting, byItself],
    ]) {
      // Both new; then with the import in the state already.
      stack.declare(...declarations);
      await stack.preview();
      await make(stack, byItself);
      stack.declare(...declarations);
      const { ok, text } = await stack.up();
      if (!ok) {
        expect(text).toContain("Set deleteImage to false on that one");
        await make(stack, { ...byItself, args: { ...byItself.args, deleteImage: false } });
        await make(stack, { ...byItself, args: { ...byItself.args, deleteImage: false } }, adopting);
      }
      await succeed(stack.destroy());
      expect(ids()).toEqual([id]);
    }
  });

  test("an update that is refused half-way has done nothing that the state does not tell", async () => {
    const stack = await begin({ denied: [{ operation: "setTags" }, { operation: "listTags" }] });
    await make(stack, golden({ tags: { team: "web" } }));
    stack.declare(golden({ tags: { team: "db" }, protected: true, minDisk: 7 }));
    await fail(stack.up());
    expect(cloud.images()[0]).toMatchObject({ protected: false, min_disk: 0 });
    // Who may not see tags can refresh, and is told what that means.
    expect(await succeed(stack.refresh())).toContain("a change of tags by somebody else is not seen");
    await make(stack, golden({ tags: { team: "web" } }));
    await succeed(stack.destroy());
    expect(ids()).toEqual([]);

    const id = "0f5b9a3e-0000-4000-8000-000000000001";
    await cloud.setImage(id, { name: "golden", os_distro: "alma", url: url() });
    stack.declare(golden({ imageId: id, tags: { team: "db" }, protected: true }));
    await fail(stack.up());
    expect(cloud.images()[0]).toMatchObject({ protected: false });
  });

  test("an image that no server can be made of any more is told of", async () => {
    const stack = await begin();
    await make(stack, golden());
    for (const status of ["deactivated", "killed", "queued"]) {
      await cloud.setImage(ids()[0]!, { status });
      expect(await succeed(stack.refresh())).toContain(`is ${status}, so no server can be made of it`);
    }
  });

  test("tags that somebody copies onto another image do it no harm; the key of our own tag is refused", async () => {
    const stack = await begin({ denied: [{ operation: "deleteTag" }, { operation: "setTags" }] });
    await make(stack, golden());
    const [own] = cloud.images();
    expect(own!.tags).toMatchObject([{ key: "pulumi-scp-images" }]);
    const foreign = await cloud.setImage("0f5b9a3e-0000-4000-8000-000000000009", {
      ...{ name: "golden", os_distro: "alma", url: url(), protected: true },
    });
    await cloud.setTags(foreign.id, own!.tags);

    await make(stack, golden({ url: url("two") }));
    await make(stack);
    await make(stack, golden());
    await succeed(stack.destroy());
    expect(cloud.images()).toMatchObject([{ id: foreign.id, protected: true }]);

    stack.declare(golden({ tags: { "pulumi-scp-images": "mine" } }));
    expect(await fail(stack.preview())).toMatch(
      /tags has the key "pulumi-scp-images", which this package uses/,
    );
  });

  test("keys of another account, and something on the way that answers 404, empty no state", async () => {
    const stack = await begin();
    await make(stack, golden());
    const state = await stack.state();
    const [id] = ids();

    const { accessKey, secretKey } = cloud.options.accounts[1]!;
    const foreign = await another("test", { SCP_ACCESS_KEY: accessKey, SCP_SECRET_KEY: secretKey });
    await foreign.importState(state);
    const { accountId, accounts } = cloud.options;
    const both = new RegExp(
      `the keys are of account ${accounts[1]!.accountId}, and it was made by account ${accountId}`,
    );
    expect(await fail(foreign.refresh())).toMatch(both);
    expect(await fail(foreign.destroy())).toMatch(both);
    expect(JSON.stringify(await foreign.state())).toContain(id);

    cloud.options.gateway = { status: 404, body: '{"message":"no Route matched with those values"}' };
    expect(await fail(stack.refresh())).toContain("404 an answer that is not the API's");
    expect(await fail(stack.destroy())).toContain("404 an answer that is not the API's");
    cloud.options.gateway = null;
    expect(JSON.stringify(await stack.state())).toContain(id);
    expect(ids()).toEqual([id]);

    await succeed(stack.destroy());
    expect(ids()).toEqual([]);
  });

  test("scp:accountId states whose keys are expected: others do nothing", async () => {
    await begin();
    const { accounts } = cloud.options;
    const guarded = await another("guarded", { SCP_ACCOUNT_ID: accounts[1]!.accountId });
    guarded.declare(golden());
    expect(await fail(guarded.preview())).toMatch(
      /are of account .*, but scp:accountId .* says .* Nothing was done/,
    );
    await fail(guarded.up());
    expect(cloud.stats()).toEqual({ listAccessKeys: expect.any(Number) as number });

    const right = await another("right", { SCP_ACCOUNT_ID: accounts[0].accountId });
    await make(right, golden());
    await succeed(right.destroy());
    cloud.options.denied = [{ operation: "listAccessKeys" }];
    right.declare(golden());
    expect(await fail(right.up())).toMatch(/which cannot be checked: List access keys: 403/);
    expect(ids()).toEqual([]);
  });

  test.each(variants(["encoded", "upper"] as const))(
    "another spelling in answers (%s) changes nothing",
    async (echo) => {
      const stack = await begin({ echo });
      const quiet = async (): Promise<void> => {
        const nothing: Operation = { expectNoChanges: true };
        await succeed(stack.preview(nothing));
        await succeed(stack.preview({ ...nothing, refresh: true }));
        await succeed(stack.refresh({ ...nothing, previewOnly: true }));
        await succeed(stack.refresh());
        await succeed(stack.up(nothing));
      };
      await make(stack, golden());
      const before = ids();
      await quiet();
      // The service changes its mind about how to spell.
      cloud.options.echo = "exact";
      await quiet();
      cloud.options.echo = echo;
      await quiet();
      expect(ids()).toEqual(before);

      // A change is still a change.
      await cloud.setImage(before[0]!, { min_ram: 9 });
      await succeed(stack.up({ refresh: true }));
      expect(cloud.images()).toMatchObject([{ id: before[0], min_ram: 0 }]);
    },
  );

  const refusals: [string, number][] = [
    ["findTags", 400],
    ["findTags", 401],
    ["findTags", 405],
    ["deleteTag", 400],
    ["deleteTag", 401],
    ["deleteTag", 405],
    ["listAccessKeys", 400],
    ["listAccessKeys", 401],
    ["listAccessKeys", 405],
  ];
  test.each(variants(refusals))("%s answers %i: images are made all the same", async (operation, status) => {
    const stack = await begin({ denied: [{ operation, status }] });
    await make(stack, golden());
    expect(cloud.images()).toMatchObject([{ status: "active" }]);
    await succeed(stack.preview({ expectNoChanges: true }));
    await succeed(stack.destroy());
    expect(ids()).toEqual([]);
  });

  test("a tag policy refuses our tag: images are made without it, which is said once", async () => {
    const stack = await begin({ tagPolicy: "^pulumi-scp-images$" });
    const other = { ...golden({ name: "other", tags: { team: "web" } }), name: "other" };
    const text = await make(stack, golden(), other);
    // The CLI shows it while it runs, and again at the end.
    const said = text.match(/request req-\S+\. .*Without the tag pulumi-scp-images the service took it/g);
    expect(new Set(said).size).toBe(1);
    expect(cloud.images().map(({ tags }) => tags)).toEqual(
      expect.arrayContaining([[], [{ key: "team", value: "web" }]]),
    );
    await succeed(stack.preview({ expectNoChanges: true, refresh: true }));
  });

  test("the tag can be switched off", async () => {
    await begin();
    const stack = await another("plain", { SCP_CREATION_TAG: "false" });
    await make(stack, golden());
    await succeed(stack.preview({ expectNoChanges: true, refresh: true }));
    const { findTags, deleteTag } = cloud.stats();
    expect({ findTags, deleteTag }).toEqual({});
    const created = cloud.requests().find(({ operation }) => operation === "createImage");
    expect(created?.status).toBe(200);
    expect(cloud.images()[0]!.tags).toEqual([]);
  });

  test("images that are shown late are waited for", async () => {
    const stack = await begin({ showLagMs: 1_500 });
    await make(stack, golden());
    expect(cloud.images()).toMatchObject([{ status: "active" }]);
  });

  test("a protected image that would be replaced is refused in preview, with what to do first", async () => {
    const stack = await begin();
    await make(stack, golden({ protected: true }));
    const before = ids();
    for (const change of [
      golden({ protected: true, url: url("two") }),
      golden({ protected: false, url: url("two") }),
      golden({ protected: true, minRam: 5 }, { replaceOnChanges: ["minRam"] }),
    ]) {
      stack.declare(change);
      expect(await fail(stack.preview())).toMatch(
        /replaces image .*, which is protected: .*Set protected to false/,
      );
      await fail(stack.up());
      expect(ids()).toEqual(before);
    }
    await make(stack, golden());
    await make(stack, golden({ url: url("two") }));
    expect(cloud.images()).toMatchObject([{ status: "active", url: url("two") }]);

    // Whoever keeps the old one may go on.
    await make(stack, golden({ url: url("two"), protected: true }, { retainOnDelete: true }));
    await make(stack, golden({ protected: true }, { retainOnDelete: true }));
    expect(ids()).toHaveLength(2);
  });

  test("an image that was taken over is not deleted to be taken over again", async () => {
    const stack = await begin();
    const { id } = await cloud.setImage("0f5b9a3e-0000-4000-8000-000000000001", {
      ...{ name: "golden", os_distro: "alma", url: url() },
    });
    await make(stack, golden({ imageId: id }));
    stack.declare(
      golden({ imageId: id, minRam: 5 }, { deleteBeforeReplace: true, replaceOnChanges: ["minRam"] }),
    );
    expect(await fail(stack.preview())).toMatch(/which the program takes over by imageId/);
    await fail(stack.up());
    const { resources = [] } = (await stack.state()).deployment;
    const urns = resources.map(({ urn }) => urn).filter((urn) => /Image(Record|Import)::golden$/.test(urn));
    stack.declare(golden({ imageId: id }, { deleteBeforeReplace: true }));
    await succeed(stack.up({ replace: urns }));
    expect(cloud.images()).toMatchObject([{ id, status: "active" }]);
    expect(cloud.deleted()).toEqual([]);
    await succeed(stack.destroy());
    expect(ids()).toEqual([]);
  });

  test("an image is managed by one resource of a program: a second one is refused in preview, whichever comes first", async () => {
    const stack = await begin();
    await make(stack, golden());
    const [id] = ids();
    const second = (options?: { dependsOn: string[] }): Declaration => ({
      ...golden({ imageId: id }, options),
      name: "second",
    });
    const refusal = /is managed by another resource of this program already/;
    for (const program of [
      [golden(), second()],
      [second(), golden()],
    ]) {
      stack.declare(...program);
      expect(await fail(stack.preview())).toMatch(refusal);
      await fail(stack.up());
      stack.declare(golden());
      await stack.up();
      expect(ids()).toEqual([id]);
      expect(cloud.deleted()).toEqual([]);
    }
    stack.declare(
      golden({ url: url("two") }, { deleteBeforeReplace: true }),
      second({ dependsOn: ["golden"] }),
    );
    expect(await fail(stack.preview())).toMatch(refusal);
    // To give it to another resource is another thing.
    await make(stack, second());
    expect(ids()).toEqual([id]);
    await succeed(stack.destroy());
    expect(ids()).toEqual([]);
  });

  test("a take-over lifts no protection, and takes nothing that cannot be taken", async () => {
    const stack = await begin();
    const id = "0f5b9a3e-0000-4000-8000-000000000001";
    const attempt = async (patch: Parameters<Emulator["setImage"]>[1], more = {}): Promise<string> => {
      await cloud.setImage(id, { name: "golden", os_distro: "alma", url: url(), ...patch });
      stack.declare(golden({ imageId: id, ...more }));
      return fail(stack.preview());
    };
    expect(await attempt({ protected: true })).toContain(
      "it is protected, and the program says protected: false",
    );
    expect(await attempt({ protected: false, visibility: "public" })).toContain("it is public");
    expect(await attempt({ visibility: "private", status: "deactivated" })).toContain("it is deactivated");
    expect(await attempt({ status: "active", url: null })).toContain(
      "it is made of a file that SCP does not tell",
    );
    await cloud.setImage(id, { url: url(), protected: true });
    await make(stack, golden({ imageId: id, protected: true }));
    expect(cloud.images()).toMatchObject([{ id, protected: true }]);
  });

  /** Makes an image another account's, which shares it with ours. */
  async function giveAway(id: string): Promise<string> {
    const [us, them] = cloud.options.accounts;
    const foreign = url().replace(us.accountId, them!.accountId);
    await cloud.setImage(id, {
      ...{ name: "golden", os_distro: "alma", url: foreign, owner: them!.accountId, visibility: "shared" },
    });
    const { call } = clientOf(cloud);
    const members = `/v1/images/${id}/members`;
    await call("POST", members, { body: { member_id: us.accountId }, as: them });
    await call("PUT", `${members}/${us.accountId}`, { body: { status: "accepted" } });
    return foreign;
  }

  test("an image of another account that is shared with ours is not taken over, nor managed by an import", async () => {
    const stack = await begin();
    const id = "0f5b9a3e-0000-4000-8000-000000000001";
    const foreign = await giveAway(id);
    const takeOver = golden({ imageId: id, url: foreign, visibility: "shared" });
    const { accountId, accounts } = cloud.options;
    stack.declare(takeOver);
    expect(await fail(stack.preview())).toContain(
      `it is of account ${accounts[1]!.accountId}, and the keys are of account ${accountId}`,
    );
    const file = (more = {}): Declaration => ({
      type: "ImageImport",
      name: "file",
      args: { imageId: id, url: foreign, ...more },
    });
    stack.declare(file());
    expect(await fail(stack.preview())).toContain("cannot be managed here: it is of account");
    await make(stack, file({ deleteImage: false }));
    stack.declare(file());
    expect(await fail(stack.preview())).toContain("cannot be managed here: it is of account");
    await make(stack);

    // Where IAM does not tell the account, the owner does.
    await cloud.setImage("0f5b9a3e-0000-4000-8000-000000000002", { name: "ours" });
    cloud.options.denied = [{ operation: "listAccessKeys" }];
    stack.declare(takeOver);
    expect(await fail(stack.preview())).toContain(
      `it is of owner ${accounts[1]!.accountId}, and the keys' own images are of owner ${accountId}`,
    );
    expect(cloud.deleted()).toEqual([]);
  });

  test("a refusal because an image is another account's says so, with the way out", async () => {
    const stack = await begin();
    await make(stack, golden());
    await giveAway(ids()[0]!);
    const refusal = /403 .* is not yours: it is of account .*pulumi state delete/;
    stack.declare(golden({ minRam: 5 }));
    expect(await fail(stack.up())).toMatch(refusal);
    expect(await fail(stack.destroy())).toMatch(refusal);
  });

  test("a protected image that an import alone manages is refused with what can be done", async () => {
    const stack = await begin();
    const id = "0f5b9a3e-0000-4000-8000-000000000001";
    await cloud.setImage(id, { name: "golden", os_distro: "alma", url: url(), protected: true });
    const file = (more = {}): Declaration => ({
      type: "ImageImport",
      name: "file",
      args: { imageId: id, url: url(), ...more },
    });
    await make(stack, file());
    const refusal = await fail(stack.destroy());
    expect(refusal).toContain("set deleteImage to false and run pulumi up");
    expect(refusal).not.toContain("Set its property protected");
    await make(stack, file({ deleteImage: false }));
    await succeed(stack.destroy());
    expect(ids()).toEqual([id]);
  });

  test("an import into a record of the same program leaves the image to the record, and takes no other file", async () => {
    const stack = await begin();
    const record = golden({}, undefined, "ImageRecord");
    await make(stack, record);
    const [id] = ids();
    const file = (key: string): Declaration => ({
      type: "ImageImport",
      name: "file",
      args: { imageId: id, url: url(key) },
    });
    stack.declare(record, file("two"));
    expect(await fail(stack.up())).toMatch(/made of .*one.qcow2, and an active image cannot be/);
    await make(stack, record, file("one"));
    await make(stack, record);
    expect(cloud.images()).toMatchObject([{ id, status: "active" }]);
    expect(cloud.deleted()).toEqual([]);
  });

  test("tags that are shown late are no drift", async () => {
    const stack = await begin({ tagLagMs: 60_000 });
    await make(stack, golden({ tags: { team: "web" } }, { replaceOnChanges: ["tags"] }));
    const before = ids();
    await succeed(stack.up({ refresh: true }));
    expect(ids()).toEqual(before);
  });

  test("another path form in the program is written down, and changes nothing in the cloud", async () => {
    const stack = await begin();
    await make(stack, golden());
    const other = url().replace(/:images/, "/images");
    await make(stack, golden({ url: other }));
    expect((await stack.outputs()).golden?.url).toBe(other);
    expect(cloud.stats().createImage).toBe(1);
    await succeed(stack.preview({ expectNoChanges: true, refresh: true }));
  });

  test("an import that does not manage its image leaves it alone, and takes no other file's", async () => {
    const stack = await begin();
    const { id } = await cloud.setImage("0f5b9a3e-0000-4000-8000-000000000001", {
      name: "x",
      url: url("two"),
    });
    await cloud.setTags(id, [{ key: "pulumi-scp-images", value: "somebody's" }]);
    const file = (key: string): Declaration => ({
      type: "ImageImport",
      name: "file",
      args: { imageId: id, url: url(key), deleteImage: false },
    });
    stack.declare(file("one"));
    expect(await fail(stack.preview())).toMatch(
      /is active, made of .*two.qcow2, and an active image cannot be/,
    );
    await fail(stack.up());

    await make(stack, file("two"));
    await succeed(stack.preview({ expectNoChanges: true, refresh: true }));
    await succeed(stack.destroy());
    expect(cloud.images()).toMatchObject([{ id, tags: [{ key: "pulumi-scp-images" }] }]);
  });

  test("tags that are shown late are removed by a later run, after which all is quiet", async () => {
    const stack = await begin({ tagLagMs: 60_000 });
    await make(stack, golden());
    cloud.options.tagLagMs = 0;
    await delay(0);
    expect(cloud.images()[0]!.tags).toMatchObject([{ key: "pulumi-scp-images" }]);
    await succeed(stack.up());
    expect(cloud.images()[0]!.tags).toEqual([]);
    await succeed(stack.preview({ expectNoChanges: true }));
  });
}

/** The state after `pulumi state delete` of all images: they are no more its own, the rest is. */
function withoutImages(document: StateDocument): StateDocument {
  const { resources = [] } = document.deployment;
  const kept = resources.filter(({ type }) => !/Image(Record|Import)?$/.test(type));
  return { ...document, deployment: { ...document.deployment, resources: kept } };
}

/** The state as it is imported into a stack of another name. */
function renamed(document: StateDocument, name: string): StateDocument {
  return JSON.parse(
    JSON.stringify(document).replaceAll("urn:pulumi:test::", `urn:pulumi:${name}::`),
  ) as StateDocument;
}
