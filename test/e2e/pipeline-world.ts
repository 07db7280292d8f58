import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { startEmulator, type Emulator } from "../../emulator";
import type { Declaration } from "./program";
import { succeed, type OpenStack, type TestStack } from "./stack";

const file = readFileSync(join(__dirname, "../../examples/images/example.qcow2"));

type Args = Record<string, unknown>;

/** What tests of pipelines work with: a cloud and a stack, new for each. */
export function pipelineWorld(open: OpenStack) {
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

  return {
    entry,
    pipeline,
    names,
    channelTags,
    targets,
    idOf,
    up,
    get cloud() {
      return cloud;
    },
    get stack() {
      return stack;
    },
  };
}
