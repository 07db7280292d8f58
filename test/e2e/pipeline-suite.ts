import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { startEmulator, type Emulator } from "../../emulator";
import type { Declaration } from "./program";
import { fail, succeed, type OpenStack, type TestStack } from "./stack";

const file = readFileSync(join(__dirname, "../../examples/images/example.qcow2"));

type Args = Record<string, unknown>;

/** Generations, and channels that point at them, on whichever engine opens the stacks. */
export function pipelineSuite(open: OpenStack, timeout: number): void {
  jest.setTimeout(timeout);

  let cloud: Emulator;
  let stack: TestStack;
  let folder: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "manifest-"));
    cloud = await startEmulator();
    for (const key of ["1", "2", "3", "4"]) {
      await cloud.putObject("images", `${key}.qcow2`, file);
    }
    stack = await open(cloud.env);
  });
  afterEach(async () => {
    stack.close();
    await cloud.close();
    rmSync(folder, { recursive: true });
  });

  const entry = (number: number, more: Args = {}): Args => ({
    name: `ubuntu-${number}`,
    url: cloud.objectUrl("images", `${number}.qcow2`),
    version: `${number}.0`,
    keep: 1,
    ...more,
  });

  /** A program of one line, and the manifest that it names. */
  function pipeline(images: Args, channels: Args = {}): Declaration {
    const manifest = join(folder, "images.yaml");
    writeFileSync(manifest, stringify({ defaults: { osDistro: "ubuntu" }, images, channels }));
    return { type: "ImagePipeline", name: "images", args: { manifest } };
  }

  const names = () =>
    cloud
      .images()
      .map(({ name }) => name)
      .sort();
  const channelTags = () =>
    cloud
      .images()
      .flatMap(({ name, tags }) =>
        tags
          .filter(({ key }) => key.includes(":channel:"))
          .map(({ key, value }) => `${name} ${key} ${value}`),
      );
  const targets = async () => (await stack.outputs()).images?.channels;
  const idOf = (name: string) => cloud.images().find((image) => image.name === name)?.id;

  async function up(declaration: Declaration): Promise<string> {
    stack.declare(declaration);
    const text = await succeed(stack.up());
    await succeed(stack.preview({ expectNoChanges: true }));
    await succeed(stack.preview({ refresh: true, expectNoChanges: true }));
    await succeed(stack.refresh({ previewOnly: true, expectNoChanges: true }));
    return text;
  }

  test("a replaced image stays as long as it is kept; channels are promoted and rolled back", async () => {
    const stable = (version?: string) => ({ "ubuntu/stable": { image: "ubuntu", version } });
    await up(pipeline({ ubuntu: entry(1) }, stable()));
    expect(names()).toEqual(["ubuntu-1"]);
    expect(channelTags()).toEqual(["ubuntu-1 pulumi-scp-images:channel:ubuntu/stable 1.0"]);

    await up(pipeline({ ubuntu: entry(2) }, stable("1.0")));
    expect(names()).toEqual(["ubuntu-1", "ubuntu-2"]);
    expect(await targets()).toEqual({ "ubuntu/stable": { imageId: idOf("ubuntu-1"), version: "1.0" } });

    await up(pipeline({ ubuntu: entry(2) }, stable("2.0")));
    expect(channelTags()).toEqual(["ubuntu-2 pulumi-scp-images:channel:ubuntu/stable 2.0"]);

    await up(pipeline({ ubuntu: entry(2) }, stable("1.0")));
    expect(channelTags()).toEqual(["ubuntu-1 pulumi-scp-images:channel:ubuntu/stable 1.0"]);

    // Pinned, it stays beyond what is kept.
    await up(pipeline({ ubuntu: entry(3) }, stable("1.0")));
    expect(names()).toEqual(["ubuntu-1", "ubuntu-2", "ubuntu-3"]);

    stack.declare(pipeline({ ubuntu: entry(3) }, stable("3.0")));
    const before = await succeed(stack.preview());
    expect(before).toContain("update ubuntu");
    await up(pipeline({ ubuntu: entry(3) }, stable("3.0")));
    expect(names()).toEqual(["ubuntu-2", "ubuntu-3"]);
    expect(channelTags()).toEqual(["ubuntu-3 pulumi-scp-images:channel:ubuntu/stable 3.0"]);

    await up(pipeline({ ubuntu: entry(3, { keep: 0 }) }));
    expect(names()).toEqual(["ubuntu-3"]);
    expect(channelTags()).toEqual([]);
    await succeed(stack.destroy());
    expect(names()).toEqual([]);
  });

  test("a channel that names what is not kept is refused in preview", async () => {
    await up(pipeline({ ubuntu: entry(1) }));
    stack.declare(pipeline({ ubuntu: entry(2) }, { "ubuntu/stable": { image: "ubuntu", version: "0.9" } }));
    const text = await fail(stack.preview());
    expect(text).toContain(
      'channel "ubuntu/stable" names version 0.9, which is not kept; there are 2.0, 1.0.',
    );
    expect(names()).toEqual(["ubuntu-1"]);
  });

  test("what is protected stays; lifting it lifts it of all", async () => {
    await up(pipeline({ ubuntu: entry(1, { protected: true, keep: 0 }) }));
    await up(pipeline({ ubuntu: entry(2, { protected: true, keep: 0 }) }));
    expect(names()).toEqual(["ubuntu-1", "ubuntu-2"]);
    await fail(stack.destroy());
    expect(names()).toEqual(["ubuntu-1", "ubuntu-2"]);
    await up(pipeline({ ubuntu: entry(2, { protected: false, keep: 0 }) }));
    expect(names()).toEqual(["ubuntu-2"]);
    await succeed(stack.destroy());
    expect(names()).toEqual([]);
  });

  test("what somebody deleted is forgotten, and what a channel lost is set again", async () => {
    const stable = { "ubuntu/stable": { image: "ubuntu" } };
    await up(pipeline({ ubuntu: entry(1) }, stable));
    await up(pipeline({ ubuntu: entry(2) }, stable));
    await cloud.setImage(idOf("ubuntu-1")!, { created_at: "2026-01-01T00:00:00Z" });
    await succeed(stack.refresh()); // Now the state knows that it is old: a new one may only be shown late.
    await cloud.setTags(idOf("ubuntu-2")!, []);
    expect(channelTags()).toEqual([]);
    await cloud.removeImage(idOf("ubuntu-1")!);
    await succeed(stack.refresh());
    await up(pipeline({ ubuntu: entry(2) }, stable));
    expect(channelTags()).toEqual(["ubuntu-2 pulumi-scp-images:channel:ubuntu/stable 2.0"]);
    await up(pipeline({ ubuntu: entry(3) }, stable));
    expect(names()).toEqual(["ubuntu-2", "ubuntu-3"]);
  });

  test("a rename changes nothing, and an entry that is taken out takes all its generations with it", async () => {
    await up(pipeline({ ubuntu: entry(1), other: entry(3) }));
    await up(pipeline({ ubuntu: entry(2), other: entry(3) }));
    const ids = cloud
      .images()
      .map(({ id }) => id)
      .sort();
    await up(pipeline({ other: entry(3), noble: { ...entry(2), renamedFrom: "ubuntu" } }));
    expect(
      cloud
        .images()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(ids);
    await up(pipeline({ other: entry(3) }));
    expect(names()).toEqual(["ubuntu-3"]);
  });

  test("what was renamed, and whose channel moved since, is replaced, and taken out, as before", async () => {
    const stable = (image: string, version?: string) => ({ "ubuntu/stable": { image, version } });
    const noble = (number: number) => entry(number, { renamedFrom: "ubuntu" });
    const other = entry(4);
    await up(pipeline({ ubuntu: entry(1), other }, stable("ubuntu", "1.0")));
    await up(pipeline({ noble: noble(1), other }, stable("noble")));
    await up(pipeline({ noble: noble(2), other }, stable("noble")));
    expect(names()).toEqual(["ubuntu-1", "ubuntu-2", "ubuntu-4"]);
    await up(pipeline({ best: entry(2, { renamedFrom: "noble" }), other }, stable("best", "1.0")));
    await up(pipeline({ other }));
    expect(names()).toEqual(["ubuntu-4"]);
  });

  test("the same version of another content takes the place of the one before", async () => {
    await up(pipeline({ ubuntu: entry(1) }));
    await up(pipeline({ ubuntu: entry(2, { version: "1.0" }) }));
    expect(names()).toEqual(["ubuntu-2"]);
  });
}
