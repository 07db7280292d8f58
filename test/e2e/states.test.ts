import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startEmulator, type RawImage } from "../../emulator";
import { createStack, type StateDocument } from "../../engine";
import { cleanEnv } from "../../tools/run/cli";

interface Recorded {
  /** The images as the emulator had them. */
  images: RawImage[];
  /** What `pulumi stack export` told. */
  state: StateDocument;
}

/** What the emulator tells of an image that is no field to set. */
const internal = new Set([
  "id",
  "tags",
  "members",
  "importRunning",
  "importsStarted",
  "importsFailed",
  "importError",
]);

const folder = join(__dirname, "states");

test.each(readdirSync(folder).filter((name) => name.endsWith(".json")))(
  "a state of version %s is refreshed and destroyed by this one",
  async (name) => {
    const { images, state } = JSON.parse(readFileSync(join(folder, name), "utf8")) as Recorded;
    const cloud = await startEmulator();
    for (const image of images) {
      await cloud.setImage(
        image.id,
        Object.fromEntries(Object.entries(image).filter(([key]) => !internal.has(key))),
      );
    }
    const stack = createStack({
      program: () => Promise.resolve({}),
      project: "lifecycle",
      stack: "test",
      env: cleanEnv(cloud.env),
      passphrase: "test",
    });
    try {
      await stack.importState(state);
      const { summary } = await stack.refresh();
      expect(summary).not.toHaveProperty("delete");
      expect(cloud.images()).toHaveLength(images.length);
      await stack.destroy();
      expect(cloud.images()).toEqual([]);
    } finally {
      await stack.close();
      await cloud.close();
    }
  },
);

test("there is a recorded state of each version that was released, and of this one", () => {
  const { version } = JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8")) as {
    version: string;
  };
  expect(readdirSync(folder)).toContain(`${version}.json`);
});
