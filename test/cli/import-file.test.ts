import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cleanEnv, findPulumi, run as runCommand } from "../../tools/run/cli";
import { startEmulator, type Emulator } from "../../emulator";
import { clientOf } from "../emulator/testing";
import { openCli } from "../e2e/stack";

jest.setTimeout(120_000);

const command = join(__dirname, "../../dist/provider/cli/main.js");
const onCli = findPulumi() === undefined ? test.skip : test;

async function withImages(use: (cloud: Emulator) => Promise<void>): Promise<void> {
  const cloud = await startEmulator();
  try {
    const url = cloud.objectUrl("images", "golden.qcow2");
    const ids = [1, 2, 3, 4].map((digit) => `0f5b9a3e-0000-4000-8000-00000000000${digit}`);
    const visible = { visibility: "private", checksum: "d41d8cd98f00b204e9800998ecf8427e", size: 1, url };
    await cloud.setImage(ids[0]!, { ...visible, name: "golden", os_distro: "alma", min_disk: 9 });
    await cloud.setImage(ids[1]!, { ...visible, name: "golden", os_distro: "rocky", protected: true });
    await cloud.setImage(ids[2]!, {
      ...visible,
      name: "of-a-server",
      os_distro: "alma",
      url: null,
      volumes: "[]",
    });
    await cloud.setImage(ids[3]!, { ...visible, name: "standard", os_distro: "alma", visibility: "public" });
    await use(cloud);
  } finally {
    await cloud.close();
  }
}

onCli("images that exist are taken over: the next preview of the printed program is clean", async () => {
  await withImages(async (cloud) => {
    const stack = await openCli(cloud.env);
    const { cli, cwd, env } = stack.command;
    const printed = await runCommand(process.execPath, [command, "import-file"], { cwd, env });
    expect(printed.code).toBe(0);
    expect(printed.stderr).toContain("of-a-server): it was not made from a file in Object Storage");
    expect(printed.stdout).not.toContain("standard");

    const program = printed.stdout.replace(/^import (.*) from (.*);$/m, "const $1 = require($2);");
    writeFileSync(join(cwd, "index.js"), program);
    const flags = [
      "--protect=false",
      "--generate-code=false",
      "--yes",
      "--skip-preview",
      "--non-interactive",
    ];
    const imported = await runCommand(cli, ["import", "--file", "scp-images-import.json", ...flags], {
      cwd,
      env,
    });
    expect(imported.stdout + imported.stderr).toContain("= 7 imported");

    // What the stack holds now is not offered again.
    const again = await runCommand(process.execPath, [command, "import-file", "--existing-stack"], {
      cwd,
      env,
    });
    expect(again).toMatchObject({ code: 2, stdout: "" });
    expect(again.stderr).toContain("give the stack's state");
    writeFileSync(join(cwd, "exported.json"), JSON.stringify(await stack.state()));
    const none = await runCommand(
      process.execPath,
      [command, "import-file", "--existing-stack", "--state", "exported.json", "--file", "none.json"],
      { cwd, env },
    );
    expect(none.stdout).not.toContain("new Image");
    expect(none.stderr).toContain("the state in exported.json holds it");

    const preview = await stack.preview({ expectNoChanges: true, refresh: true });
    expect(preview.text).toContain("unchanged");
    expect(preview.ok).toBe(true);
    expect(cloud.stats().createImage ?? 0).toBe(0);
    expect(cloud.images()).toHaveLength(4);
    stack.close();
  });
});

test("the file says all of an image, and the program what is not by default", async () => {
  await withImages(async (cloud) => {
    const cwd = mkdtempSync(join(tmpdir(), "import-file-"));
    const args = [
      command,
      "import-file",
      "--name",
      "golden",
      "--file",
      "import-file-test.json",
      ...["--existing-stack", "--state", "exported.json"],
    ];
    writeFileSync(join(cwd, "exported.json"), JSON.stringify({ deployment: { resources: [] } }));
    const { code, stdout, stderr } = await runCommand(process.execPath, args, {
      cwd,
      env: cleanEnv(cloud.env),
    });
    expect(stderr).toContain("pulumi import --file import-file-test.json");
    expect(code).toBe(0);
    expect(stdout).toContain('new Image("golden-2", {');
    expect(stdout).toContain("minDisk: 9");
    expect(stdout).not.toContain("minRam");
    const { resources } = JSON.parse(readFileSync(join(cwd, "import-file-test.json"), "utf8")) as {
      resources: { type: string; id?: string; outputs?: object }[];
    };
    expect(resources.map(({ type }) => type.replace(/.*:/, ""))).toEqual(
      [1, 2].flatMap(() => ["Image", "ImageRecord", "ImageImport"]),
    );
    expect(resources[2]?.outputs).toMatchObject({
      checksum: "d41d8cd98f00b204e9800998ecf8427e",
      status: "active",
    });
    expect(stdout + stderr + JSON.stringify(resources)).not.toContain(cloud.options.secretKey);
  });
});

