// Pulumi's own dynamic-provider server, in a child process.

import { spawn, type ChildProcessByStdio } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

export interface ProviderProcess {
  address: string;
  stop(): void;
}

export interface ProviderSettings {
  /** `process`: a new process for each run, as the CLI has it. `warm`: one that is kept, in which the server is started anew. */
  kind: "process" | "warm";
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** What the provider writes to its console. */
  onOutput: (line: string) => void;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const SERVER = "@pulumi/pulumi/cmd/dynamic-provider";
// A child that outlives whoever started it would wait for calls for ever: it ends with its stdin.
const END_WITH_STDIN = 'data:text/javascript,process.stdin.resume().on("close",()=>process.exit())';
// Plain JavaScript, here and compiled, so that the child needs no compiler.
const WARM = path.join(__dirname, "warm-provider.js");

/** Warm processes that nobody uses at the moment, by the folder they are in. Each serves one run at a time. */
const idle = new Map<string, Child[]>();

export async function startProvider(settings: ProviderSettings, engine: string): Promise<ProviderProcess> {
  const { kind, cwd, env, onOutput } = settings;
  const waiting = idle.get(cwd) ?? [];
  idle.set(cwd, waiting);
  const child =
    kind === "process"
      ? launch(["--import", END_WITH_STDIN, resolveServer(cwd), engine], cwd, env)
      : (waiting.pop() ?? launch([WARM], cwd, env));
  if (kind === "warm") child.stdin.write(`${JSON.stringify({ address: engine, env })}\n`);
  const address = await portOf(child);
  const hush = listen(child, onOutput);
  return {
    address,
    stop() {
      hush();
      if (kind === "warm") waiting.push(child);
      else child.kill();
    },
  };
}

function resolveServer(cwd: string): string {
  try {
    return createRequire(path.join(cwd, "index.js")).resolve(SERVER);
  } catch {
    return require.resolve(SERVER);
  }
}

function launch(args: string[], cwd: string, env: NodeJS.ProcessEnv): Child {
  // Detached: a SIGINT from the terminal is for the engine, which lets the running calls end.
  const child = spawn(process.execPath, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"], detached: true });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => child.emit("output", line));
  }
  // Nobody waits for an idle process to end: it must not keep this one from ending.
  for (const handle of [child, child.stdin, child.stdout, child.stderr]) {
    if ("unref" in handle && typeof handle.unref === "function") handle.unref();
  }
  return child;
}

function listen(child: Child, onOutput: (line: string) => void): () => void {
  child.on("output", onOutput);
  return () => void child.off("output", onOutput);
}

/** The server prints its port first, alone on a line; all other lines are the provider's own. */
function portOf(child: Child): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (): void => {
      reject(new Error("the dynamic provider's process ended before it was ready"));
    };
    const onLine = (line: string): void => {
      if (!/^\d+$/.test(line)) return;
      child.off("output", onLine).off("exit", fail);
      resolve(`127.0.0.1:${line}`);
    };
    child.on("output", onLine).on("exit", fail);
  });
}
