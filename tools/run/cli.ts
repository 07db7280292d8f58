import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";

/** Finds the Pulumi CLI: on PATH, else where its installer puts it. */
export function findPulumi(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = [...(env.PATH ?? "").split(delimiter), join(env.HOME ?? homedir(), ".pulumi", "bin")];
  const file = process.platform === "win32" ? "pulumi.exe" : "pulumi";
  return folders.map((folder) => join(folder, file)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Whether the output goes to this terminal instead of into the result. */
  show?: boolean;
}

/** The environment in which the CLI works on a local backend and needs nothing from outside. */
export function pulumiEnv(cli: string, backend: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    PULUMI_CONFIG_PASSPHRASE: "",
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    ...env,
    // Its language host and its launcher of dynamic providers lie beside it.
    PATH: [dirname(cli), env.PATH ?? ""].join(delimiter),
  };
}

/** Variables that a client of the emulator gets: only the emulator's, whatever this shell has set. */
export function cleanEnv(env: Record<string, string>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(SCP|PULUMI)_/.test(name));
  return { ...Object.fromEntries(inherited), PULUMI_CONFIG_PASSPHRASE: "test", ...env };
}

/** Runs a command to its end. */
export async function run(
  command: string,
  args: string[],
  { cwd, env, show }: RunOptions,
): Promise<Finished> {
  const child = spawn(command, args, { cwd, env, stdio: show ? "inherit" : ["ignore", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      resolve({ code, signal, ...output });
    });
  });
}
