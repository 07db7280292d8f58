import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { startEmulator, type Emulator } from "../../emulator";
import { createStack } from "../../engine";
import { cleanEnv, run } from "../../tools/run/cli";

jest.setTimeout(120_000);

const repository = join(__dirname, "../..");

let cloud: Emulator;
let folder: string;

beforeAll(async () => {
  cloud = await startEmulator();
  const parent = join(repository, ".local/tests");
  mkdirSync(parent, { recursive: true });
  folder = mkdtempSync(join(parent, "lookup-"));
  cpSync(join(repository, "examples/lookup"), folder, { recursive: true });
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await cloud.close();
});

test("examples/lookup compiles, and holds the image that was the newest when it first ran", async () => {
  const compiler = join(repository, "node_modules/typescript/bin/tsc");
  const compiled = await run(process.execPath, [compiler, "--project", folder], {
    cwd: folder,
    env: cleanEnv({}),
  });
  expect(compiled).toMatchObject({ code: 0, stdout: "" });

  const put = (id: string, created_at: string, more: Parameters<Emulator["setImage"]>[1] = {}) =>
    cloud.setImage(id, { os_distro: "ubuntu", name: id, created_at, ...more });
  const standard = {
    scp_image_type: "standard",
    visibility: "public",
    owner: cloud.options.accounts[1]!.accountId,
  } as const;
  await put("own", "2026-03-01T00:00:00Z", { status: "queued" });
  await put("old", "2026-01-01T00:00:00Z", standard);
  await put("new", "2026-02-01T00:00:00Z", standard);

  const stack = createStack({
    program: folder,
    env: { ...cleanEnv(cloud.env), PULUMI_CONFIG_PASSPHRASE: "" },
  });
  const own = [{ id: "own", name: "own", status: "queued" }];
  expect((await stack.up()).outputs).toEqual({ imageId: "new", isNewest: true, own });
  await put("newer", "2026-04-01T00:00:00Z", standard);
  expect((await stack.up()).outputs).toEqual({ imageId: "new", isNewest: false, own });
  await stack.destroy();
  await stack.close();
  expect(cloud.images().map(({ id }) => id)).toEqual(["own", "old", "new", "newer"]);
});
