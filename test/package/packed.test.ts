// The package as its users have it: packed, unpacked into an empty project, used by its public names only.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startEmulator, type Emulator } from "../../emulator";
import { cleanEnv, findPulumi, pulumiEnv, run } from "../../tools/run/cli";
import { Project, repository, Tarball } from "./project";

jest.setTimeout(180_000);

const example = join(repository, "examples/images");
const bin = (name: string) => join(repository, "node_modules", name);

let tarball: Tarball;
let project: Project;

beforeAll(() => {
  tarball = new Tarball();
  project = new Project(tarball, ["@swc", "@types"]);
});
afterAll(() => {
  project.remove();
  tarball.remove();
});

test("a stack's own test, the one in examples/images, passes with no CLI", async () => {
  project.write({
    "package.json": '{ "private": true }',
    "jest.config.js":
      'module.exports = { testMatch: ["<rootDir>/*.test.ts"], transform: { "\\\\.ts$": "@swc/jest" }, testTimeout: 60000 };',
  });
  for (const file of ["stack.test.ts", "example.qcow2"]) {
    copyFileSync(join(example, file), join(project.folder, file));
  }
  const { code, stderr } = await run(process.execPath, [bin("jest/bin/jest.js"), "--ci"], {
    cwd: project.folder,
    env: { ...cleanEnv({}), PATH: "" },
  });
  expect(stderr).toContain("Tests:       1 passed, 1 total");
  expect(code).toBe(0);
});

test("the command starts an emulator, and a signal ends it", async () => {
  const command = spawn(
    join(project.folder, "node_modules/.bin/pulumi-scp-images"),
    ["emulator", "--port", "0", "--data", "data"],
    { cwd: project.folder, stdio: ["ignore", "pipe", "inherit"] },
  );
  let text = "";
  for await (const piece of command.stdout.setEncoding("utf8") as AsyncIterable<string>) {
    text += piece;
    if (text.includes("An image's url")) break;
  }
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0] ?? "";
  const settings = (await (await fetch(`${url}/_emulator/settings`)).json()) as { dataDir: string };
  expect(settings.dataDir).toBe(join(project.folder, "data"));
  command.kill("SIGTERM");
  expect(await once(command, "exit")).toEqual([0, null]);
});

describe("types and names, for every way to resolve them", () => {
  const program = `
    import { Image, imageSchema, type ImageArgs } from "pulumi-scp-images";
    import { createStack, startEmulator, DeploymentError, type Emulator } from "pulumi-scp-images/testing";
    import record = require("pulumi-scp-images/runtime/image-record");
    const args: ImageArgs = { osDistro: "alma", url: "https://…", name: "golden", minDisk: 10 };
    export const program = async () => ({ id: new Image("golden", args).id });
    export const stack = createStack({ program });
    export const cloud: Promise<Emulator> = startEmulator({ importMs: 10 });
    export const failed = (error: unknown) => error instanceof DeploymentError && error.result.summary.create;
    // @ts-expect-error -- a number
    export const wrong: ImageArgs = { ...args, minDisk: "10" };
    export const name: string | undefined = imageSchema.properties.name.description;
    export const bucket = imageSchema.properties.source.properties.bucket.pattern;
    // @ts-expect-error -- there is no such property
    export const none = imageSchema.properties.nam;
    export { record };
  `;

  test.each([
    ["node16", "program.cts", ["--module", "node16"]],
    ["node16, as an ES module", "program.mts", ["--module", "node16"]],
    [
      "node10",
      "program.ts",
      ["--module", "commonjs", "--moduleResolution", "node10", "--ignoreDeprecations", "6.0"],
    ],
    ["bundler", "bundled.ts", ["--module", "preserve", "--moduleResolution", "bundler"]],
  ])("%s", (_how, file, options) => {
    project.write({ [file]: program });
    const fixed = [
      "--noEmit",
      "--ignoreConfig",
      "--strict",
      "--skipLibCheck",
      "--types",
      "node",
      "--target",
      "es2022",
    ];
    expect(project.node(bin("typescript/bin/tsc"), ...fixed, ...options, file)).toBe("");
  });

  test("import finds the same names as require", () => {
    for (const name of ["pulumi-scp-images", "pulumi-scp-images/testing"]) {
      const required = project.node("-p", `Object.keys(require("${name}")).sort().join()`);
      const imported = project.node(
        "--input-type=module",
        "-e",
        `import * as all from "${name}"; console.log(Object.keys(all).filter((key) => !/^(default|module.exports|__esModule)$/.test(key)).sort().join())`,
      );
      expect(imported).toBe(required);
      expect(required).not.toBe("");
    }
  });
});

describe("a program that is an ES module", () => {
  const files = {
    "esm/package.json": '{ "type": "module", "main": "index.js" }',
    "esm/Pulumi.yaml":
      "name: esm\nruntime:\n  name: nodejs\n  options: { typescript: false }\nmain: index.js\n",
    "esm/index.js": `
      import * as pulumi from "@pulumi/pulumi";
      import { Image } from "pulumi-scp-images";
      const url = new pulumi.Config("esm").require("url");
      export const status = new Image("golden", { name: "golden", osDistro: "alma", url }).status;`,
    "esm/test.mjs": `
      import { createStack } from "pulumi-scp-images/testing";
      const stack = createStack({ program: ".", config: { "esm:url": process.argv[2] }, passphrase: "" });
      const { outputs } = await stack.up();
      await stack.preview({ expectNoChanges: true });
      await stack.destroy();
      console.log(outputs.status);
      process.exit();`,
  };
  let cloud: Emulator;
  let url: string;

  beforeAll(async () => {
    project.write(files);
    cloud = await startEmulator();
    await cloud.putObject("images", "golden.qcow2", readFileSync(join(example, "example.qcow2")));
    url = cloud.objectUrl("images", "golden.qcow2");
  });
  afterAll(() => cloud.close());

  test("runs on the embedded engine", async () => {
    const cwd = join(project.folder, "esm");
    const result = await run(process.execPath, ["test.mjs", url], { cwd, env: cleanEnv(cloud.env) });
    expect(result).toMatchObject({ code: 0, stdout: "active\n", stderr: "" });
    expect(cloud.images()).toEqual([]);
  });

  const cli = findPulumi() ?? "";
  (cli ? test : test.skip)("runs on the Pulumi CLI", async () => {
    project.write({ "backend/empty": "" });
    const options = {
      cwd: join(project.folder, "esm"),
      env: pulumiEnv(cli, join(project.folder, "backend"), cleanEnv(cloud.env)),
    };
    const pulumi = async (...args: string[]) => {
      const { code, stdout, stderr } = await run(cli, [...args, "--non-interactive"], options);
      if (code !== 0) throw new Error(stdout + stderr);
      return stdout.trim();
    };
    await pulumi("stack", "init", "dev");
    await pulumi("config", "set", "esm:url", url);
    await pulumi("up", "--yes");
    expect(await pulumi("stack", "output", "status")).toBe("active");
    await pulumi("preview", "--expect-no-changes");
    await pulumi("destroy", "--yes");
    expect(cloud.images()).toEqual([]);
  });
});

describe("what is made to check packages finds nothing", () => {
  test("publint", () => {
    expect(project.node(bin("publint/src/cli.js"), "run", tarball.path, "--strict")).toContain("All good!");
  });

  test("are the types wrong", () => {
    const text = project.node(bin("@arethetypeswrong/cli/dist/index.js"), tarball.path, "--no-emoji");
    expect(text).toContain("No problems found");
  });
});
