import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { qcow2 } from "../emulator/testing";
import { pipelineWorld } from "./pipeline-world";
import { configOf, fail, openEmbedded, succeed } from "./stack";

// What a run must know of an entry that it does not look at as a whole: after runs that failed, under another name, with other keys.

jest.setTimeout(120_000);

/** Beside the emulator's own `second`, another name for the keys of the main account. */
const world = pipelineWorld((env) => {
  const same = { SCP_PROFILE_SAME_ACCESS_KEY: env.SCP_ACCESS_KEY ?? "" };
  const all = { ...env, ...same, SCP_PROFILE_SAME_SECRET_KEY: env.SCP_SECRET_KEY ?? "" };
  return openEmbedded(all, "test", configOf(env));
});
const { entry, pipeline, names, channelTags, idOf, up } = world;
const stable = (version?: string) => ({ "ubuntu/stable": { image: "ubuntu", version } });
const second = () => world.cloud.options.accounts[1]!.accountId;

async function failing(
  fault: Parameters<typeof world.cloud.faults.add>[0],
  declared: ReturnType<typeof pipeline>,
) {
  world.cloud.faults.add({ times: "always", ...fault });
  world.stack.declare(declared);
  await fail(world.stack.up());
  world.cloud.faults.clear();
}

const replaceGenerations = async () => {
  const { resources = [] } = (await world.stack.state()).deployment;
  const urns = resources.filter(({ type }) => type.endsWith("ImageGenerations")).map(({ urn }) => urn);
  return succeed(world.stack.up({ replace: urns }));
};

test("an image that was active between two runs that failed is a generation, and shared as the others", async () => {
  const of = (number: number) => pipeline({ ubuntu: entry(number, { keep: 3, sharedWith: [second()] }) });
  await up(of(1));
  await failing({ kind: "status", status: 403, operation: "createImageMember" }, of(2));
  await failing({ kind: "import-fails" }, of(3));
  await up(of(4));
  expect(names()).toEqual(["ubuntu-1", "ubuntu-2", "ubuntu-4"]);
  expect(world.cloud.images().map(({ members }) => members.length)).toEqual([1, 1, 1]);
});

test("an entry taken over under another name in a run that fails goes, with its earlier images and its channels", async () => {
  await up(pipeline({ ubuntu: entry(1) }, stable("1.0")));
  await up(pipeline({ ubuntu: entry(2) }, { ...stable("1.0"), "ubuntu/latest": { image: "ubuntu" } }));
  const imageId = idOf("ubuntu-2");
  const goal = () => pipeline({ jammy: entry(2, { imageId, tags: { team: "web" } }), other: entry(3) });
  await failing({ kind: "import-fails" }, goal());
  await up(goal());
  expect(channelTags()).toEqual([]);
  expect(names()).toEqual(["ubuntu-2", "ubuntu-3"]);
});

test("one that is put back before the run got to its end has its channel", async () => {
  await up(pipeline({ ubuntu: entry(1) }, stable()));
  await up(pipeline({ ubuntu: entry(2) }, stable()));
  const imageId = idOf("ubuntu-2");
  await failing(
    { kind: "status", status: 403, operation: "deleteImage" },
    pipeline({ jammy: entry(2, { imageId }) }),
  );
  world.stack.declare(pipeline({ ubuntu: entry(2) }, stable()));
  await succeed(world.stack.up());
  await succeed(world.stack.preview({ expectNoChanges: true }));
  expect(channelTags()).toEqual(["ubuntu-2 pulumi-scp-images:channel:ubuntu/stable 2.0"]);
});

test("a channel whose first tag was set, although the answer said no, leaves none when it is taken out", async () => {
  await failing(
    { kind: "status-after", status: 500, operation: "setTags" },
    pipeline({ ubuntu: entry(1) }, stable()),
  );
  expect(channelTags()).toHaveLength(1);
  await up(pipeline({ ubuntu: entry(1) }));
  expect(channelTags()).toEqual([]);
});

test("with --replace of the generations, a channel that has another name now leaves no tag", async () => {
  await up(pipeline({ ubuntu: entry(1) }, { a: { image: "ubuntu" } }));
  world.stack.declare(pipeline({ ubuntu: entry(1) }, { b: { image: "ubuntu" } }));
  await replaceGenerations();
  expect(channelTags()).toEqual(["ubuntu-1 pulumi-scp-images:channel:b 1.0"]);
});

test("a channel of two pipelines of one program is refused", async () => {
  const folder = mkdtempSync(join(tmpdir(), "another-"));
  const manifest = join(folder, "images.yaml");
  const images = { alma: { ...entry(2), osDistro: "alma" } };
  writeFileSync(manifest, stringify({ images, channels: { stable: { image: "alma" } } }));
  const one = pipeline({ ubuntu: entry(1) }, { stable: { image: "ubuntu" } });
  world.stack.declare(one, { type: "ImagePipeline", name: "more", args: { manifest } });
  expect(await fail(world.stack.preview())).toContain(
    'The channel stable of "more" is one of "images" too: give one of the two another name.',
  );
  rmSync(folder, { recursive: true });
});

test.each(["in place", "with --replace of the generations"])(
  "another profile of the same account deletes nothing: %s",
  async (how) => {
    await up(pipeline({ ubuntu: entry(1) }));
    await up(pipeline({ ubuntu: entry(2) }));
    // As an image may be whose file was another account's.
    await world.cloud.setImage(idOf("ubuntu-2")!, {
      url: world.cloud.objectUrl("images", "2.qcow2", second()),
    });
    world.stack.declare(pipeline({ ubuntu: entry(2, { profile: "same" }) }));
    await (how === "in place" ? succeed(world.stack.up()) : replaceGenerations());
    expect(names()).toEqual(["ubuntu-1", "ubuntu-2"]);
  },
);