test("a wrong command line and a missing setting are told in a sentence", async () => {
  const bare = { cwd: __dirname, env: { PATH: process.env.PATH, HOME: __dirname } };
  const wrong = await runCommand(process.execPath, [command, "export"], bare);
  expect(wrong).toMatchObject({
    code: 2,
    stderr:
      'There is no command "export"; there are import-file, orphans, validate, report, emulator. ' +
      "npx pulumi-scp-images --help says what they do.\n",
  });
  const missing = await runCommand(process.execPath, [command, "import-file"], bare);
  expect(missing).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("accessKey is missing") as string,
  });
});

test("an image that another account shares is left out, with the reason", async () => {
  await withImages(async (cloud) => {
    const [us, them] = cloud.options.accounts;
    const id = "0f5b9a3e-0000-4000-8000-000000000005";
    await cloud.setImage(id, {
      ...{ name: "theirs", os_distro: "alma", visibility: "shared", owner: them!.accountId },
      url: cloud.objectUrl("images", "x.qcow2").replace(us.accountId, them!.accountId),
    });
    const { call } = clientOf(cloud);
    await call("POST", `/v1/images/${id}/members`, { body: { member_id: us.accountId }, as: them });
    await call("PUT", `/v1/images/${id}/members/${us.accountId}`, { body: { status: "accepted" } });
    const { code, stdout, stderr } = await runCommand(
      process.execPath,
      [command, "import-file", "--visibility", "shared"],
      { cwd: mkdtempSync(join(tmpdir(), "import-file-")), env: cleanEnv(cloud.env) },
    );
    expect(code).toBe(0);
    expect(stdout).not.toContain("new Image");
    expect(stderr).toContain(`Left out: image ${id} (theirs): it is of account ${them!.accountId}`);
  });
});

test("--profile takes images of that profile's account over, with programs and states that name it", async () => {
  const cloud = await startEmulator();
  const { accountId } = cloud.options.accounts[1]!;
  const id = "0f5b9a3e-0000-4000-8000-00000000000a";
  const url = cloud.objectUrl("images", "golden.qcow2", accountId);
  await cloud.setImage(id, {
    name: "theirs",
    os_distro: "alma",
    visibility: "private",
    url,
    owner: accountId,
  });
  const own = "0f5b9a3e-0000-4000-8000-00000000000b";
  const ownUrl = cloud.objectUrl("images", "golden.qcow2");
  await cloud.setImage(own, { name: "own", os_distro: "alma", visibility: "private", url: ownUrl });
  const cwd = mkdtempSync(join(tmpdir(), "import-file-"));
  const env = cleanEnv({ ...cloud.env, SCP_ACCESS_KEY: "", SCP_SECRET_KEY: "" });
  const printed = await runCommand(process.execPath, [command, "import-file", "--profile", "second"], {
    cwd,
    env,
  });
  expect(printed).toMatchObject({ code: 0 });
  expect(printed.stdout).toContain('profile: "second"');
  expect(printed.stdout).not.toContain('"own"');
  const file = JSON.parse(readFileSync(join(cwd, "scp-images-import.json"), "utf8")) as {
    resources: { id?: string; inputs?: Record<string, unknown>; outputs?: Record<string, unknown> }[];
  };
  const taken = file.resources.filter((entry) => entry.id === id);
  expect(taken).toHaveLength(2);
  for (const { inputs, outputs } of taken) {
    expect([inputs?.profile, outputs?.profile]).toEqual(["second", "second"]);
  }
  expect(JSON.stringify(file)).not.toContain(cloud.options.accounts[1]!.secretKey);
  await cloud.close();
});
