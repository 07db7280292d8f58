import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { startEmulator, type Emulator } from "../../emulator";
import { succeed, type TestStack } from "./stack";

const file = readFileSync(join(__dirname, "../../examples/images/example.qcow2"));
const server = "4c2a8a0e-7d0b-4a53-9a3c-2f1d3c0a9b11";
const takenOver = "0f5b9a3e-0000-4000-8000-000000000001";
const lookedUp = "0f5b9a3e-0000-4000-8000-000000000002";

type Args = Record<string, unknown>;

/** What a manifest says in this suite. */
interface Manifest {
  defaults: Args;
  images: Record<string, Args>;
  channels: Record<string, Args>;
  stacks: Record<string, Args>;
}

export interface ManifestStack extends TestStack {
  /** `up` of the resources alone that a pattern names, where the engine has that. */
  upTarget?: (pattern: string) => Promise<string>;
}

export interface ManifestOptions {
  open: (env: Record<string, string>, config: Record<string, string>) => Promise<ManifestStack>;
  /** How many images the manifest lists. */
  count: number;
  timeout: number;
}

/** The operations that change nothing. */
const reading = /^(show|list|find|get|head)/i;

/** A manifest of many images, with everything that one may say, through its whole life in one stack. */
export function manifestSuite({ open, count, timeout }: ManifestOptions): void {
  jest.setTimeout(timeout);

  let cloud: Emulator;
  let stack: ManifestStack;
  let folder: string;
  let second: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "manifest-"));
    writeFileSync(join(folder, "tools.qcow2"), file);
    process.env.MANIFEST_BUILD = "7";
    cloud = await startEmulator();
    second = cloud.options.accounts[1]!.accountId;
    for (const key of ["1.0", "2.0", "3.0"]) {
      await cloud.putObject("images", `${key}.qcow2`, file);
    }
    const byHand = { os_distro: "ubuntu", url: url("1.0"), created_at: "2026-01-01T00:00:00Z" };
    await cloud.setImage(takenOver, { ...byHand, name: "by-hand" });
    await cloud.setImage(lookedUp, { ...byHand, name: "somebody-else-s" });
    await cloud.addServer({ id: server });
    stack = await open(cloud.env, { size: "4", "other:id": second });
  });
  afterEach(async () => {
    Reflect.deleteProperty(process.env, "MANIFEST_BUILD");
    stack.close();
    await cloud.close();
    rmSync(folder, { recursive: true });
  });

  const url = (version: string) => cloud.objectUrl("images", `${version}.qcow2`);
  const plainKey = (number: number) => `image-${String(number).padStart(2, "0")}`;

  /** Entries of all kinds, and so many plain ones that there are `count` in all. */
  function manifest(): Manifest {
    const special: Record<string, Args> = {
      source: { source: { file: join(folder, "tools.qcow2") } },
      server: { server, version: "1.0" },
      "taken over": { name: "by-hand", url: url("1.0"), imageId: takenOver },
      base: { lookup: lookedUp },
      protected: { url: url("1.0"), protected: true },
      shared: { url: url("1.0"), sharedWith: "${config:other:id}" },
      tagged: { url: url("1.0"), tags: { stack: "${stack}", team: null } },
      overridden: { url: url("1.0"), minDisk: 3 },
      variables: {
        name: "build-${env:MANIFEST_BUILD}-${config:flavour:-plain}",
        url: url("1.0"),
        minDisk: "${config:size}",
      },
    };
    const plain = Array.from({ length: count - Object.keys(special).length }, (_, index) => [
      plainKey(index + 1),
      { url: url("1.0") },
    ]);
    return {
      defaults: {
        osDistro: "ubuntu",
        version: "1.0",
        keep: 2,
        tags: { team: "platform" },
        source: { bucket: "images" },
      },
      images: {
        ...special,
        ...(Object.fromEntries(plain) as Record<string, Args>),
        gone: { url: url("9.0") },
      },
      channels: {
        "one/stable": { image: plainKey(1), version: "1.0" },
        "one/latest": { image: plainKey(1) },
        "base/latest": { image: "base" },
      },
      stacks: {
        test: {
          defaults: { minRam: 1 },
          images: { overridden: { minDisk: 5, tags: { team: "override" } }, gone: null },
          channels: { "server/latest": { image: "server" } },
        },
        production: { images: { overridden: { minDisk: 50 } } },
      },
    };
  }

  function declare(content: Manifest): void {
    const path = join(folder, "images.yaml");
    writeFileSync(path, stringify(content));
    stack.declare({ type: "ImagePipeline", name: "images", args: { manifest: path } });
  }

  /** How often each operation was asked for meanwhile; printed, as these are the figures of docs and reports. */
  async function calls(what: string, action: () => Promise<unknown>): Promise<Record<string, number>> {
    const before = cloud.stats();
    await action();
    const since = Object.entries(cloud.stats())
      .map(([operation, times]): [string, number] => [operation, times - (before[operation] ?? 0)])
      .filter(([, times]) => times > 0);
    const all = since.reduce((sum, [, times]) => sum + times, 0);
    told.push(
      `${what}: ${all} calls: ${since.map(([operation, times]) => `${times} ${operation}`).join(", ")}`,
    );
    return Object.fromEntries(since);
  }
  const told: string[] = [];
  afterAll(() => {
    process.stderr.write(`A manifest of ${count} images\n${told.map((line) => `  ${line}\n`).join("")}`);
  });

  const up = (content: Manifest) => {
    declare(content);
    return succeed(stack.up());
  };
  const writes = (counted: Record<string, number>) =>
    Object.fromEntries(Object.entries(counted).filter(([operation]) => !reading.test(operation)));
  const named = (name: string) => cloud.images().filter((image) => image.name === name);
  const ids = () =>
    cloud
      .images()
      .map(({ id }) => id)
      .sort();
  const targets = async () => (await stack.outputs()).images?.channels as Record<string, { imageId: string }>;
  const channelsOf = (id: string): Record<string, string> =>
    Object.fromEntries(
      (cloud.images().find((image) => image.id === id)?.tags ?? [])
        .filter(({ key }) => key.includes(":channel:"))
        .map(({ key, value }) => [key.split(":channel:")[1] ?? key, value]),
    );

  test(`the life of a manifest of ${count} images`, async () => {
    const content = manifest();
    const one = plainKey(1);

    // All are made, each as its entry, the defaults and the stack's overrides say.
    const made = await calls("up", () => up(content));
    expect(cloud.images()).toHaveLength(count);
    expect(new Set(cloud.images().map(({ status }) => status))).toEqual(new Set(["active"]));
    expect(made).toMatchObject({ createImage: count - 3, createVirtualServerCustomImage: 1 });
    expect(named(one)).toMatchObject([{ os_distro: "ubuntu", min_disk: 0, min_ram: 1, protected: false }]);
    expect(named("source")).toMatchObject([{ status: "active", min_ram: 1 }]);
    expect(named("server")).toHaveLength(1);
    expect(named("by-hand")).toMatchObject([{ id: takenOver, min_ram: 1 }]);
    expect(named("somebody-else-s")).toMatchObject([{ id: lookedUp, min_ram: 0, tags: [] }]);
    expect(named("protected")).toMatchObject([{ protected: true }]);
    expect(named("shared")).toMatchObject([{ visibility: "shared", members: [{ member_id: second }] }]);
    expect(named("tagged")[0]?.tags).toEqual([{ key: "stack", value: "test" }]);
    expect(named("overridden")).toMatchObject([{ min_disk: 5, tags: [{ key: "team", value: "override" }] }]);
    expect(named("build-7-plain")).toMatchObject([{ min_disk: 4 }]);
    const [first] = named(one);
    expect(channelsOf(first!.id)).toEqual({ "one/stable": "1.0", "one/latest": "1.0" });
    expect(await targets()).toMatchObject({
      "one/stable": { imageId: first!.id },
      "one/latest": { imageId: first!.id },
      "base/latest": { imageId: lookedUp },
      "server/latest": { imageId: named("server")[0]!.id },
    });

    // Nothing to do.
    const idle = await calls("up, nothing changed", () => succeed(stack.up({ expectNoChanges: true })));
    expect(writes(idle)).toEqual({});
    await calls("refresh", () => succeed(stack.refresh({ previewOnly: true, expectNoChanges: true })));

    // One is changed: one is made, and the one before stays.
    content.images[one] = { url: url("2.0"), version: "2.0" };
    const before = ids();
    imagesWritten();
    const changed = await calls("up, one changed", () => up(content));
    const next = named(one).find(({ id }) => id !== first!.id);
    expect(ids()).toEqual([...before, next!.id].sort());
    expect(changed).toMatchObject({ createImage: 1 });
    expect(imagesWritten()).toEqual(new Set([next!.id]));
    expect(changed.listImages ?? 0).toBeLessThanOrEqual((idle.listImages ?? 0) + 2);
    expect(channelsOf(next!.id)).toEqual({ "one/latest": "2.0" });
    expect(channelsOf(first!.id)).toEqual({ "one/stable": "1.0" });

    // Another key, and the same images.
    const { [one]: entry, ...others } = content.images;
    content.images = { ...others, renamed: { ...entry, name: one, renamedFrom: one } };
    content.channels["one/stable"] = { image: "renamed", version: "1.0" };
    content.channels["one/latest"] = { image: "renamed" };
    const renamed = await calls("up, one renamed", () => up(content));
    expect(writes(renamed)).toEqual({});
    expect(ids()).toEqual([...before, next!.id].sort());

    // Promoted, and rolled back: tags, and nothing else.
    for (const [what, version, id] of [
      ["promoted", "2.0", next!.id],
      ["rolled back", "1.0", first!.id],
    ] as const) {
      content.channels["one/stable"] = { image: "renamed", version };
      const moved = await calls(`up, a channel ${what}`, () => up(content));
      expect(Object.keys(writes(moved)).filter((operation) => !/tag/i.test(operation))).toEqual([]);
      expect((await targets())["one/stable"]).toMatchObject({ imageId: id, version });
      expect(channelsOf(id)).toMatchObject({ "one/stable": version });
    }
    expect(channelsOf(next!.id)).toEqual({ "one/latest": "2.0" });

    // Taken out, it takes its generations along, and no other image.
    content.images = Object.fromEntries(Object.entries(content.images).filter(([key]) => key !== "renamed"));
    delete content.channels["one/stable"];
    delete content.channels["one/latest"];
    const removed = await calls("up, one taken out", () => up(content));
    expect(removed).toMatchObject({ deleteImage: 2 });
    expect(ids()).toEqual(before.filter((id) => id !== first!.id));

    // Of two that changed, the one that is asked for.
    const [two, three] = [plainKey(2), plainKey(3)];
    content.images[two] = { url: url("3.0"), version: "3.0" };
    content.images[three] = { url: url("3.0"), version: "3.0" };
    if (stack.upTarget) {
      declare(content);
      const { upTarget } = stack;
      const asked = await calls(`up --target, one of two changed`, () => upTarget(`**::${two}`));
      expect(asked).toMatchObject({ createImage: 1 });
      expect([named(two).length, named(three).length]).toEqual([2, 1]);
    }
    await up(content);
    expect([named(two).length, named(three).length]).toEqual([2, 2]);

    // All go, but what is somebody else's.
    content.images.protected!.protected = false;
    await up(content);
    await calls("destroy", () => succeed(stack.destroy()));
    expect(ids()).toEqual([lookedUp]);
  });

  let seen = 0;
  /** The images that anything but a tag was written to since this was asked last. */
  function imagesWritten(): Set<string | undefined> {
    const requests = cloud.requests().filter(({ operation, imageId }) => imageId && !reading.test(operation));
    const fresh = requests.slice(seen);
    seen = requests.length;
    return new Set(fresh.map(({ imageId }) => imageId));
  }
}
