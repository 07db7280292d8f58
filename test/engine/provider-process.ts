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
  /** `process`: a new process for each run, as the CLI has it. `warm`: one process, in which the server is started anew. */
  kind: "process" | "warm";
  cwd: string;
  env: NodeJS.ProcessEnv;
  onOutput: (line: string, severity: "info" | "error") => void;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

// A child that outlives whoever started it would wait for calls for ever: it ends with its stdin.
const END_WITH_STDIN = 'data:text/javascript,process.stdin.resume().on("close",()=>process.exit()).unref?.()';
const SERVER = "@pulumi/pulumi/cmd/dynamic-provider";
// Plain JavaScript, so that the child needs no compiler: it stays in the sources when this file runs compiled.
const WARM = path.join(__dirname.replace(/\bdist[/\\](?=test[/\\]engine$)/, ""), "warm-provider.js");

/** Has a process ready before it is asked for: the start of one takes longer than most deployments in tests. */
export class ProviderHost {
  private next: Child | undefined;

  constructor(private readonly settings: ProviderSettings) {
    if (settings.kind === "warm") this.next = this.spawn([WARM]);
  }

  async start(engineAddress: string): Promise<ProviderProcess> {
    if (this.settings.kind === "process") {
      const child = this.spawn(["--import", END_WITH_STDIN, this.server(), engineAddress]);
      const stop = (): void => void child.kill();
      return { address: await this.portOf(child), stop };
    }
    this.next ??= this.spawn([WARM]);
    this.next.stdin.write(`${engineAddress}\n`);
    return { address: await this.portOf(this.next), stop: () => undefined };
  }

  close(): void {
    this.next?.kill();
    this.next = undefined;
  }

  private server(): string {
    const from = createRequire(path.join(this.settings.cwd, "index.js"));
    try {
      return from.resolve(SERVER);
    } catch {
      return require.resolve(SERVER);
    }
  }

  private spawn(args: string[]): Child {
    const { cwd, env, onOutput } = this.settings;
    const child = spawn(process.execPath, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
    createInterface({ input: child.stderr }).on("line", (line) => {
      onOutput(line, "error");
    });
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (!child.emit("port-line", line)) onOutput(line, "info");
    });
    return child;
  }

  /** The server prints its port first, alone on a line; all other lines are the provider's own. */
  private portOf(child: Child): Promise<string> {
    return new Promise((resolve, reject) => {
      const fail = (): void => {
        reject(new Error("the dynamic provider's process ended before it was ready"));
      };
      const onLine = (line: string): void => {
        if (!/^\d+$/.test(line)) return;
        child.off("port-line", onLine).off("exit", fail);
        resolve(`127.0.0.1:${line}`);
      };
      child.on("port-line", onLine).on("exit", fail);
    });
  }
}
