import { Image } from "pulumi-scp-images";
import { startEmulator, type Emulator } from "../../emulator";
import type { Declaration } from "./program";
import { openEmbedded, type TestStack } from "./stack";

const id = "0f5b9a3e-0000-4000-8000-000000000001";
let cloud: Emulator;
let stack: TestStack;

beforeEach(async () => {
  cloud = await startEmulator();
  stack = await openEmbedded(cloud.env);
  await cloud.setImage(id, {
    name: "by-hand",
    os_distro: "alma",
    url: cloud.objectUrl("images", "x.qcow2"),
    min_ram: 9,
  });
});
afterEach(async () => {
  stack.close();
  await cloud.close();
});

const image = (more = {}): Declaration => ({
  type: "Image",
  name: "golden",
  args: {
    name: "by-hand",
    osDistro: "alma",
    url: cloud.objectUrl("images", "x.qcow2"),
    imageId: id,
    ...more,
  },
});

test("an image that exists is taken over by its id, brought to what is declared, and deleted in the end", async () => {
  stack.declare(image({ minDisk: 3, tags: { a: "b" } }));
  expect(await stack.up()).toMatchObject({ ok: true });
  expect(cloud.images()).toHaveLength(1);
  expect(cloud.images()[0]).toMatchObject({ id, min_disk: 3, min_ram: 0 });
  expect(cloud.images()[0]?.tags).toContainEqual({ key: "a", value: "b" });
  expect((await stack.preview({ refresh: true, expectNoChanges: true })).ok).toBe(true);

  // Said once, it need not be said again.
  stack.declare(image({ minDisk: 3, tags: { a: "b" }, imageId: undefined }));
  expect((await stack.up()).ok).toBe(true);
  expect(cloud.images()).toMatchObject([{ id, min_disk: 3 }]);
  expect((await stack.preview({ refresh: true, expectNoChanges: true })).ok).toBe(true);

  expect((await stack.destroy()).ok).toBe(true);
  expect(cloud.images()).toEqual([]);
});

test("what is not as declared, and never can be, is refused in preview; so is an id that is none", async () => {
  stack.declare(image({ osDistro: "rocky" }));
  const preview = await stack.preview();
  expect(preview.ok).toBe(false);
  expect(preview.text).toContain(`image ${id} cannot be taken over: its osDistro is "alma", not "rocky"`);

  stack.declare(image({ imageId: "0f5b9a3e-0000-4000-8000-00000000dead" }));
  expect((await stack.preview()).text).toContain("404 not found");
  const { createImage, updateImage, setTags } = cloud.stats();
  expect({ createImage, updateImage, setTags }).toEqual({});
});

test("the resource option import is refused with what to do instead", () => {
  const args = { name: "by-hand", osDistro: "alma", url: cloud.objectUrl("images", "x.qcow2") } as const;
  expect(() => new Image("golden", args, { import: id })).toThrow(
    /the resource option import does not work for dynamic resources.*give its id as the property imageId/,
  );
});

test("tags are left alone where the program says nothing of them; an empty map says that there are none", async () => {
  await cloud.setTags(id, [{ key: "team", value: "web" }]);
  stack.declare(image());
  expect(await stack.up()).toMatchObject({ ok: true });
  expect(cloud.images()[0]?.tags).toEqual([{ key: "team", value: "web" }]);
  stack.declare(image({ tags: {} }));
  expect(await stack.up()).toMatchObject({ ok: true });
  expect(cloud.images()[0]?.tags).toEqual([]);
  expect(await stack.preview({ expectNoChanges: true, refresh: true })).toMatchObject({ ok: true });
});
