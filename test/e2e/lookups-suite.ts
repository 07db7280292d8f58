import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startEmulator, type Emulator } from "../../emulator";
import type { Declaration } from "./program";
import { fail, succeed, type OpenStack, type TestStack } from "./stack";

const file = readFileSync(join(__dirname, "../../examples/images/example.qcow2"));

const idOf = (number: number) => `0f5b9a3e-0000-4000-8000-${String(number).padStart(12, "0")}`;

/** Look-ups and pins on whichever engine opens the stacks. Images are made and deleted behind everybody's back. */
export function lookupsSuite(open: OpenStack, timeout: number): void {
  jest.setTimeout(timeout);

  let cloud: Emulator;
  let stack: TestStack;

  beforeEach(async () => {
    cloud = await startEmulator();
    stack = await open(cloud.env);
  });
  afterEach(async () => {
    stack.close();
    await cloud.close();
  });

  /** One of the vendor's, of that day of 2026. */
  async function standard(number: number, more: Parameters<Emulator["setImage"]>[1] = {}): Promise<string> {
    await cloud.setImage(idOf(number), {
      ...{ name: `Ubuntu 24.04 (${number})`, os_distro: "ubuntu", scp_image_type: "standard" },
      ...{ visibility: "public", owner: cloud.options.accounts[1]!.accountId },
      created_at: new Date(Date.UTC(2026, 0, number)).toISOString(),
      ...more,
    });
    return idOf(number);
  }

  const ubuntu = { osDistro: "ubuntu", scpImageType: "standard" };
  const pinned = (more = {}, name = "base"): Declaration => ({
    type: "ImagePin",
    name,
    args: { ...ubuntu, mostRecent: true, ...more },
  });
  const imageId = async (name = "base") => (await stack.outputs())[name]!.imageId;

  const ids = () => cloud.images().map(({ id }) => id);

  test("look-ups answer in preview and in up, and manage nothing", async () => {
    await standard(1);
    await standard(2);
    await standard(3, { os_distro: "rocky" });
    stack.declare(
      { type: "getImage", name: "newest", args: { ...ubuntu, mostRecent: true } },
      { type: "getImage", name: "known", args: { id: idOf(3) } },
      { type: "getImageOutput", name: "one", args: { name: "Ubuntu 24.04 (1)" } },
      { type: "getImages", name: "all", args: { nameRegex: "^Ubuntu", osDistro: "ubuntu" } },
    );
    await succeed(stack.preview());
    expect(cloud.stats()).toEqual({ listImages: 3, showImage: 1 });
    await succeed(stack.up());
    const { newest, known, one, all } = await stack.outputs();
    expect(newest!.found).toMatchObject({ id: idOf(2), osDistro: "ubuntu", status: "active" });
    expect([known!.found, one!.found]).toMatchObject([
      { id: idOf(3) },
      { id: idOf(1), visibility: "public" },
    ]);
    expect(all!.found).toMatchObject([{ id: idOf(2) }, { id: idOf(1) }]);
    expect(JSON.stringify(await stack.state())).not.toContain(cloud.options.secretKey);
    await succeed(stack.preview({ expectNoChanges: true }));
    await succeed(stack.destroy());
    expect(ids()).toEqual([idOf(1), idOf(2), idOf(3)]);
  });

  test("what is not known in preview is not looked up; in up it is, after what it depends on", async () => {
    await cloud.putObject("images", "golden.qcow2", file);
    const url = cloud.objectUrl("images", "golden.qcow2");
    stack.declare(
      { type: "Image", name: "golden", args: { name: "golden", osDistro: "alma", url } },
      { type: "getImageOutput", name: "byName", args: { name: { output: "golden.name" } } },
      {
        type: "getImageOutput",
        name: "after",
        args: { nameRegex: "^golden$" },
        options: { dependsOn: ["golden"] },
      },
    );
    await succeed(stack.preview());
    expect(cloud.stats().listImages).toBeUndefined();
    await succeed(stack.up());
    const { golden, byName, after } = await stack.outputs();
    expect([byName!.found, after!.found]).toMatchObject([{ id: golden!.id }, { id: golden!.id }]);
    await succeed(stack.preview({ expectNoChanges: true }));
  });

  test.each<[string, Declaration, RegExp]>([
    [
      "none",
      { type: "getImage", name: "x", args: { name: "ubuntu 24.04 (1)" } },
      /getImage: No image has name "ubuntu 24\.04 \(1\)", status "active" in region kr-west1, environment s\. Near: .*000001/,
    ],
    [
      "several",
      { type: "getImageOutput", name: "x", args: ubuntu },
      /getImage: 2 images have osDistro "ubuntu", .*000002.*000001.*Set mostRecent/,
    ],
    [
      "a wrong argument",
      { type: "getImages", name: "x", args: { nameRegex: "(" } },
      /getImages: nameRegex must be/,
    ],
    [
      "a missing setting",
      { type: "getImage", name: "x", args: { ...ubuntu, profile: "audit" } },
      /getImage: SCP setting accessKey of profile "audit" is missing/,
    ],
    ["none, for a pin", pinned({ name: "x" }), /No image has name "x"/],
    ["several, for a pin", pinned({ mostRecent: false }), /2 images have osDistro "ubuntu"/],
  ])("%s: preview ends with a sentence, without a stack trace", async (_, declaration, sentence) => {
    await standard(1);
    await standard(2);
    stack.declare(declaration);
    const began = performance.now();
    const text = await fail(stack.preview());
    expect(text).toMatch(sentence);
    expect(performance.now() - began).toBeLessThan(45_000); // Where Pulumi formats a stack, it takes more than a minute.
    expect(text).not.toMatch(/^ +at |unhandled|\.js:\d+/im);
    expect(await fail(stack.up())).toMatch(sentence);
  });

  test("a pin holds its image while newer ones appear, until it is told to let go; preview shows whom that may change", async () => {
    await standard(1);
    const follower = (): Declaration => pinned({ pin: { output: "base.imageId" } }, "follower");
    stack.declare(pinned({ pin: "one" }), follower());
    await succeed(stack.preview());
    await succeed(stack.up());
    expect((await stack.outputs()).base).toMatchObject({
      ...{ imageId: idOf(1), name: "Ubuntu 24.04 (1)", visibility: "public", osDistro: "ubuntu", pin: "one" },
      createdAt: "2026-01-01T00:00:00.000Z",
    });

    await standard(2);
    await succeed(stack.preview({ expectNoChanges: true }));
    await succeed(stack.up({ expectNoChanges: true }));
    await succeed(stack.refresh({ expectNoChanges: true }));
    await succeed(stack.preview({ expectNoChanges: true, refresh: true }));
    expect(await imageId()).toBe(idOf(1));

    stack.declare(pinned({ pin: "two" }), follower());
    const preview = await succeed(stack.preview());
    for (const name of ["base", "follower"]) {
      expect(preview).toMatch(new RegExp(`update ${name}|${name} +update`));
    }
    expect(await imageId()).toBe(idOf(1));
    await succeed(stack.up());
    expect([await imageId(), await imageId("follower")]).toEqual([idOf(2), idOf(2)]);
    await succeed(stack.preview({ expectNoChanges: true }));

    await standard(3, { os_distro: "rocky" });
    stack.declare(pinned({ pin: "two", osDistro: "rocky" }));
    await succeed(stack.up());
    expect(await imageId()).toBe(idOf(3));
    await succeed(stack.preview({ expectNoChanges: true, refresh: true }));

    await succeed(stack.destroy());
    expect(ids()).toEqual([idOf(1), idOf(2), idOf(3)]);
    expect(cloud.stats().deleteImage).toBeUndefined();
  });

  test("a pinned image that is gone is told, and no other is taken until that is said", async () => {
    await standard(1);
    stack.declare(pinned({ pin: "one" }));
    await succeed(stack.up());
    await standard(2);
    await cloud.removeImage(idOf(1));
    const sentence = `Image ${idOf(1)} (Ubuntu 24.04 (1)) is gone`;
    const wayOut = 'change pin, which is "one", or a filter';

    expect(await fail(stack.refresh({ previewOnly: true, expectNoChanges: true }))).toContain(sentence);
    const text = await succeed(stack.refresh());
    expect(text).toContain(sentence);
    expect(text).toContain(wayOut);
    await succeed(stack.refresh({ expectNoChanges: true }));
    expect(await succeed(stack.preview({ expectNoChanges: true }))).toContain(sentence);
    expect(await succeed(stack.up())).toContain(wayOut);
    const { resources = [] } = (await stack.state()).deployment;
    expect(resources.find(({ type }) => type.endsWith("scp:ImagePin"))?.outputs).toMatchObject({
      imageId: idOf(1),
      status: "deleted",
    });

    stack.declare(pinned({ pin: "two" }));
    await succeed(stack.up({ refresh: true }));
    expect(await imageId()).toBe(idOf(2));
    expect(await succeed(stack.preview({ refresh: true, expectNoChanges: true }))).not.toContain("is gone");

    // Gone when the stack goes: nothing keeps it from going.
    await cloud.removeImage(idOf(2));
    await succeed(stack.destroy());
    expect(ids()).toEqual([]);
  });

  test("among 1,000 images a look-up asks for a page, and whether there is another", async () => {
    for (let number = 1; number <= 1000; number += 1) {
      await standard(1000 + number, { created_at: new Date(Date.UTC(2026, 0, 1, 0, number)).toISOString() });
    }
    stack.declare(pinned());
    await succeed(stack.preview());
    expect(cloud.stats().listImages).toBe(2);
    await succeed(stack.up());
    expect(cloud.stats().listImages).toBe(6); // Check and create.
    expect(await imageId()).toBe(idOf(2000));

    stack.declare(pinned(), { type: "getImages", name: "all" });
    await succeed(stack.preview({ expectNoChanges: false }));
    expect(cloud.stats().listImages).toBe(8);
    await succeed(stack.up());
    expect(cloud.stats().listImages).toBe(10);
    expect((await stack.outputs()).all!.found).toHaveLength(1000);
  });
}
