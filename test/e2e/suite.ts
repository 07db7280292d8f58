import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startEmulator, type Emulator, type EmulatorOptions } from "../../emulator";
import type { Declaration } from "./program";
import { fail, succeed, type OpenStack, type TestStack } from "./stack";

const file = readFileSync(join(__dirname, "../../examples/images/example.qcow2"));

/** What md5sum, sha512sum and qemu-img info say of the example file. */
const known = {
  checksum: "f40c8e70eb655939e861d41da50e6498",
  osHashValue:
    "ffca64169a0c0fcdfb88dca86ebd04d13529beda64444fd9b60c01b4bb9c4acb1eb4171441285771e9fbdcae3c772928a5a18b0267865fabfa3548771c20ffde",
  size: 328192,
  virtualSize: 1073741824,
};

/** The whole life of an image, on whichever engine opens the stacks. Every claim is checked against what the emulator says. */
export function lifecycleSuite(open: OpenStack, timeout: number): void {
  jest.setTimeout(timeout);

  let cloud: Emulator;
  let stack: TestStack;

  async function begin(options: EmulatorOptions = {}): Promise<void> {
    cloud = await startEmulator({ importMs: 0, ...options });
    for (const key of ["golden.qcow2", "other.qcow2"]) {
      await cloud.putObject("images", key, file);
    }
    stack = await open(cloud.env);
  }

  afterEach(async () => {
    stack.close();
    await cloud.close();
  });

  const args = () => ({ name: "golden", osDistro: "alma", url: cloud.objectUrl("images", "golden.qcow2") });

  const golden = (more: Record<string, unknown> = {}, options?: Declaration["options"]): Declaration => ({
    type: "Image",
    name: "golden",
    args: { ...args(), ...more },
    options,
  });

  /** Makes an image old, also for the state: a new one may only be shown late. */
  async function age(id: string): Promise<void> {
    await cloud.setImage(id, { created_at: "2026-01-01T00:00:00Z" });
    await succeed(stack.refresh());
  }

  async function expectNothingToDo(): Promise<void> {
    await succeed(stack.preview({ expectNoChanges: true }));
    await succeed(stack.preview({ refresh: true, expectNoChanges: true }));
    await succeed(stack.refresh({ previewOnly: true, expectNoChanges: true }));
  }

  const image = () => {
    expect(cloud.images()).toHaveLength(1);
    return cloud.images()[0]!;
  };

  const writes = () => {
    const { createImage = 0, importImage = 0, updateImage = 0, deleteImage = 0, setTags = 0 } = cloud.stats();
    return { createImage, importImage, updateImage, deleteImage, setTags };
  };

  const declared = (
    name: string,
    more: Record<string, unknown> = {},
    options?: Record<string, unknown>,
  ): Declaration => ({
    type: "Image",
    name,
    args: { ...args(), name, ...more },
    options,
  });

  const imageNamed = (name: string) => {
    const found = cloud.images().filter((one) => one.name === name);
    expect(found).toHaveLength(1);
    return found[0]!;
  };

  test("images are made, once each; nothing is left to do; each property changes in place; destroy leaves nothing", async () => {
    await begin();
    const changes = {
      minDisk: [{ minDisk: 7 }, { min_disk: 7 }],
      minRam: [{ minRam: 3 }, { min_ram: 3 }],
      protected: [{ protected: true }, { protected: true }],
      visibility: [{ visibility: "shared" }, { visibility: "shared" }],
      tags: [
        { tags: { a: "1", b: "" } },
        {
          tags: [
            { key: "a", value: "1" },
            { key: "b", value: "" },
          ],
        },
      ],
    } as const;
    const names = Object.keys(changes) as (keyof typeof changes)[];
    const plain = names.map((name) => declared(name));
    const whole = declared("whole", { minDisk: 5, tags: { team: "web" } });
    stack.declare(whole, ...plain);
    await succeed(stack.up());

    expect(cloud.images()).toHaveLength(6);
    expect(imageNamed("whole")).toMatchObject({
      status: "active",
      os_distro: "alma",
      min_disk: 5,
      min_ram: 0,
      protected: false,
      visibility: "private",
      checksum: known.checksum,
      size: known.size,
      virtual_size: known.virtualSize,
    });
    expect((await stack.outputs()).whole).toMatchObject({
      id: imageNamed("whole").id,
      status: "active",
      osHashAlgo: "sha512",
      region: "kr-west1",
      environment: "s",
      minDisk: 5,
      tags: { team: "web" },
      owner: cloud.options.accountId,
      ...known,
    });
    await expectNothingToDo();
    expect(writes()).toEqual({ createImage: 6, importImage: 0, updateImage: 0, deleteImage: 0, setTags: 0 });
    const state = JSON.stringify(await stack.state());
    expect(state).toContain("pulumi-scp-images/runtime/image-record");
    expect(state).not.toContain(cloud.options.accessKey);
    expect(state).not.toContain(cloud.options.secretKey);

    const before = new Map(names.map((name) => [name, imageNamed(name).id]));
    stack.declare(whole, ...names.map((name) => declared(name, changes[name][0])));
    await succeed(stack.up());
    for (const name of names) {
      const now = cloud.images().find((image) => image.id === before.get(name));
      expect(now).toMatchObject({
        name,
        status: "active",
        ...changes[name][1],
      });
    }
    expect(writes()).toEqual({ createImage: 6, importImage: 0, updateImage: 4, deleteImage: 0, setTags: 1 });
    await expectNothingToDo();

    // What is taken out of the program goes back to its default; tags are left alone from then on.
    stack.declare(whole, ...plain);
    await succeed(stack.up());
    expect(imageNamed("minDisk").min_disk).toBe(0);
    expect(imageNamed("protected").protected).toBe(false);
    expect(imageNamed("tags").tags).toEqual(changes.tags[1].tags);
    await succeed(stack.destroy());
    expect(cloud.images()).toEqual([]);
  });

  test("a changed name, osDistro or url replaces: the new image first, then the old one goes", async () => {
    await begin();
    const other = cloud.objectUrl("images", "other.qcow2");
    stack.declare(declared("name"), declared("osDistro"), declared("url"));
    await succeed(stack.up());
    const old = cloud.images().map(({ id }) => id);

    stack.declare(
      { ...declared("name"), args: { ...args(), name: "renamed" } },
      declared("osDistro", { osDistro: "rocky" }),
      declared("url", { url: other }),
    );
    await succeed(stack.preview());
    expect(cloud.images().map(({ id }) => id)).toEqual(old);
    await succeed(stack.up());

    expect(cloud.images()).toHaveLength(3);
    expect(cloud.images().filter(({ id }) => old.includes(id))).toEqual([]);
    expect(imageNamed("renamed")).toMatchObject({ status: "active", os_distro: "alma", url: args().url });
    expect(imageNamed("osDistro")).toMatchObject({ status: "active", os_distro: "rocky", url: args().url });
    expect(imageNamed("url")).toMatchObject({ status: "active", os_distro: "alma", url: other });
    const order = cloud
      .requests()
      .map(({ operation }) => operation)
      .filter((operation) => operation === "createImage" || operation === "deleteImage");
    expect(order).toEqual([...Array<string>(6).fill("createImage"), ...Array<string>(3).fill("deleteImage")]);
    await succeed(stack.preview({ expectNoChanges: true }));
  });

  test("what was changed or deleted behind its back is seen by refresh and mended by up", async () => {
    await begin();
    stack.declare(declared("changed", { minRam: 1 }), declared("deleted"));
    await succeed(stack.up());
    const { id } = imageNamed("changed");
    const gone = imageNamed("deleted").id;

    await age(gone);
    await cloud.setImage(id, { min_ram: 9, visibility: "shared", protected: true });
    await cloud.removeImage(gone);
    await fail(stack.preview({ refresh: true, expectNoChanges: true }));
    await succeed(stack.refresh());
    const { deployment } = await stack.state();
    const records = deployment.resources?.filter(({ type }) => type.endsWith("scp:ImageRecord")) ?? [];
    expect(records).toHaveLength(1);
    expect(records[0]?.outputs).toMatchObject({ minRam: 9, visibility: "shared", protected: true });

    await succeed(stack.up());
    expect(imageNamed("changed")).toMatchObject({ id, min_ram: 1, visibility: "private", protected: false });
    expect(imageNamed("deleted").status).toBe("active");
    expect(imageNamed("deleted").id).not.toBe(gone);
    await succeed(stack.preview({ refresh: true, expectNoChanges: true }));
  });

  test("destroy takes an image for deleted that is gone already, and refuses a protected one", async () => {
    await begin();
    stack.declare(declared("protected", { protected: true }));
    await succeed(stack.up());
    expect(await fail(stack.destroy())).toContain(
      "is protected, so it is not deleted. Set its property protected to false",
    );
    const { id } = imageNamed("protected");

    await age(id);
    await cloud.removeImage(id);
    await succeed(stack.destroy());
    expect(cloud.images()).toEqual([]);
  });

  test("where a record waits for the import operation, the import is started; what depends on an image waits for it", async () => {
    await begin({ importsBy: "import" });
    stack.declare(declared("first"), declared("second", {}, { dependsOn: ["first"] }));
    await succeed(stack.up());
    expect(imageNamed("first").status).toBe("active");
    expect(imageNamed("second").status).toBe("active");
    const order = cloud
      .requests()
      .map(({ operation }) => operation)
      .filter((operation) => operation === "createImage" || operation === "importImage");
    expect(order).toEqual(["createImage", "importImage", "createImage", "importImage"]);
  });

  test("ImageImport alone imports into a record that exists, and refuses another file afterwards", async () => {
    await begin({ importsBy: "import" });
    // A record that something else made, long enough ago that no import will start by itself.
    const { id } = await cloud.setImage("0f5b9a3e-0000-4000-8000-000000000001", {
      ...{ name: "by-hand", status: "queued", url: null, created_at: "2026-01-01T00:00:00Z" },
      ...{ checksum: null, size: null, virtual_size: null, os_hash_value: null },
    });
    const declare = (key: string, more = {}) => {
      const url = cloud.objectUrl("images", key);
      stack.declare({ type: "ImageImport", name: "file", args: { imageId: id, url, ...more } });
    };
    declare("golden.qcow2");
    await succeed(stack.up());
    expect(image()).toMatchObject({ id, status: "active", checksum: known.checksum });
    expect(writes()).toMatchObject({ createImage: 0, importImage: 1 });
    await succeed(stack.preview({ expectNoChanges: true, refresh: true }));

    declare("other.qcow2");
    expect(await fail(stack.preview())).toContain("an active image cannot be imported into again");

    declare("golden.qcow2", { timeouts: { create: "30m" } });
    await succeed(stack.up());
    expect(writes()).toMatchObject({ importImage: 1, updateImage: 0 });

    await succeed(stack.destroy());
    expect(cloud.images()).toEqual([]);
  });

  test("an import that keeps failing ends with an error; with the file mended, the next up goes on with the same image", async () => {
    await begin();
    await cloud.putObject("images", "broken.qcow2", Buffer.from("no qcow2 at all"));
    const url = cloud.objectUrl("images", "broken.qcow2");
    stack.declare(golden({ url, timeouts: { create: "3s" } }));
    const text = await fail(stack.up());
    expect(text).toMatch(
      /fell back to queued after each of \d imports|is not active after 3 s\. Seen: \d+ queued/,
    );
    const { id } = image();

    await cloud.putObject("images", "broken.qcow2", file);
    stack.declare(golden({ url }));
    await succeed(stack.up());
    expect(image()).toMatchObject({ id, status: "active" });
    expect(writes()).toMatchObject({ createImage: 1 });
  });

  test("get looks an image up, all of it, and leaves it alone", async () => {
    await begin();
    const { id } = await cloud.setImage("0f5b9a3e-0000-4000-8000-000000000002", {
      name: "public",
      visibility: "public",
    });
    stack.declare({ type: "Image", name: "found", get: id });
    await succeed(stack.up());
    const { found } = await stack.outputs();
    expect(found).toMatchObject({ id, name: "public", visibility: "public", status: "active" });
    await succeed(stack.destroy());
    expect(image().id).toBe(id);

    stack.declare({ type: "Image", name: "missing", get: "0f5b9a3e-0000-4000-8000-00000000dead" });
    expect(await fail(stack.up())).toContain("404 not found");
  });

  test("a wrong value is refused in preview, and nothing is asked of the cloud", async () => {
    await begin();
    stack.declare(
      golden({ osDistro: "debian", url: `${args().url}?X-Amz-Signature=1`, colour: "red", minDisk: -1 }),
    );
    const text = await fail(stack.preview());
    expect(text).toContain("osDistro must be one of alma, centos");
    expect(text).toContain("url must have no query");
    expect(text).toContain('there is no property "colour"');
    expect(text).toContain("minDisk must be a whole number");
    expect(cloud.requests()).toEqual([]);
  });

  test("the resource options reach the part that they mean", async () => {
    await begin();
    stack.declare(golden({}, { protect: true }));
    await succeed(stack.up());
    const { id } = image();
    expect(await fail(stack.destroy())).toMatch(/protect/);
    expect(image().id).toBe(id);

    // A change that is to be ignored, in a part.
    stack.declare(
      golden(
        { minRam: 5, url: cloud.objectUrl("images", "other.qcow2") },
        { ignoreChanges: ["minRam", "url"] },
      ),
    );
    await succeed(stack.up());
    expect(image()).toMatchObject({ id, min_ram: 0, url: args().url });

    // A change in place that is to replace; the old one first.
    stack.declare(golden({ minRam: 5 }, { replaceOnChanges: ["minRam"], deleteBeforeReplace: true }));
    await succeed(stack.up());
    expect(image()).toMatchObject({ status: "active", min_ram: 5 });
    expect(image().id).not.toBe(id);
    const order = cloud.requests().map(({ operation }) => operation);
    expect(order.lastIndexOf("createImage")).toBeGreaterThan(order.lastIndexOf("deleteImage"));

    // Another name in the program for the same image, and kept when it leaves the program.
    const kept = image().id;
    stack.declare({
      ...golden({ minRam: 5 }, { aliases: [{ name: "golden" }], retainOnDelete: true }),
      name: "renamed",
    });
    await succeed(stack.up());
    expect(image().id).toBe(kept);
    await succeed(stack.destroy());
    expect(image().id).toBe(kept);
  });
}
