import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeAll, type Declaration } from "./program";
import { createStack, DeploymentError, type Config, type Result, type StateDocument } from "../../engine";
import { cleanEnv, findPulumi, pulumiEnv, run, type Finished } from "../../tools/run/cli";

export interface Operation {
  expectNoChanges?: boolean;
  refresh?: boolean;
  previewOnly?: boolean;
  /** URNs of resources to replace although nothing has changed. */
  replace?: string[];
}

export interface Outcome {
  ok: boolean;
  /** All that the user got to see. */
  text: string;
}

/** A stack on one of the engines: the same operations, told in the same way. */
export interface TestStack {
  up: (operation?: Operation) => Promise<Outcome>;
  preview: (operation?: Operation) => Promise<Outcome>;
  refresh: (operation?: Operation) => Promise<Outcome>;
  destroy: () => Promise<Outcome>;
  outputs: () => Promise<Record<string, Record<string, unknown>>>;
  /** The state as `pulumi stack export` tells it. */
  state: () => Promise<StateDocument>;
  /** Puts this state in the place of the stack's own, as `pulumi stack import` does. */
  importState: (state: StateDocument) => Promise<void>;
  /** What the program declares from now on. */
  declare: (...declarations: Declaration[]) => void;
  close: () => void;
}

/** What the user got to see of an operation that must succeed. */
export async function succeed(outcome: Promise<Outcome>): Promise<string> {
  const { ok, text } = await outcome;
  if (!ok) {
    throw new Error(text);
  }
  return text;
}

/** What the user got to see of an operation that must fail. */
export async function fail(outcome: Promise<Outcome>): Promise<string> {
  const { ok, text } = await outcome;
  if (ok) {
    throw new Error(`this should have failed:\n${text}`);
  }
  return text;
}

export type OpenStack = (env: Record<string, string>, name?: string) => Promise<TestStack>;

/** This repository, whether the tests run as they are or compiled. */
const repository = dirname(require.resolve("pulumi-scp-images/package.json"));

/** A folder with the test program, inside the repository, so that packages are found as from any program. */
function projectFolder(): string {
  const parent = join(repository, ".local", "tests");
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, "stack-"));
  // The compiled program of the tests, told what to declare by a file beside Pulumi.yaml.
  const program = join(repository, "dist", "test", "e2e", "program.js");
  const lines = [
    `const { makeAll } = require(${JSON.stringify(program)});`,
    'module.exports = makeAll(require("./program.json"));',
  ];
  writeFileSync(join(folder, "index.js"), lines.join("\n"));
  const runtime = "runtime:\n  name: nodejs\n  options:\n    typescript: false\n";
  writeFileSync(join(folder, "Pulumi.yaml"), `name: lifecycle\n${runtime}main: index.js\n`);
  return folder;
}

function declareIn(folder: string): TestStack["declare"] {
  return (...declarations) => {
    writeFileSync(join(folder, "program.json"), JSON.stringify(declarations));
  };
}

/** The settings as configuration: the program of an embedded stack runs in this process, which has an environment of its own. */
export const configOf = (env: Record<string, string>): Config =>
  Object.fromEntries(
    ["ENDPOINT", "ACCESS_KEY", "SECRET_KEY", "REGION", "ENVIRONMENT"].map((name) => {
      const key = name.toLowerCase().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
      return [`scp:${key}`, env[`SCP_${name}`] ?? ""];
    }),
  );

/** A stack of the embedded engine, with a program that runs in this process, whose environment it has: look-ups of its need configuration. */
export const openEmbedded = (
  env: Record<string, string>,
  name = "test",
  config: Config = {},
): Promise<TestStack> => {
  let declarations: Declaration[] = [];
  const stack = createStack({
    program: () => Promise.resolve(makeAll(declarations)),
    project: "lifecycle",
    stack: name,
    config,
    env: cleanEnv(env),
  });
  const outcome = (operation: Promise<Result>) =>
    operation.then(
      (result) => ({ ok: true, text: tell(result) }),
      (error: unknown) => {
        if (error instanceof DeploymentError) {
          return { ok: false, text: tell(error.result) };
        }
        throw error;
      },
    );
  return Promise.resolve({
    up: (operation) => outcome(stack.up(operation)),
    preview: (operation) => outcome(stack.preview(operation)),
    refresh: (operation) => outcome(stack.refresh(operation)),
    destroy: () => outcome(stack.destroy()),
    outputs: () => stack.outputs() as ReturnType<TestStack["outputs"]>,
    state: () => stack.state(),
    importState: (state) => stack.importState(state),
    declare: (...all) => {
      declarations = all;
    },
    close: () => {
      void stack.close();
    },
  });
};

function tell({ steps, diagnostics }: Result): string {
  const shown = diagnostics.filter(({ severity }) => severity !== "debug");
  return [...steps.map(({ op, name }) => `${op} ${name}`), ...shown.map(({ message }) => message)].join("\n");
}

/** A stack of the real CLI, on a backend in its own folder. Also tells the command, for tests that kill it. */
export async function openCli(
  env: Record<string, string>,
  name = "test",
): Promise<TestStack & { command: CliCommand }> {
  const cli = findPulumi();
  if (cli === undefined) {
    throw new Error("no Pulumi CLI here");
  }
  const folder = projectFolder();
  const backend = join(folder, "backend");
  mkdirSync(backend);
  const command: CliCommand = { cli, cwd: folder, env: pulumiEnv(cli, backend, cleanEnv(env)) };
  const pulumi = (...args: string[]) => run(cli, [...args, "--non-interactive"], command);
  const operate = async (
    name: string,
    { expectNoChanges, refresh, previewOnly, replace = [] }: Operation = {},
  ): Promise<Outcome> => {
    const flags = [
      ...(name === "preview" || previewOnly ? [] : ["--yes"]),
      ...(name === "preview" || previewOnly ? [] : ["--skip-preview"]),
      ...(previewOnly ? ["--preview-only"] : []),
      ...(expectNoChanges ? ["--expect-no-changes"] : []),
      ...(refresh ? ["--refresh"] : []),
      ...replace.flatMap((urn) => ["--replace", urn]),
    ];
    const { code, stdout, stderr } = await pulumi(name, ...flags);
    return { ok: code === 0, text: stdout + stderr };
  };
  const json = async (...args: string[]): Promise<unknown> =>
    JSON.parse(expectOk(await pulumi(...args)).stdout);
  expectOk(await pulumi("stack", "init", name));
  return {
    command,
    up: (operation) => operate("up", operation),
    preview: (operation) => operate("preview", operation),
    refresh: (operation) => operate("refresh", operation),
    destroy: () => operate("destroy"),
    outputs: () => json("stack", "output", "--json", "--show-secrets") as ReturnType<TestStack["outputs"]>,
    state: () => json("stack", "export") as Promise<StateDocument>,
    importState: async (state) => {
      const file = join(folder, "state.json");
      writeFileSync(file, JSON.stringify(state));
      expectOk(await pulumi("stack", "import", "--file", file));
    },
    declare: declareIn(folder),
    close: () => {
      rmSync(folder, { recursive: true });
    },
  };
}

export interface CliCommand {
  cli: string;
  cwd: string;
  env: NodeJS.ProcessEnv;
}

function expectOk(finished: Finished): Finished {
  if (finished.code !== 0) {
    throw new Error(finished.stdout + finished.stderr);
  }
  return finished;
}
