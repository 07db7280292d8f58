import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { startEmulator } from "../../emulator";
import { cleanEnv, findPulumi, run } from "../../tools/run/cli";

jest.setTimeout(180_000);

const repository = resolve(__dirname, "../..");
const command = join(repository, "dist/tools/run/main.js");

/** A copy of the root project, with an images.yaml of its own to edit. */
function project() {
  const parent = join(repository, ".local/tests");
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, "run-"));
  const program = JSON.stringify(join(repository, "dist/examples/images/index.js"));
  writeFileSync(join(folder, "index.js"), `module.exports = require(${program});\n`);
  writeFileSync(
    join(folder, "Pulumi.yaml"),
    readFileSync(join(repository, "Pulumi.yaml"), "utf8").replace(/^main: .*$/m, "main: index.js"),
  );
  const manifest = join(folder, "images.yaml");
  writeFileSync(manifest, readFileSync(join(repository, "images.yaml"), "utf8"));
  const data = join(folder, "data");
  const runWith = (env: Record<string, string>, operation: string, ...options: string[]) =>
    run(process.execPath, [command, operation, folder, "--data", data, ...options], {
      cwd: repository,
      env: cleanEnv(env),
    });
  return {
    data,
    edit: (from: string | RegExp, to: string) => {
      writeFileSync(manifest, readFileSync(manifest, "utf8").replace(from, to));
    },
    /** `npm run <operation>`, in the home of the tests, which is empty. */
    npmRun: (operation: string, ...options: string[]) => runWith({}, operation, ...options),
    /** The same with credentials set. */
    runWith,
    /** The same where there is no CLI. */
    npmRunBare: (operation: string) =>
      run(process.execPath, [command, operation, folder, "--data", data], {
        cwd: repository,
        env: { PATH: join(repository, "nowhere"), HOME: join(repository, "nowhere") },
      }),
    /** What the CLI's backend holds after an `up`, in short. */
    writeCliState: () => {
      const stacks = join(data, "pulumi/.pulumi/stacks/scp-images");
      mkdirSync(stacks, { recursive: true });
      const latest = { resources: [{ urn: "urn:pulumi:emulator::scp-images::pulumi:pulumi:Stack::x" }] };
      writeFileSync(join(stacks, "emulator.json"), JSON.stringify({ version: 3, checkpoint: { latest } }));
    },
    /** What the emulator has kept, told by itself. */
    images: async () => {
      const cloud = await startEmulator({ dataDir: join(data, "emulator") });
      try {
        return cloud.images().filter(({ name }) => name !== "made-by-hand");
      } finally {
        await cloud.close();
      }
    },
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
}

test("a report is written of what up did, and with nothing else", async () => {
  const { npmRun, edit, data, remove } = project();
  const report = join(data, "report.html");
  const up = () => npmRun("up", "--engine", "embedded", "--report", report);
  expect((await up()).stdout).toContain(`The report is in ${report}.`);
  expect(readFileSync(report, "utf8")).toMatch(/>new<.*<b><bdi>example<\/bdi><\/b>/s);
  edit("minDisk: 10", "minDisk: 20");
  await up();
  expect(readFileSync(report, "utf8")).toMatch(/>updated<.*minDisk <bdi>10<\/bdi> → <bdi>20<\/bdi>/s);
  const preview = await npmRun("preview", "--report", report);
  expect(preview).toMatchObject({ code: 2, stdout: "" });
  expect(preview.stderr).toContain("--report goes with up.");
  remove();
});

test("with credentials set, it says where it runs, and the embedded engine does nothing unasked", async () => {
  const cloud = await startEmulator();
  await cloud.putObject(
    "images",
    "example.qcow2",
    readFileSync(join(repository, "examples/images/example.qcow2")),
  );
  const { runWith, remove } = project();
  const embedded = (...args: [string, ...string[]]) => runWith(cloud.env, ...args, "--engine", "embedded");
  const unasked = await embedded("up");
  expect(unasked).toMatchObject({
    code: 1,
    stdout: expect.stringContaining(`at the endpoint ${cloud.url}`) as string,
  });
  expect(unasked.stdout).toContain("7 to create");
  expect(unasked.stderr).toContain("Nothing was done: the embedded engine asks no questions.");
  expect(cloud.images()).toEqual([]);
  const wrong = await runWith({ ...cloud.env, SCP_SECRET_KEY: "wrong" }, "up", "--engine", "embedded");
  expect(wrong).toMatchObject({ code: 1, stderr: "" }); // No word of how to go on.
  expect(wrong.stdout).toContain("the service does not accept the signature");
  expect(await embedded("up", "--yes")).toMatchObject({ code: 0, stderr: "" });
  const refused = await embedded("destroy");
  expect(refused.stderr).toContain("All that the stack has will be deleted.");
  expect(cloud.images()).toHaveLength(1);
  expect(await embedded("destroy", "--yes")).toMatchObject({ code: 0 });
  expect(cloud.images()).toEqual([]);
  await cloud.close();
  remove();
});

