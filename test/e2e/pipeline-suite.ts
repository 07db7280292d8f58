import { pipelineWorld } from "./pipeline-world";
import { fail, succeed, type OpenStack } from "./stack";

/** Generations, and channels that point at them, on whichever engine opens the stacks. */
export function pipelineSuite(open: OpenStack, timeout: number): void {
  jest.setTimeout(timeout);

  const world = pipelineWorld(open);
  const { entry, pipeline, names, channelTags, targets, idOf, up } = world;

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

    world.stack.declare(pipeline({ ubuntu: entry(3) }, stable("3.0")));
    const before = await succeed(world.stack.preview());
    expect(before).toContain(`not kept, and deleted by this change: 1.0 (image ${idOf("ubuntu-1")})`);
    // The embedded engine writes "update ubuntu", the CLI "ubuntu update".
    expect(before).toMatch(/update ubuntu|ImageGenerations ubuntu update/);
    await up(pipeline({ ubuntu: entry(3) }, stable("3.0")));
    expect(names()).toEqual(["ubuntu-2", "ubuntu-3"]);
    expect(channelTags()).toEqual(["ubuntu-3 pulumi-scp-images:channel:ubuntu/stable 3.0"]);

    await up(pipeline({ ubuntu: entry(3, { keep: 0 }) }));
    expect(names()).toEqual(["ubuntu-3"]);
    expect(channelTags()).toEqual([]);
    await succeed(world.stack.destroy());
    expect(names()).toEqual([]);
  });

  test("a channel that names what is not kept is refused in preview", async () => {
    await up(pipeline({ ubuntu: entry(1) }));
    world.stack.declare(
      pipeline({ ubuntu: entry(2) }, { "ubuntu/stable": { image: "ubuntu", version: "0.9" } }),
    );
    const text = await fail(world.stack.preview());
    expect(text).toContain(
      'channel "ubuntu/stable" names version "0.9", which is not kept; there are "2.0", "1.0".',
    );
    expect(names()).toEqual(["ubuntu-1"]);
  });

  test("what is protected stays; lifting it lifts it of all", async () => {
    await up(pipeline({ ubuntu: entry(1, { protected: true, keep: 0 }) }));
    await up(pipeline({ ubuntu: entry(2, { protected: true, keep: 0 }) }));
    expect(names()).toEqual(["ubuntu-1", "ubuntu-2"]);
    await fail(world.stack.destroy());
    expect(names()).toEqual(["ubuntu-1", "ubuntu-2"]);
    await up(pipeline({ ubuntu: entry(2, { protected: false, keep: 0 }) }));
    expect(names()).toEqual(["ubuntu-2"]);
    await succeed(world.stack.destroy());
    expect(names()).toEqual([]);
  });

  test("what somebody deleted is forgotten, and what a channel lost is set again", async () => {
    const stable = { "ubuntu/stable": { image: "ubuntu" } };
    await up(pipeline({ ubuntu: entry(1) }, stable));
    await up(pipeline({ ubuntu: entry(2) }, stable));
    await world.cloud.setImage(idOf("ubuntu-1")!, { created_at: "2026-01-01T00:00:00Z" });
    await succeed(world.stack.refresh()); // Now the state knows that it is old: a new one may only be shown late.
    await world.cloud.setTags(idOf("ubuntu-2")!, []);
    expect(channelTags()).toEqual([]);
    await world.cloud.removeImage(idOf("ubuntu-1")!);
    await succeed(world.stack.refresh());
    await up(pipeline({ ubuntu: entry(2) }, stable));
    expect(channelTags()).toEqual(["ubuntu-2 pulumi-scp-images:channel:ubuntu/stable 2.0"]);
    await up(pipeline({ ubuntu: entry(3) }, stable));
    expect(names()).toEqual(["ubuntu-2", "ubuntu-3"]);
  });

  test("a rename changes nothing, and an entry that is taken out takes all its generations with it", async () => {
    await up(pipeline({ ubuntu: entry(1), other: entry(3) }));
    await up(pipeline({ ubuntu: entry(2), other: entry(3) }));
    const ids = world.cloud
      .images()
      .map(({ id }) => id)
      .sort();
    await up(pipeline({ other: entry(3), noble: { ...entry(2), renamedFrom: "ubuntu" } }));
    expect(
      world.cloud
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

  test("a channel is read by its tag; one that no image carries is told", async () => {
    const channels = { "ubuntu/stable": { image: "ubuntu", version: "1.0" } };
    await up(pipeline({ ubuntu: entry(1) }, channels));
    const second = pipeline({ ubuntu: entry(2) }, channels);
    await up(second);
    world.stack.declare(second, { type: "getChannel", name: "read", args: { name: "ubuntu/stable" } });
    await succeed(world.stack.up());
    const { read } = await world.stack.outputs();
    expect(read?.found).toMatchObject({
      imageId: idOf("ubuntu-1"),
      version: "1.0",
      image: { name: "ubuntu-1" },
    });
    world.stack.declare(second, { type: "getChannel", name: "read", args: { name: "ubuntu/edge" } });
    expect(await fail(world.stack.preview())).toContain('carries the tag of channel "ubuntu/edge"');
  });

  test("images that a program declared by itself become entries, and nothing of them changes", async () => {
    const args = (number: number) => {
      const { name, url } = entry(number);
      return { name, url, osDistro: "ubuntu" };
    };
    await up({ type: "Image", name: "ubuntu", args: args(1) });
    const before = idOf("ubuntu-1");
    const { args: read } = pipeline({ jammy: entry(1, { renamedFrom: "ubuntu" }) });
    await up({ type: "ImagePipeline", name: "images", args: { ...read, adoptTopLevel: true } });
    expect(idOf("ubuntu-1")).toBe(before);
    await up(pipeline({ jammy: entry(2) }));
    expect(names()).toEqual(["ubuntu-1", "ubuntu-2"]);
    expect(idOf("ubuntu-1")).toBe(before);
    await succeed(world.stack.destroy());
    expect(names()).toEqual([]);
  });
}
