// How to test a stack of your own: a program, an emulated cloud, an engine in this process. No CLI, no network, no credentials.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Image } from "pulumi-scp-images";
import { createStack, startEmulator, type Emulator } from "pulumi-scp-images/testing";

let cloud: Emulator;

beforeEach(async () => {
  cloud = await startEmulator();
  await cloud.putObject("images", "golden.qcow2", readFileSync(join(__dirname, "example.qcow2")));
});
afterEach(() => cloud.close());

/** The program under test: an image for each stage of a pipeline. */
function program(stages: string[]) {
  const images = stages.map(
    (stage) =>
      new Image(stage, {
        name: `golden-${stage}`,
        osDistro: "alma",
        url: cloud.objectUrl("images", "golden.qcow2"),
        protected: stage === "production",
      }),
  );
  return Promise.resolve({ ids: images.map(({ id }) => id) });
}

test("each stage has an image of its own, and only that of production is protected", async () => {
  const stack = createStack({
    program: () => program(["test", "production"]),
    env: { ...process.env, ...cloud.env },
  });
  try {
    const { outputs, summary } = await stack.up();
    expect(summary.create).toBe(8); // the stack, its origin, and three for each image
    expect(cloud.images().map(({ name, status, protected: kept }) => ({ name, status, kept }))).toEqual(
      expect.arrayContaining([
        { name: "golden-test", status: "active", kept: false },
        { name: "golden-production", status: "active", kept: true },
      ]),
    );
    expect(outputs.ids).toHaveLength(2);
    await stack.preview({ expectNoChanges: true });

    await stack.up({ program: () => program(["production"]) });
    expect(cloud.images().map(({ name }) => name)).toEqual(["golden-production"]);
  } finally {
    await stack.close();
  }
});