test("an entry that goes to another account under another name leaves no image behind", async () => {
  await up(pipeline({ ubuntu: entry(1) }));
  await up(pipeline({ ubuntu: entry(2) }));
  await world.cloud.putObject("images", "3.qcow2", qcow2(), "public-read", second());
  const url = world.cloud.objectUrl("images", "3.qcow2", second());
  await up(pipeline({ noble: entry(3, { url, profile: "second", renamedFrom: "ubuntu" }) }));
  expect(world.cloud.images().map(({ name, owner }) => [name, owner])).toEqual([["ubuntu-3", second()]]);
});

test("so does one of servers that goes to the account that it is shared with", async () => {
  const servers = await Promise.all(
    [{}, {}, { accountId: second() }].map((more) => world.cloud.addServer(more)),
  );
  const of = (number: number, more: object) =>
    pipeline({
      web: {
        server: servers[number - 1]!.id,
        name: `web-${number}`,
        version: `${number}.0`,
        keep: 1,
        ...more,
      },
    });
  await up(of(1, { sharedWith: [second()] }));
  await up(of(2, { sharedWith: [second()] }));
  await up(of(3, { profile: "second", visibility: "shared" }));
  expect(world.cloud.images().map(({ name, owner }) => [name, owner])).toEqual([["web-3", second()]]);
});

test("content that failed its check takes no good generation's place", async () => {
  await up(pipeline({ ubuntu: entry(1) }, stable()));
  world.stack.declare(pipeline({ ubuntu: entry(2, { expectedChecksum: "0".repeat(128) }) }, stable()));
  await fail(world.stack.up());
  await up(pipeline({ ubuntu: entry(3) }, stable()));
  expect(names()).toEqual(["ubuntu-1", "ubuntu-3"]);
});

test("the first image is a generation, also where the run that made it told nobody", async () => {
  const of = (number: number) => pipeline({ ubuntu: entry(number, { sharedWith: [second()] }) });
  await failing({ kind: "status", status: 403, operation: "createImageMember" }, of(1));
  await up(of(2));
  expect(names()).toEqual(["ubuntu-1", "ubuntu-2"]);
});

test("an image that is taken in, and replaced in the same run, is a generation", async () => {
  const { name, url } = entry(1);
  await up({ type: "Image", name: "ubuntu", args: { name, url, osDistro: "ubuntu" } });
  const { args, ...declared } = pipeline({ ubuntu: entry(2) });
  await up({ ...declared, args: { ...args, adoptTopLevel: true } });
  expect(names()).toEqual(["ubuntu-1", "ubuntu-2"]);
});

test("generations that could be made in part alone are refreshed, and taken out", async () => {
  await failing(
    { kind: "status", status: 403, operation: "setTags" },
    pipeline({ ubuntu: entry(1), other: entry(4) }, stable()),
  );
  await succeed(world.stack.refresh());
  world.stack.declare(pipeline({ other: entry(4) }));
  await succeed(world.stack.up());
  expect(names()).toEqual(["ubuntu-4"]);
});

test("an entry whose move to another account failed, and which is put back, keeps what it had", async () => {
  await up(pipeline({ ubuntu: entry(1) }));
  await up(pipeline({ ubuntu: entry(2) }));
  const imageId = idOf("ubuntu-2");
  await world.cloud.putObject("images", "3.qcow2", qcow2(), "public-read", second());
  const url = world.cloud.objectUrl("images", "3.qcow2", second());
  await failing({ kind: "import-fails" }, pipeline({ ubuntu: entry(3, { url, profile: "second" }) }));
  await up(pipeline({ ubuntu: entry(2, { imageId }) }));
  expect(names()).toEqual(["ubuntu-1", "ubuntu-2"]);
});

test.each([true, false])(
  "one whose move failed, and which goes on, leaves nothing behind; shared: %s",
  async (isShared) => {
    const sharedWith = isShared ? [second()] : undefined;
    await up(pipeline({ ubuntu: entry(1, { sharedWith }) }));
    await up(pipeline({ ubuntu: entry(2, { sharedWith }) }));
    await world.cloud.putObject("images", "3.qcow2", qcow2(), "public-read", second());
    const url = world.cloud.objectUrl("images", "3.qcow2", second());
    const goal = () => pipeline({ noble: entry(3, { url, profile: "second", renamedFrom: "ubuntu" }) });
    await failing({ kind: "import-fails" }, goal());
    await up(goal());
    expect(world.cloud.images().map(({ name, owner }) => [name, owner])).toEqual([["ubuntu-3", second()]]);
  },
);

test("with --replace of a record whose image a failed run told nobody of, that is kept, and said to be", async () => {
  const of = (number: number) => pipeline({ ubuntu: entry(number, { keep: 3, sharedWith: [second()] }) });
  await up(of(1));
  await failing({ kind: "status", status: 403, operation: "createImageMember" }, of(2));
  world.stack.declare(of(3));
  const { resources = [] } = (await world.stack.state()).deployment;
  const { urn } = resources.find(({ type }) => type.endsWith("ImageRecord"))!;
  expect(await succeed(world.stack.up({ replace: [urn] }))).toContain(
    `Image ${idOf("ubuntu-2")} is kept, and in no state any more`,
  );
  expect(names()).toEqual(["ubuntu-1", "ubuntu-2", "ubuntu-3"]);
});
