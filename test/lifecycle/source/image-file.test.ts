import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../provider/lifecycle/clock";
import { createContext } from "../../../provider/lifecycle/context";
import { fileLifecycle } from "../../../provider/lifecycle/source/image-file";
import { unknownValue } from "../../../provider/schema/unknown";
import { startEmulator, type Emulator } from "../../../emulator";
import { image } from "../../file/images";

let cloud: Emulator;
let folder: string;

beforeAll(async () => {
  cloud = await startEmulator();
  folder = mkdtempSync(join(tmpdir(), "image-file-"));
  writeFileSync(join(folder, "golden.qcow2"), image());
  await cloud.putObject("images", "other", Buffer.from("x"));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await cloud.close();
});

const lifecycle = () =>
  fileLifecycle(
    createContext({ env: cloud.env, home: "/nonexistent" }, systemClock, {
      show: () => () => undefined,
    }),
  );
const stated = () => ({
  file: join(folder, "golden.qcow2"),
  bucket: "images",
  origin: "organization/project/stack/5a1ee6d2-0000-4000-8000-000000000000/0123456789abcdef",
});

test.each(["bucket", "minDisk", "afterImport", "origin"])(
  "%s that is not known in preview yet is no change of the content",
  async (name) => {
    const created = await lifecycle().check(undefined, stated());
    expect(created.failures).toEqual([]);
    const { outputs, id } = await lifecycle().create(created.inputs);
    const checked = await lifecycle().check(created.inputs, { ...stated(), [name]: unknownValue });
    expect(checked.failures).toEqual([]);
    expect(checked.inputs.sha256).toBe(created.inputs.sha256);
    expect(await lifecycle().diff(id, outputs, checked.inputs)).toEqual({ changes: false, replaces: [] });
  },
);

test("a file that changed between check and create is not uploaded under the other's name", async () => {
  const file = join(folder, "changing.qcow2");
  writeFileSync(file, image());
  const { inputs } = await lifecycle().check(undefined, { ...stated(), file });
  writeFileSync(file, Buffer.concat([image(), Buffer.from("x")]));
  await expect(lifecycle().create(inputs)).rejects.toThrow(/changing.qcow2 has changed: its SHA-256 is /);
  expect(cloud.objects().filter(({ key }) => key.includes("changing"))).toEqual([]);
});
