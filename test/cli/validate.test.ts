import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { cleanEnv, run } from "../../tools/run/cli";
import { image } from "../manifest/manifests";

jest.setTimeout(120_000);

const command = join(__dirname, "../../dist/provider/cli/main.js");
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "validate-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const write = (name: string, content: string | Buffer) => {
  writeFileSync(join(folder, name), content);
};
const validate = (...args: string[]) =>
  run(process.execPath, [command, "validate", ...args], { cwd: folder, env: cleanEnv({ BUILD: "7" }) });

test("images.yaml is what it checks; a good one is said to be", async () => {
  write("images.yaml", image("name: x-${env:BUILD}-${env:NOWHERE}"));
  expect(await validate()).toMatchObject({ code: 0, stdout: "images.yaml: no problems.\n", stderr: "" });
  expect(await validate("--strict")).toMatchObject({
    code: 2,
    stdout: "images.yaml:5:26: ${env:NOWHERE} is not set: there is no such environment variable.\n",
  });
});

test("every problem of every file is told, also of those that cannot be read", async () => {
  write("one.yaml", image("colours: 1\nminDisk: x"));
  write("two.yaml", image(""));
  write("three.yaml", Buffer.from([0xff, 0xfe, 0x61, 0x00]));
  mkdirSync(join(folder, "four.yaml"));
  const { code, stdout, stderr } = await validate(
    "one.yaml",
    "two.yaml",
    "three.yaml",
    "four.yaml",
    "five.yaml",
  );
  expect([code, stderr]).toEqual([2, ""]);
  expect(stdout.split("\n")).toEqual([
    expect.stringMatching(/^one\.yaml:5:5: there is no property "colours"; there are name, /),
    "one.yaml:6:14: minDisk must be a whole number, 0 or more.",
    "three.yaml: cannot be read: it is no text in UTF-8.",
    "four.yaml: cannot be read: it is a folder.",
    "five.yaml: cannot be read: there is no such file.",
    "",
  ]);
});

test("for a workflow of GitHub's, escaped as it documents", async () => {
  write("a,b:c%.yaml", image("tags: { a: '50%,x' }\nminDisk: x"));
  expect(await validate("--format", "github", "a,b:c%.yaml")).toMatchObject({
    code: 2,
    stdout:
      '::error file=a%2Cb%3Ac%25.yaml,line=5,col=16,title=Image manifest::tags has the value "50%25,x" at "a"; a value is a text of up to 256 letters, digits, spaces and + - = . _ : / @.\n' +
      "::error file=a%2Cb%3Ac%25.yaml,line=6,col=14,title=Image manifest::minDisk must be a whole number, 0 or more.\n",
  });
  expect((await validate("--format", "github", "none.yaml")).stdout).toBe(
    "::error file=none.yaml,title=Image manifest::cannot be read: there is no such file.\n",
  );
  write("images.yaml", image(""));
  expect(await validate("--format=github")).toMatchObject({ code: 0, stdout: "" });
});

test("as JSON", async () => {
  write("images.yaml", image("minDisk: x"));
  const { code, stdout } = await validate("--format", "json");
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toEqual([
    { file: "images.yaml", line: 5, column: 14, message: "minDisk must be a whole number, 0 or more." },
  ]);
  write("images.yaml", image(""));
  expect(await validate("--format", "json")).toMatchObject({ code: 0, stdout: "[]\n" });
});

test("from the standard input", async () => {
  const child = spawn(process.execPath, [command, "validate", "-"], { cwd: folder, env: cleanEnv({}) });
  child.stdin.end(image("minDisk: x"));
  const [output, exit] = await Promise.all([text(child.stdout), once(child, "exit")]);
  expect(output).toBe("<stdin>:5:14: minDisk must be a whole number, 0 or more.\n");
  expect(exit).toEqual([2, null]);
});

test("with a stack, its configuration beside the file counts; what is encrypted is taken to be right", async () => {
  write("Pulumi.yaml", "name: proj\nruntime: nodejs\nconfig:\n  ram: { type: integer, default: 4 }\n");
  write("Pulumi.test.yaml", "config:\n  proj:disk: 12\n  proj:key: { secure: AAAB }\n  other:name: a.b\n");
  write(
    "images.yaml",
    image(
      "minDisk: ${config:disk}\nminRam: ${config:ram}\nprofile: ${config:key}\nname: ${project}-${organization}-${stack}",
    ),
  );
  expect(await validate("--stack", "org/proj/test")).toMatchObject({ code: 0 });
  expect((await validate("--stack", "test")).stdout).toBe(
    "images.yaml:8:22: ${organization} is not known here.\n",
  );
  expect((await validate("--stack", "org/proj/none")).stdout.split("\n")).toEqual([
    "images.yaml:5:14: ${config:disk} is not set: pulumi config set disk … sets it, for this stack.",
    "images.yaml:7:14: ${config:key} is not set: pulumi config set key … sets it, for this stack.",
    "",
  ]);
  write("images.yaml", image("name: ${config:other:name}"));
  const wrong = await validate("--stack", "test");
  expect(wrong.stdout).toContain('"${config:other:name}" gives something else.');
  expect(wrong.stdout).not.toContain("a.b");
});

test("a wrong command line is told apart from a wrong file", async () => {
  write("images.yaml", image(""));
  const wrong = await validate("--format", "xml");
  expect(wrong).toMatchObject({ code: 1, stdout: "" });
  expect(wrong.stderr).toMatch(/^--format takes text, github or json, not "xml"\.\nUsage: /);
  expect(await validate("--stak", "x")).toMatchObject({ code: 1, stdout: "" });
  expect(await validate("--help")).toMatchObject({ code: 0 });
});

test("it loads neither the client, nor the AWS SDK, nor Pulumi", async () => {
  write("images.yaml", image(""));
  const list = join(folder, "loaded.js");
  write("loaded.js", `process.on("exit", () => console.error(Object.keys(require.cache).join("\\n")));`);
  const { stderr } = await run(process.execPath, ["--require", list, command, "validate"], {
    cwd: folder,
    env: cleanEnv({}),
  });
  expect(stderr).toContain("/manifest/");
  expect(stderr).not.toMatch(/axios|@aws-sdk|@pulumi|lifecycle|cockatiel/);
  const { stderr: help } = await run(process.execPath, ["--require", list, command, "--help"], {
    cwd: folder,
    env: cleanEnv({}),
  });
  expect(help).not.toMatch(/node_modules\/(ajv|yaml|axios)/);
});
