import { qcow2 } from "../emulator/testing";
import { pipelineWorld } from "./pipeline-world";
import type { Declaration } from "./program";
import { fail, succeed, type OpenStack } from "./stack";

/** What must not happen to the generations of an entry, whatever is done to it. */
export function pipelineSafetySuite(open: OpenStack, timeout: number): void {
  jest.setTimeout(timeout);

  const world = pipelineWorld(open);
  const { entry, pipeline, names, channelTags, idOf, up } = world;
  const stable = (version?: string) => ({ "ubuntu/stable": { image: "ubuntu", version } });

  test("a current image that was deleted takes no earlier one's place", async () => {
    await up(pipeline({ ubuntu: entry(1) }));
    await up(pipeline({ ubuntu: entry(2) }));
    const dead = idOf("ubuntu-2")!;
    await world.cloud.setImage(dead, { created_at: "2026-01-01T00:00:00Z" });
    await succeed(world.stack.refresh());
    await world.cloud.removeImage(dead);
    await succeed(world.stack.refresh());
    await up(pipeline({ ubuntu: entry(3) }));
    expect(names()).toEqual(["ubuntu-1", "ubuntu-3"]);
  });

  test("protection is lifted from all that the entry has had, in the run that replaces it too", async () => {
    await up(pipeline({ ubuntu: entry(1, { protected: true }) }));
    await up(pipeline({ ubuntu: entry(2, { protected: true }) }));
    await up(pipeline({ ubuntu: entry(3, { protected: false, keep: 2 }) }));
    expect(world.cloud.images().map((image) => image.protected)).toEqual([false, false, false]);
    await succeed(world.stack.destroy());
    expect(names()).toEqual([]);
  });

  test("an account is added to and taken from all generations, private ones too", async () => {
    const account = world.cloud.options.accounts[1]!.accountId;
    await up(pipeline({ ubuntu: entry(1) }));
    await up(pipeline({ ubuntu: entry(2) }));
    const members = () =>
      world.cloud
        .images()
        .map(({ name, members: all }) => [name, all.map(({ member_id }) => member_id)])
        .sort();
    await up(pipeline({ ubuntu: entry(2, { sharedWith: [account] }) }));
    expect(members()).toEqual([
      ["ubuntu-1", [account]],
      ["ubuntu-2", [account]],
    ]);
    await up(pipeline({ ubuntu: entry(3, { sharedWith: [account], keep: 2 }) }));
    expect(members().map(([, all]) => all)).toEqual([[account], [account], [account]]);
    await up(pipeline({ ubuntu: entry(3, { visibility: "shared", keep: 2 }) }));
    expect(members().map(([, all]) => all)).toEqual([[], [], []]);
    await up(pipeline({ ubuntu: entry(3, { keep: 2 }) }));
    expect(world.cloud.images().find(({ name }) => name === "ubuntu-3")?.visibility).toBe("private");
  });

  test("another name for the same content is not that of a generation which would go for it", async () => {
    await up(pipeline({ ubuntu: entry(1) }, stable("1.0")));
    await up(pipeline({ ubuntu: entry(2) }, stable("1.0")));
    world.stack.declare(pipeline({ ubuntu: entry(2, { version: "1.0" }) }, stable("1.0")));
    expect(await fail(world.stack.preview())).toContain(
      "version is 1.0 now, which is what an earlier generation is called",
    );
    expect(names()).toEqual(["ubuntu-1", "ubuntu-2"]);
  });

  test("a generation that is taken back by its id keeps its channel", async () => {
    const tags = { team: "web" };
    await up(pipeline({ ubuntu: entry(1, { tags }) }, stable("1.0")));
    await up(pipeline({ ubuntu: entry(2, { tags }) }, stable("1.0")));
    await up(pipeline({ ubuntu: entry(1, { tags, imageId: idOf("ubuntu-1") }) }, stable("1.0")));
    expect(channelTags()).toEqual(["ubuntu-1 pulumi-scp-images:channel:ubuntu/stable 1.0"]);
    expect(names()).toEqual(["ubuntu-1", "ubuntu-2"]);
  });

  test("what another entry has as a generation is not taken over", async () => {
    await up(pipeline({ ubuntu: entry(1) }));
    await up(pipeline({ ubuntu: entry(2) }));
    const imageId = idOf("ubuntu-1");
    world.stack.declare(pipeline({ ubuntu: entry(2), noble: entry(1, { imageId }) }));
    expect(await fail(world.stack.preview())).toContain(
      "is managed by another resource of this program already",
    );
    expect(names()).toEqual(["ubuntu-1", "ubuntu-2"]);
  });

  test("an entry whose first image never came about can be taken out", async () => {
    world.cloud.faults.add({ kind: "import-fails", times: "always" });
    world.stack.declare(pipeline({ ubuntu: entry(1) }));
    await fail(world.stack.up());
    await succeed(world.stack.destroy());
    expect(names()).toEqual([]);
    world.stack.declare(pipeline({ ubuntu: entry(1) }));
    await fail(world.stack.up());
    world.stack.declare(pipeline({}));
    await succeed(world.stack.up({ refresh: true }));
    expect(names()).toEqual([]);
  });

  test("with --replace of the generations, no image goes, and what is in no state any more is told", async () => {
    await up(pipeline({ ubuntu: entry(1) }));
    await up(pipeline({ ubuntu: entry(2) }));
    const { resources = [] } = (await world.stack.state()).deployment;
    const generations = resources.find(({ type }) => type.endsWith("ImageGenerations"));
    const text = await succeed(world.stack.up({ replace: [String(generations?.urn)] }));
    expect(text).toContain("these earlier images are in no state any more, and are kept");
    expect(names()).toEqual(["ubuntu-1", "ubuntu-2"]);
  });

  test("a change that failed at its end, and is put back, leaves no channel where it was to go", async () => {
    const before = () => pipeline({ ubuntu: entry(2) }, stable("1.0"));
    await up(pipeline({ ubuntu: entry(1) }, stable("1.0")));
    await up(before());
    world.cloud.faults.add({ kind: "status", status: 403, operation: "deleteImage" });
    world.stack.declare(pipeline({ ubuntu: entry(2, { keep: 0 }) }, stable("2.0")));
    await fail(world.stack.up());
    world.cloud.faults.clear();
    expect(names()).toEqual(["ubuntu-1", "ubuntu-2"]);
    await up(before());
    expect(channelTags()).toEqual(["ubuntu-1 pulumi-scp-images:channel:ubuntu/stable 1.0"]);
    await succeed(world.stack.destroy());
    expect(names()).toEqual([]);
  });

  test("nor after two that failed with different aims", async () => {
    const before = () => pipeline({ ubuntu: entry(3, { keep: 2 }) }, stable("2.0"));
    await up(pipeline({ ubuntu: entry(1) }));
    await up(pipeline({ ubuntu: entry(2) }, stable("2.0")));
    await up(before());
    for (const [name, operation] of [
      ["candidate", "deleteImage"],
      ["next", "setTags"],
    ] as const) {
      const channels = { ...stable("2.0"), [`ubuntu/${name}`]: { image: "ubuntu", version: "3.0" } };
      world.cloud.faults.add({ kind: "status", status: 403, operation, times: "always" });
      world.stack.declare(pipeline({ ubuntu: entry(3) }, channels));
      await fail(world.stack.up());
    }
    world.cloud.faults.clear();
    expect(channelTags()).toContain("ubuntu-3 pulumi-scp-images:channel:ubuntu/candidate 3.0");
    await up(before());
    expect(channelTags()).toEqual(["ubuntu-2 pulumi-scp-images:channel:ubuntu/stable 2.0"]);
    await succeed(world.stack.destroy());
    expect(names()).toEqual([]);
  });

  test("an image whose generations could not be made is an earlier one all the same", async () => {
    world.cloud.faults.add({ kind: "status", status: 403, operation: "setTags" });
    world.stack.declare(pipeline({ ubuntu: entry(1) }, stable()));
    await fail(world.stack.up());
    world.cloud.faults.clear();
    await up(pipeline({ ubuntu: entry(2) }, stable()));
    expect(names()).toEqual(["ubuntu-1", "ubuntu-2"]);
    expect(channelTags()).toEqual(["ubuntu-2 pulumi-scp-images:channel:ubuntu/stable 2.0"]);
  });

  test("a change that failed half way is gone over again after a refresh too", async () => {
    await up(pipeline({ ubuntu: entry(1) }, stable("1.0")));
    await up(pipeline({ ubuntu: entry(2) }, stable("1.0")));
    world.cloud.faults.add({ kind: "status", status: 403, operation: "setTags", nth: 2 });
    world.stack.declare(pipeline({ ubuntu: entry(2) }, stable("2.0")));
    await fail(world.stack.up());
    world.cloud.faults.clear();
    expect(channelTags()).toHaveLength(2);
    await succeed(world.stack.refresh());
    await up(pipeline({ ubuntu: entry(2) }, stable("2.0")));
    expect(channelTags()).toEqual(["ubuntu-2 pulumi-scp-images:channel:ubuntu/stable 2.0"]);
  });

  test("what leaves in the run that protects the others leaves, as the preview says", async () => {
    await up(pipeline({ ubuntu: entry(1) }));
    await up(pipeline({ ubuntu: entry(2) }));
    await up(pipeline({ ubuntu: entry(3, { protected: true }) }));
    expect(world.cloud.images().map((image) => [image.name, image.protected])).toEqual([
      ["ubuntu-2", true],
      ["ubuntu-3", true],
    ]);
  });

  test("one 404 of the tag list loses no channel, and leaves none behind", async () => {
    await up(pipeline({ ubuntu: entry(1, { tags: { team: "a" } }) }, stable()));
    world.cloud.faults.add({ kind: "status", status: 404, operation: "listTags" });
    await up(pipeline({ ubuntu: entry(1, { tags: { team: "b" } }) }, stable()));
    expect(channelTags()).toEqual(["ubuntu-1 pulumi-scp-images:channel:ubuntu/stable 1.0"]);
    world.cloud.faults.add({ kind: "status", status: 404, operation: "listTags" });
    await succeed(world.stack.refresh());
    await up(pipeline({ ubuntu: entry(1, { tags: { team: "b" } }) }));
    expect(channelTags()).toEqual([]);
  });

  test("protected: false, written out, lifts no protection that somebody gave an earlier one", async () => {
    await up(pipeline({ ubuntu: entry(1) }));
    await up(pipeline({ ubuntu: entry(2) }));
    await world.cloud.setImage(idOf("ubuntu-1")!, { protected: true });
    const isProtected = () => world.cloud.images().map((image) => [image.name, image.protected]);
    for (const number of [2, 3]) {
      world.stack.declare(pipeline({ ubuntu: entry(number, { keep: 0, protected: false }) }));
      await succeed(world.stack.up());
      expect(isProtected()).toEqual([
        ["ubuntu-1", true],
        [`ubuntu-${number}`, false],
      ]);
    }
  });

  test("what is shared with others stays, also where an answer lacks its visibility", async () => {
    const other = world.cloud.options.accounts[1]!.accountId;
    const shared = (number: number, keep: number) =>
      pipeline({ ubuntu: entry(number, { visibility: "shared", keep }) });
    await up(shared(1, 1));
    await up(shared(2, 1));
    const member: Declaration = {
      type: "ImageMember",
      name: "other",
      args: { imageId: idOf("ubuntu-1"), memberId: other },
    };
    world.stack.declare(shared(2, 1), member);
    await succeed(world.stack.up());
    const fields = ["visibility"];
    world.cloud.faults.add({ kind: "null-fields", fields, operation: "showImage", times: "always" });
    world.stack.declare(shared(2, 0), member);
    await world.stack.up();
    expect(names()).toEqual(["ubuntu-1", "ubuntu-2"]);
  });

  /** The URNs of the state's resources of a type. */
  const urnsOf = async (type: string) => {
    const { resources = [] } = (await world.stack.state()).deployment;
    return resources.filter((one) => one.type.endsWith(type)).map(({ urn }) => urn);
  };

  test("nor does one go with --replace of the generations of an entry that was renamed", async () => {
    await up(pipeline({ ubuntu: entry(1) }));
    await up(pipeline({ ubuntu: entry(2) }));
    await up(pipeline({ noble: entry(2, { renamedFrom: "ubuntu" }) }));
    await succeed(world.stack.up({ replace: await urnsOf("ImageGenerations") }));
    expect(names()).toEqual(["ubuntu-1", "ubuntu-2"]);
  });

  test("a protected image that never became active is not replaced before its protection is lifted", async () => {
    await up(pipeline({ ubuntu: entry(1, { protected: true }) }));
    world.cloud.faults.add({ kind: "import-fails", times: "always" });
    world.stack.declare(pipeline({ ubuntu: entry(2, { protected: true }) }));
    await fail(world.stack.up());
    world.cloud.faults.clear();
    world.stack.declare(pipeline({ ubuntu: entry(3, { protected: true }) }));
    expect(await fail(world.stack.preview())).toContain("which never became active");
    world.cloud.faults.add({ kind: "import-fails", times: "always" });
    world.stack.declare(pipeline({ ubuntu: entry(2) }));
    await fail(world.stack.up());
    world.cloud.faults.clear();
    await up(pipeline({ ubuntu: entry(3, { protected: true }) }));
    expect(names()).toEqual(["ubuntu-1", "ubuntu-3"]);
  });

  test("a replacement that failed is put back without making anything anew, as the preview says", async () => {
    await up(pipeline({ ubuntu: entry(1) }, stable()));
    const imageId = idOf("ubuntu-1");
    world.cloud.faults.add({ kind: "import-fails", times: "always" });
    world.stack.declare(pipeline({ ubuntu: entry(2) }, stable()));
    await fail(world.stack.up());
    world.cloud.faults.clear();
    world.stack.declare(pipeline({ ubuntu: entry(1) }, stable()));
    expect(await succeed(world.stack.preview())).toContain(`say imageId: ${imageId} in the entry`);
    await up(pipeline({ ubuntu: entry(1, { imageId }) }, stable()));
    expect(names()).toEqual(["ubuntu-1"]);
    expect(idOf("ubuntu-1")).toBe(imageId);
    expect(channelTags()).toEqual(["ubuntu-1 pulumi-scp-images:channel:ubuntu/stable 1.0"]);
  });

  test("an image that a failed run told no generations of is an earlier one all the same", async () => {
    await up(pipeline({ ubuntu: entry(1, { keep: 2 }) }));
    world.cloud.faults.add({ kind: "status", status: 403, operation: "setTags", times: "always" });
    world.stack.declare(pipeline({ ubuntu: entry(2, { keep: 2, tags: { team: "web" } }) }, stable("9.9")));
    await fail(world.stack.up());
    world.cloud.faults.clear();
    await up(pipeline({ ubuntu: entry(3, { keep: 2 }) }));
    expect(names()).toEqual(["ubuntu-1", "ubuntu-2", "ubuntu-3"]);
  });

  test("a channel's tag whose value somebody changed does not stay beside the new one", async () => {
    await up(pipeline({ ubuntu: entry(1) }, stable()));
    await up(pipeline({ ubuntu: entry(2) }, stable("1.0")));
    const key = "pulumi-scp-images:channel:ubuntu/stable";
    await world.cloud.setTags(idOf("ubuntu-1")!, [{ key, value: "other" }]);
    await succeed(world.stack.refresh());
    await up(pipeline({ ubuntu: entry(2) }, stable("2.0")));
    expect(channelTags()).toEqual([`ubuntu-2 ${key} 2.0`]);
  });

  test("an image that goes on under another entry's name keeps its channel", async () => {
    const at = (image: string) => ({ "ubuntu/stable": { image } });
    await up(pipeline({ ubuntu: entry(1) }, at("ubuntu")));
    const imageId = idOf("ubuntu-1");
    await up(pipeline({ jammy: entry(1, { imageId }) }, at("jammy")));
    expect(names()).toEqual(["ubuntu-1"]);
    expect(channelTags()).toEqual(["ubuntu-1 pulumi-scp-images:channel:ubuntu/stable 1.0"]);
  });

  test("but not the channel of the entry that is taken out, which had it as an earlier one", async () => {
    await up(pipeline({ ubuntu: entry(1) }, stable("1.0")));
    await up(pipeline({ ubuntu: entry(2) }, stable("1.0")));
    const imageId = idOf("ubuntu-1");
    await up(pipeline({ jammy: entry(1, { imageId }) }));
    expect(names()).toEqual(["ubuntu-1"]);
    expect(channelTags()).toEqual([]);
  });

  test("who may not change tags can destroy all the same", async () => {
    await up(pipeline({ ubuntu: entry(1) }, stable()));
    world.cloud.options.denied = [
      { operation: "setTags", status: 403 },
      { operation: "deleteTag", status: 403 },
    ];
    expect(await succeed(world.stack.destroy())).toContain("is in its channels as long as it is there");
    expect(names()).toEqual([]);
  });

  test("what is known of an image outlives a change that failed, and a refresh", async () => {
    await up(pipeline({ ubuntu: entry(1) }, stable()));
    world.cloud.faults.add({ kind: "status", status: 403, operation: "setTags", times: "always" });
    world.stack.declare(pipeline({ ubuntu: entry(2) }, stable()));
    await fail(world.stack.up());
    await succeed(world.stack.refresh());
    world.cloud.faults.clear();
    await up(pipeline({ ubuntu: entry(2) }, stable()));
    const { resources = [] } = (await world.stack.state()).deployment;
    const { facts = {} } = resources.find(({ type }) => type.endsWith("ImageGenerations"))?.outputs ?? {};
    const told = Object.values(facts as Record<string, { name?: string; accountId?: string }>);
    const { accountId } = world.cloud.options.accounts[0];
    expect(told.map((one) => [one.name, one.accountId]).sort()).toEqual([
      ["ubuntu-1", accountId],
      ["ubuntu-2", accountId],
    ]);
  });

  test("an entry that goes to the account that it is shared with leaves no image behind", async () => {
    const { accountId } = world.cloud.options.accounts[1]!;
    await up(pipeline({ ubuntu: entry(1, { sharedWith: [accountId] }) }));
    await up(pipeline({ ubuntu: entry(2, { sharedWith: [accountId] }) }));
    await world.cloud.putObject("images", "3.qcow2", qcow2(), "public-read", accountId);
    const url = world.cloud.objectUrl("images", "3.qcow2", accountId);
    await up(pipeline({ ubuntu: entry(3, { url, profile: "second" }) }));
    expect(world.cloud.images().map(({ name, owner }) => [name, owner])).toEqual([["ubuntu-3", accountId]]);
  });
}
