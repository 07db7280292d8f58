// A stack whose operations are timed: each runs in processes of its own, by the Pulumi CLI or by the embedded engine.

import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cleanEnv, findPulumi, pulumiEnv } from "../run/cli";
import { watchMemory, type Memory } from "./memory";

export type EngineName = "pulumi" | "embedded";
export type Command = "up" | "preview" | "refresh" | "destroy";

export interface Timed {
  seconds: number;
  memory: Memory;
}

export interface TimedStack {
  operate: (command: Command) => Promise<Timed>;
  /** The text of `pulumi stack export`. */
  exported: () => Promise<string>;
  close: () => void;
}

export function openStack(
  engine: EngineName,
  folder: string,
  env: Record<string, string>,
): Promise<TimedStack> {
  return engine === "pulumi" ? openCli(folder, env) : Promise.resolve(openEmbedded(folder, env));
}

async function openCli(folder: string, env: Record<string, string>): Promise<TimedStack> {
  const cli = findPulumi();
  if (cli === undefined) {
    throw new Error("The Pulumi CLI is neither on PATH nor in ~/.pulumi/bin.");
  }
  const backend = join(folder, "backend");
  mkdirSync(backend);
  const place = { cwd: folder, env: pulumiEnv(cli, backend, cleanEnv(env)) };
  const pulumi = (...args: string[]) => timed(cli, [...args, "--non-interactive"], place);
  await pulumi("stack", "init", "bench");
  return {
    operate: (command) => pulumi(command, ...(command === "preview" ? [] : ["--yes", "--skip-preview"])),
    exported: async () => (await pulumi("stack", "export")).output,
    close: () => {
      rmSync(folder, { recursive: true });
    },
  };
}

/** The command behind `npm run up`: without the CLI, it runs the program on the embedded engine. */
const runCommand = join(__dirname, "../run/main.js");

function openEmbedded(folder: string, env: Record<string, string>): TimedStack {
  const place = { cwd: folder, env: cleanEnv(env) };
  return {
    operate: (command) => timed(process.execPath, [runCommand, command, ".", "--engine", "embedded"], place),
    exported: () => Promise.resolve(readFileSync(join(folder, ".local/embedded/bench.scp.json"), "utf8")),
    close: () => {
      rmSync(folder, { recursive: true });
    },
  };
}

async function timed(
  command: string,
  args: string[],
  place: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<Timed & { output: string }> {
  const began = performance.now();
  const child = spawn(command, args, { ...place, stdio: ["ignore", "pipe", "pipe"] });
  const peaks = watchMemory(child.pid ?? 0);
  const text = { output: "", errors: "" };
  child.stdout.setEncoding("utf8").on("data", (more: string) => (text.output += more));
  child.stderr.setEncoding("utf8").on("data", (more: string) => (text.errors += more));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const seconds = (performance.now() - began) / 1000;
  const memory = peaks();
  if (code !== 0) {
    throw new Error(`${args.join(" ")} failed:\n${(text.output + text.errors).slice(-4000)}`);
  }
  return { seconds, memory, output: text.output };
}
