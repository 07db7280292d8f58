// The user's program in Pulumi's own Node.js runtime: a folder by `@pulumi/pulumi/cmd/run`, in a process of its own; a function by
// the runner that the Automation API has for inline programs, in this process.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";
import * as automation from "@pulumi/pulumi/automation/server";
import { RunRequest, type RunResponse } from "@pulumi/pulumi/proto/language_pb";
import type { Severity } from "./events";
import type { Project } from "./project";
import { Signal } from "./queue";
import { isServiceError } from "./rpc";
import { onStrayError } from "./stray-errors";
import { isSecret, reveal, textOf, type Properties } from "./values";

export type ProgramFunction = () => Promise<Record<string, unknown> | undefined | void>; // eslint-disable-line @typescript-eslint/no-invalid-void-type -- a program may return nothing

export interface RunOptions {
  project: string;
  stack: string;
  /** Where both the monitor and the engine listen. */
  address: string;
  preview: boolean;
  parallel: number;
  config: Properties;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
  log: (severity: Severity, message: string) => void;
  /** Ends the deployment: what the program asks from then on is refused. */
  fail: (error: unknown) => void;
}

/** The CLI's name for the owner of stacks that no service keeps. */
const ORGANIZATION = "organization";
/** The run process has told the user why it failed. */
const EXIT_REPORTED = 32;
/** Turns of the event loop in which the answers to an inline program's last calls reach it. It cannot be killed: it is left. */
const LAST_TURNS = 20;

const secretKeys = (config: Properties): string[] =>
  Object.keys(config).filter((key) => isSecret(config[key]));
const clearConfig = (config: Properties): Record<string, string> =>
  Object.fromEntries(Object.entries(config).map(([key, value]) => [key, textOf(reveal(value))]));

/** Its declarations leave it out, as internal; it is what runs every inline program. */
const { LanguageServer } = automation as unknown as {
  LanguageServer: new (program: ProgramFunction) => {
    run(
      call: { request: RunRequest },
      done: (error: Error | undefined, response?: RunResponse) => void,
    ): unknown;
  };
};

export async function runFunction(program: ProgramFunction, options: RunOptions): Promise<void> {
  const request = new RunRequest();
  request.setProject(options.project);
  request.setStack(options.stack);
  request.setOrganization(ORGANIZATION);
  request.setDryrun(options.preview);
  request.setParallel(options.parallel);
  request.setMonitorAddress(options.address);
  request.setArgsList([options.address]);
  request.setConfigsecretkeysList(secretKeys(options.config));
  for (const [key, value] of Object.entries(clearConfig(options.config))) {
    request.getConfigMap().set(key, value);
  }
  const stray = new Signal<never>();
  const release = onStrayError((error) => {
    // A call to the engine that failed: the engine knows already.
    if (!isServiceError(error)) stray.reject(error instanceof Error ? error : new Error(String(error)));
  });
  const run = new Promise<void>((resolve, reject) => {
    const server = new LanguageServer(program);
    server.run({ request }, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
  try {
    await Promise.race([run, stray.promise, aborted(options.signal)]);
    // Rejections are reported at the end of the turn in which they come.
    await turns(1);
  } catch (error) {
    options.fail(error);
  } finally {
    if (options.signal.aborted) await turns(LAST_TURNS);
    release();
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}

async function turns(count: number): Promise<void> {
  for (; count > 0; count--) await new Promise((resolve) => setImmediate(resolve));
}

export async function runFolder(project: Project, options: RunOptions): Promise<void> {
  const { address, config, log } = options;
  const args = [
    ...project.nodeArguments,
    runScript(project.directory),
    ...["--monitor", address, "--engine", address, "--organization", ORGANIZATION],
    ...["--project", options.project, "--root-directory", project.root, "--stack", options.stack],
    ...["--pwd", project.directory, ...(options.preview ? ["--dry-run"] : [])],
    ...["--parallel", String(options.parallel), project.entryPoint],
  ];
  const namespaced = Object.entries(clearConfig(config)).map(([key, value]) => {
    const [namespace = "", ...name] = key.split(":");
    return [`${namespace}:config:${name.join(":")}`, value];
  });
  const env = {
    ...options.env,
    PULUMI_CONFIG: JSON.stringify(Object.fromEntries(namespaced)),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(secretKeys(config)),
    ...(project.typescript && { PULUMI_NODEJS_TYPESCRIPT: "true" }),
    ...(project.tsconfig && { PULUMI_NODEJS_TSCONFIG_PATH: project.tsconfig }),
  };
  const child = spawn(process.execPath, args, {
    cwd: project.directory,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // a SIGINT from the terminal is for the engine
  });
  const kill = (): void => void child.kill();
  options.signal.addEventListener("abort", kill, { once: true });
  createInterface({ input: child.stdout }).on("line", (line) => {
    log("info", line);
  });
  createInterface({ input: child.stderr }).on("line", (line) => {
    log("info", line);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  options.signal.removeEventListener("abort", kill);
  if (code === EXIT_REPORTED) throw new ProgramFailed();
  if (code !== 0) throw new Error(`Program exited with non-zero exit code: ${code ?? "none"}`);
}

/** The program has failed, and has said why. */
export class ProgramFailed extends Error {}

/** The program's own copy of Pulumi runs it. */
function runScript(directory: string): string {
  const script = "@pulumi/pulumi/cmd/run";
  try {
    return createRequire(path.join(directory, "index.js")).resolve(script);
  } catch {
    return require.resolve(script);
  }
}
