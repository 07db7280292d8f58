import { startEmulator, type Emulator, type EmulatorOptions } from "../../emulator";
import type { Declaration } from "./program";
import { fail, succeed, type OpenStack, type TestStack } from "./stack";

const server = "4c2a8a0e-7d0b-4a53-9a3c-2f1d3c0a9b11";
const other = "4c2a8a0e-7d0b-4a53-9a3c-2f1d3c0a9b22";

// Where the emulator makes images of servers in steps, two more things can be seen here without a hand behind the back: an up that waits
// through `saving`, and one that ends because the image was taken away. What they look like, test/faults/server-image.test.ts shows.

/** The whole life of an image of a server, on whichever engine opens the stacks. Every claim is checked against what the emulator says. */
export function serverImageSuite(open: OpenStack, timeout: number): void {
  jest.setTimeout(timeout);

  let cloud: Emulator;
  let stack: TestStack;

  async function begin(options: EmulatorOptions = {}): Promise<void> {
    cloud = await startEmulator(options);
    stack = await open(cloud.env);
  }

  afterEach(async () => {
    stack.close();
    await cloud.close();
  });

  const declared = (
    name: string,
    more: Record<string, unknown> = {},
    options?: Declaration["options"],
  ): Declaration => ({ type: "ServerImage", name, args: { serverId: server, name, ...more }, options });

  async function expectNothingToDo(): Promise<void> {
    await succeed(stack.preview({ expectNoChanges: true }));
    await succeed(stack.preview({ refresh: true, expectNoChanges: true }));
    await succeed(stack.refresh({ previewOnly: true, expectNoChanges: true }));
  }

  const imageNamed = (name: string) => {
    const found = cloud.images().filter((one) => one.name === name);
    expect(found).toHaveLength(1);
    return found[0]!;
  };

  const writes = () => {
    const {
      createVirtualServerCustomImage: made = 0,
      importImage = 0,
      updateImage = 0,
      setTags = 0,
    } = cloud.stats();
    return { made, importImage, updateImage, setTags };
  };

  const order = () =>
    cloud
      .requests()
      .map(({ operation }) => operation)
      .filter((operation) => operation === "createVirtualServerCustomImage" || operation === "deleteImage");

  /** Makes an image old, also for the state: a new one may only be shown late. */
  async function age(id: string): Promise<void> {
    const longAgo = "2026-01-01T00:00:00Z";
    await cloud.setImage(id, { created_at: longAgo });
    const state = await stack.state();
    for (const resource of state.deployment.resources ?? []) {
      if (resource.id === id) {
        Object.assign(resource.outputs ?? {}, { createdAt: longAgo });
      }
    }
    await stack.importState(state);
  }

  const changes = {
    minRam: [{ minRam: 3 }, { min_ram: 3 }],
    protected: [{ protected: true }, { protected: true }],
    visibility: [{ visibility: "shared" }, { visibility: "shared" }],
    tags: [{ tags: { a: "1" } }, { tags: [{ key: "a", value: "1" }] }],
  } as const;
  const names = Object.keys(changes) as (keyof typeof changes)[];

  test("images are made, once each; nothing is left to do; each property changes in place; destroy leaves nothing", async () => {
    await begin();
    const whole = declared("whole", { minRam: 2, visibility: "shared", tags: { team: "web" } });
    const plain = names.map((name) => declared(name));
    stack.declare(whole, ...plain);
    await succeed(stack.preview());
    expect(cloud.images()).toEqual([]);
    await succeed(stack.up());
    expect(cloud.images()).toHaveLength(5);
    expect(imageNamed("whole")).toMatchObject({
      status: "active",
      min_ram: 2,
      visibility: "shared",
      tags: [{ key: "team", value: "web" }],
    });
    const disk = imageNamed("whole").min_disk;
    expect(disk).toBeGreaterThan(0);
    const { whole: outputs } = await stack.outputs();
    expect(outputs).toMatchObject({
      id: imageNamed("whole").id,
      serverId: server,
      name: "whole",
      status: "active",
      minRam: 2,
      minDisk: disk,
      protected: false,
      tags: { team: "web" },
      region: "kr-west1",
      owner: cloud.options.accountId,
      createdAt: imageNamed("whole").created_at,
      volumes: [{ deviceName: "/dev/vda", volumeSize: disk, bootIndex: 0 }],
    });
    expect(writes()).toEqual({ made: 5, importImage: 0, updateImage: 1, setTags: 1 });
    await expectNothingToDo();
    const state = JSON.stringify(await stack.state());
    expect(state).toContain("pulumi-scp-images/runtime/server-image-record");
    expect(state).not.toContain(cloud.options.accessKey);
    expect(state).not.toContain(cloud.options.secretKey);

    const before = new Map(names.map((name) => [name, imageNamed(name).id]));
    stack.declare(whole, ...names.map((name) => declared(name, changes[name][0])));
    await succeed(stack.up());
    for (const name of names) {
      expect(imageNamed(name)).toMatchObject({ id: before.get(name), ...changes[name][1] });
    }
    expect(writes()).toEqual({ made: 5, importImage: 0, updateImage: 4, setTags: 2 });
    await expectNothingToDo();

    stack.declare(whole, ...plain);
    await succeed(stack.up());
    expect(imageNamed("minRam").min_ram).toBe(0);
    expect(imageNamed("protected").protected).toBe(false);
    expect(imageNamed("visibility").visibility).toBe("private");
    expect(imageNamed("tags").tags).toEqual(changes.tags[1].tags);
    expect(writes().made).toBe(5);
    await succeed(stack.destroy());
    expect(cloud.images()).toEqual([]);
  });

  test("another name or server replaces: the new image first, then the old one goes, and nobody is told of it as left", async () => {
    await begin();
    stack.declare(declared("name"), declared("server"));
    await succeed(stack.up());
    const old = cloud.images().map(({ id }) => id);
    stack.declare(
      { ...declared("name"), args: { serverId: server, name: "renamed" } },
      declared("server", { serverId: other }),
    );
    await succeed(stack.preview());
    expect(cloud.images().map(({ id }) => id)).toEqual(old);
    expect(await succeed(stack.up())).not.toContain("There is an image of this name already");
    expect(
      cloud
        .images()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(["renamed", "server"]);
    expect(cloud.images().filter(({ id }) => old.includes(id))).toEqual([]);
    expect(order()).toEqual([
      ...Array<string>(4).fill("createVirtualServerCustomImage"),
      ...Array<string>(2).fill("deleteImage"),
    ]);
    const paths = cloud.requests().map(({ path }) => path);
    expect(paths.filter((path) => path === `/v1/servers/${other}/images`)).toHaveLength(1);
    await expectNothingToDo();
  });

  test("a protected one is neither replaced nor destroyed; preview says so of the replacement", async () => {
    await begin();
    stack.declare(declared("golden", { protected: true }));
    await succeed(stack.up());
    stack.declare(declared("golden", { protected: true, serverId: other }));
    expect(await fail(stack.preview())).toContain("which is protected: SCP would refuse to delete it");
    stack.declare(declared("golden", { protected: true }));
    expect(await fail(stack.destroy())).toContain("Set its property protected to false");
    stack.declare(declared("golden"));
    await succeed(stack.up());
    await succeed(stack.destroy());
    expect(cloud.images()).toEqual([]);
  });

  test("what was changed or deleted behind its back is seen by refresh and mended by up", async () => {
    await begin();
    const whole = declared("changed", { minRam: 1, tags: { a: "1" } });
    stack.declare(whole, declared("deleted"));
    await succeed(stack.up());
    const { id } = imageNamed("changed");
    const gone = imageNamed("deleted").id;
    await age(gone);
    await cloud.setImage(id, { min_ram: 9, visibility: "shared", protected: true });
    await cloud.setTags(id, [{ key: "b", value: "2" }]);
    await cloud.removeImage(gone);
    await fail(stack.preview({ refresh: true, expectNoChanges: true }));
    await succeed(stack.refresh());
    const { deployment } = await stack.state();
    const records = deployment.resources?.filter(({ type }) => type.endsWith("scp:ServerImageRecord")) ?? [];
    expect(records).toHaveLength(1);
    expect(records[0]?.outputs).toMatchObject({
      minRam: 9,
      visibility: "shared",
      protected: true,
      tags: { b: "2" },
    });
    await succeed(stack.up());
    expect(imageNamed("changed")).toMatchObject({
      id,
      min_ram: 1,
      visibility: "private",
      protected: false,
      tags: [{ key: "a", value: "1" }],
    });
    expect(imageNamed("deleted").id).not.toBe(gone);
    await succeed(stack.preview({ refresh: true, expectNoChanges: true }));
    await succeed(stack.destroy());
    expect(cloud.images()).toEqual([]);
  });

  test("it is in the state before it is waited for, and done when it is active and as declared", async () => {
    await begin();
    const golden = (more: Record<string, unknown>) => declared("golden", { protected: true, ...more });
    stack.declare(golden({ minRam: 4, tags: { a: "1" } }));
    const refused = cloud.faults.add({
      kind: "status",
      operation: "showImage",
      times: "always",
      status: 403,
    });
    await fail(stack.up());
    cloud.faults.clear(refused.id);
    const { id } = imageNamed("golden");
    expect(imageNamed("golden")).toMatchObject({ min_ram: 0, protected: false, tags: [] });
    expect((await stack.state()).deployment.resources?.map((resource) => resource.id)).toContain(id);

    await cloud.setImage(id, { status: "saving" });
    stack.declare(golden({ minRam: 4, tags: { a: "1" }, timeouts: { create: "1s" } }));
    expect(await fail(stack.up())).toMatch(/not active after 1 s\. Seen: \d+ saving/);
    await cloud.setImage(id, { status: "active" });
    stack.declare(golden({ minRam: 5, tags: { a: "2" } }));
    await succeed(stack.up());
    expect(imageNamed("golden")).toMatchObject({
      id,
      min_ram: 5,
      protected: true,
      tags: [{ key: "a", value: "2" }],
    });
    expect(writes().made).toBe(1);
    await expectNothingToDo();
  });

  test("the resource options reach the part that they mean", async () => {
    await begin();
    stack.declare(declared("golden", {}, { protect: true }));
    await succeed(stack.up());
    const { id } = imageNamed("golden");
    expect(await fail(stack.destroy())).toMatch(/protect/);
    stack.declare(
      declared("golden", { minRam: 5, serverId: other }, { ignoreChanges: ["minRam", "serverId"] }),
    );
    await succeed(stack.up());
    expect(imageNamed("golden")).toMatchObject({ id, min_ram: 0 });

    stack.declare(
      declared("golden", { minRam: 5 }, { replaceOnChanges: ["minRam"], deleteBeforeReplace: true }),
    );
    await succeed(stack.up());
    expect(imageNamed("golden").id).not.toBe(id);
    expect(imageNamed("golden").min_ram).toBe(5);
    expect(order().slice(-2)).toEqual(["deleteImage", "createVirtualServerCustomImage"]);

    const kept = imageNamed("golden").id;
    stack.declare({
      ...declared("golden", { minRam: 5 }, { aliases: [{ name: "golden" }], retainOnDelete: true }),
      name: "renamed",
    });
    await succeed(stack.up());
    expect(imageNamed("golden").id).toBe(kept);
    await succeed(stack.destroy());
    expect(imageNamed("golden").id).toBe(kept);
  });

  test("get looks an image up, all of it, and leaves it alone", async () => {
    await begin();
    stack.declare(declared("golden", {}, { retainOnDelete: true }));
    await succeed(stack.up());
    const { id, min_disk } = imageNamed("golden");
    stack.declare({ type: "ServerImage", name: "found", get: id });
    await succeed(stack.up());
    const { found } = await stack.outputs();
    expect(found).toMatchObject({ id, name: "golden", status: "active", minDisk: min_disk, minRam: 0 });
    await succeed(stack.destroy());
    expect(imageNamed("golden").id).toBe(id);
  });

  test("an image is taken over by its id, brought to what is declared, and deleted in the end; what does not agree is told in preview", async () => {
    await begin();
    stack.declare(declared("golden", { minRam: 9 }, { retainOnDelete: true }));
    await succeed(stack.up());
    await succeed(stack.destroy());
    const { id, min_disk } = imageNamed("golden");
    stack.declare(declared("golden", { imageId: id, name: "other" }));
    expect(await fail(stack.preview())).toContain(
      `image ${id} cannot be taken over: its name is "golden", not "other"`,
    );
    const file = { name: "golden", osDistro: "alma", url: cloud.objectUrl("images", "x.qcow2") };
    stack.declare({ type: "Image", name: "golden", args: { ...file, imageId: id, minDisk: 3 } });
    expect(await fail(stack.preview())).toContain(
      `its minDisk is ${min_disk}, not 3, and cannot change, since it was made from a server`,
    );
    const imported = "0f5b9a3e-0000-4000-8000-000000000001";
    await cloud.setImage(imported, { name: "golden", url: file.url });
    stack.declare(declared("golden", { imageId: imported }));
    expect(await fail(stack.preview())).toContain("it was not made from a server, but imported from");
    await cloud.removeImage(imported);

    stack.declare(declared("golden", { imageId: id, tags: { a: "1" } }));
    await succeed(stack.up());
    expect(imageNamed("golden")).toMatchObject({ id, min_ram: 0, tags: [{ key: "a", value: "1" }] });
    expect(writes().made).toBe(1);
    await expectNothingToDo();
    await succeed(stack.destroy());
    expect(cloud.images()).toEqual([]);
  });

  test("a wrong value is refused in preview, and what the server decides; nothing is asked of the cloud", async () => {
    await begin();
    stack.declare(declared("golden", { serverId: "../x", minDisk: 20, osDistro: "alma", colour: "red" }));
    const text = await fail(stack.preview());
    expect(text).toContain("serverId must be a server's id, a UUID");
    expect(text).toContain("minDisk cannot be stated: an image of a server needs the server's disk");
    expect(text).toContain("osDistro cannot be stated");
    expect(text).toContain('there is no property "colour"; there are serverId, name, minRam');
    expect(cloud.requests()).toEqual([]);
  });
}
