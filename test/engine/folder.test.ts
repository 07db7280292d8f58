// A program in a folder, as users have it: in Pulumi's own run process, with its files of settings.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createStack, DeploymentError, renderer, type Stack } from "../../engine";
import { Cloud } from "./fixtures/cloud";
import { findPulumi } from "../../tools/run/cli";
import { fixture } from "./fixture";
import { Crypter } from "../../engine/secrets";
import { run } from "./fixtures/run";

const PASSPHRASE = "folder";
const CLI = findPulumi();

// Processes start here: seconds, where the machine has other things to do.
jest.setTimeout(60_000);

let cloud: Cloud;

beforeEach(() => {
  cloud = new Cloud();
});

afterEach(() => {
  cloud.remove();
});

const THING = `new (class extends pulumi.CustomResource {
  constructor(name, args, options) {
    const __provider = ${JSON.stringify(`exports.handler = () => require(${JSON.stringify(fixture("thing.js"))})`)};
    super("pulumi-nodejs:dynamic/test:Thing", name, { __provider, serial: undefined, name, ...args }, options);
  }
})`;

/** Writes a project whose program is this body, and hands back its folder. */
function project(body: string, settings = ""): string {
  const folder = cloud.file("project");
  mkdirSync(folder, { recursive: true });
  const write = (name: string, text: string): void => {
    writeFileSync(path.join(folder, name), text);
  };
  write(
    "Pulumi.yaml",
    "name: shop\nruntime:\n  name: nodejs\n  options: { typescript: false }\nmain: index.js\nconfig:\n  test:greeting: hello\n",
  );
  write("package.json", "{}");
  write("index.js", `const pulumi = require("@pulumi/pulumi");\n${body}\n`);
  write("Pulumi.dev.yaml", settings);
  symlinkSync(path.resolve("node_modules"), path.join(folder, "node_modules"), "junction");
  return folder;
}

const open = (folder: string, lines: string[] = []): Stack =>
  createStack({
    program: folder,
    passphrase: PASSPHRASE,
    env: cloud.env,
    stateFile: cloud.file("state.json"),
    onEvent: renderer((line) => lines.push(line)),
  });

const configured = (): { greeting?: string; password?: string }[] =>
  readFileSync(cloud.file("calls.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { call: string; greeting?: string; password?: string })
    .filter(({ call }) => call === "configure");

const SHOP = `
const a = ${THING}("a", { value: new pulumi.Config("test").require("greeting") });
exports.serial = a.serial;
exports.password = new pulumi.Config("test").requireSecret("password");
console.log("running", pulumi.getProject(), pulumi.getStack(), pulumi.runtime.isDryRun());
pulumi.log.info("progress", a, undefined, true);
`;

async function settings(): Promise<string> {
  const crypter = await Crypter.create(PASSPHRASE);
  return [
    `encryptionsalt: ${crypter.salt}`,
    "config:",
    "  test:password:",
    `    secure: ${crypter.encrypt("hunter2")}`,
    "",
  ].join("\n");
}

test("a folder is run with its settings, and prints what it does like the CLI", async () => {
  const lines: string[] = [];
  const stack = open(project(SHOP, await settings()), lines);
  const result = await stack.up();
  expect(result.outputs).toEqual({ serial: "a/hello", password: "hunter2" });
  expect(configured()).toMatchObject([{ greeting: "hello", password: "hunter2" }]);
  const text = lines.join("\n").replace(/[\d.]+s\b/g, "0s");
  expect(text).toContain("Updating (dev):\n");
  expect(text).toContain(" +  pulumi-nodejs:dynamic/test:Thing a creating (0s)\n");
  expect(text).toContain(" +  pulumi-nodejs:dynamic/test:Thing a created (0s)\n");
  expect(text).toContain("running shop dev false");
  expect(text).toContain("    a: progress");
  expect(text).toContain('Outputs:\n    password: [secret]\n    serial  : "a/hello"\n');
  expect(text).toContain("Resources:\n    + 2 created\n");
  expect(text).toMatch(/Duration: 0s$/);
  expect(readFileSync(cloud.file("state.json"), "utf8")).not.toContain("hunter2");
});

test("a program that ends badly fails the deployment", async () => {
  const stack = open(project(`process.exit(3);`));
  const error: unknown = await stack.up().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DeploymentError);
  expect(String(error)).toMatch(/Program exited with non-zero exit code: 3/);
});

test("what Pulumi.yaml asks for and the engine cannot do is refused by name", () => {
  const folder = project("");
  writeFileSync(path.join(folder, "Pulumi.yaml"), "name: shop\nruntime: python\n");
  expect(() => open(folder)).toThrow("the embedded engine does not support the runtime python, only nodejs");
  writeFileSync(path.join(folder, "Pulumi.yaml"), "name: shop\nruntime: nodejs\nplugins: {}\n");
  expect(() => open(folder)).toThrow("`plugins` in Pulumi.yaml");
});

// Counted as skipped where there is no CLI to hand the state to.
(CLI === undefined ? describe.skip : describe)("the state goes to the CLI and back", () => {
  const pulumi = (folder: string, ...args: string[]): Promise<string> =>
    run(CLI ?? "", [...args, "--non-interactive"], {
      cwd: folder,
      env: {
        ...cloud.env,
        PATH: `${path.dirname(CLI ?? "")}${path.delimiter}${process.env.PATH ?? ""}`,
        PULUMI_BACKEND_URL: `file://${cloud.folder}`,
        PULUMI_CONFIG_PASSPHRASE: PASSPHRASE,
        PULUMI_SKIP_UPDATE_CHECK: "1",
      },
    });

  test("import, preview without a change, update, export, and on from there", async () => {
    const folder = project(SHOP, await settings());
    await open(folder).up();
    await pulumi(folder, "stack", "init", "dev");
    await pulumi(folder, "stack", "import", "--file", cloud.file("state.json"));
    await pulumi(folder, "preview", "--stack", "dev", "--expect-no-changes");

    const index = path.join(folder, "index.js");
    writeFileSync(index, readFileSync(index, "utf8").replace(`{ value:`, `{ note: "new", value:`));
    await pulumi(folder, "up", "--stack", "dev", "--yes", "--skip-preview");
    const exported = cloud.file("exported.json");
    await pulumi(folder, "stack", "export", "--stack", "dev", "--file", exported);
    const stack = open(folder);
    await stack.importState(JSON.parse(readFileSync(exported, "utf8")) as never);
    await stack.up({ expectNoChanges: true });
    await stack.destroy();
    expect(cloud.things).toEqual({});
  }, 120_000);
});