test("a folder without a program is told", async () => {
  const { code, stderr } = await run(process.execPath, [command, "up", "examples/none"], {
    cwd: repository,
    env: cleanEnv({}),
  });
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringMatching(
      /^There is no Pulumi\.yaml in .*none, so it is no program\.\nUsage/,
    ) as string,
  });
});

async function theMainJob(engine: string): Promise<void> {
  const { npmRun, edit, images, remove } = project();
  const first = await npmRun("up", "--engine", engine);
  expect(first.stderr).toBe("");
  expect(first.stdout).toContain("No SCP credentials are set, so this runs against the emulator");
  expect(first.stdout).toMatch(/│ example │ active │ 320\.5 KiB │ 1 GiB │ [0-9a-f-]{36} │/);
  const [made] = await images();
  expect(made).toMatchObject({ name: "example", status: "active", min_disk: 10 });

  const second = await npmRun("up", "--engine", engine);
  expect(second.stdout).toContain("7 unchanged");

  edit("minDisk: 10", "minDisk: 20");
  const preview = await npmRun("preview", "--engine", engine);
  expect(preview.stdout).toContain("1 to update");
  await npmRun("up", "--engine", engine);
  expect(await images()).toMatchObject([{ id: made?.id, min_disk: 20 }]);

  edit("minDisk", "minDisks");
  const wrong = await npmRun("preview", "--engine", engine);
  expect(wrong.code).not.toBe(0);
  expect(wrong.stdout + wrong.stderr).toContain(
    'images.yaml:12:5: there is no property "minDisks"; did you mean "minDisk"?',
  );

  const destroyed = await npmRun("destroy", "--engine", engine);
  expect(destroyed.code).toBe(0);
  expect(await images()).toEqual([]);
  remove();
}

test("the main job, on the embedded engine", () => theMainJob("embedded"));

const withCli = findPulumi() === undefined ? test.skip : test;

withCli("the main job, on the Pulumi CLI", () => theMainJob("pulumi"));

withCli("a stack that one engine has made is not made again by the other", async () => {
  const { npmRun, edit, images, remove } = project();
  await npmRun("up", "--engine", "embedded");
  edit("minDisk: 10", "minDisk: 20");
  const second = await npmRun("up");
  expect(second.stdout).toContain("in the embedded engine's state, so that runs the program");
  expect(await images()).toMatchObject([{ min_disk: 20 }]);

  await npmRun("up", "--engine", "pulumi");
  expect(await images()).toHaveLength(2);
  const both = await npmRun("destroy");
  expect(both.code).toBe(1);
  expect(both.stderr).toContain("Both the Pulumi CLI and the embedded engine have resources of this stack");
  expect(await images()).toHaveLength(2);

  await npmRun("destroy", "--engine", "embedded");
  const last = await npmRun("destroy");
  expect(last.stdout).not.toContain("embedded");
  expect(await images()).toEqual([]);
  remove();
});

test("the state of a CLI that is not here is not passed over", async () => {
  const { npmRun, npmRunBare, images, remove, writeCliState } = project();
  writeCliState();
  const refused = await npmRunBare("up");
  expect(refused.stderr).toContain("are in the Pulumi CLI's state, and it is neither on PATH");
  expect(await images()).toEqual([]);
  expect((await npmRun("up", "--engine", "embedded")).code).toBe(0);
  remove();
});

test("where the CLI is asked for and is not there, it is said how to get it; a wrong command line is told", async () => {
  const bare = {
    cwd: repository,
    env: { PATH: join(repository, "nowhere"), HOME: join(repository, "nowhere") },
  };
  const none = await run(
    process.execPath,
    [command, "up", "--engine", "pulumi", "--data", join(repository, ".local/tests/none")],
    bare,
  );
  expect(none.code).toBe(1);
  expect(none.stderr).toContain("https://get.pulumi.com");
  const wrong = await run(process.execPath, [command, "upp"], bare);
  expect(wrong).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('There is no operation "upp"') as string,
  });
  expect(existsSync(join(repository, "nowhere"))).toBe(false);
});
