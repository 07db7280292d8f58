import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { transformFileSync } from "@swc/core";
import type { RetryPolicy } from "../../provider/api/http";

/** How a call ended in a process of its own. */
export interface Outcome {
  ok: boolean;
  /** Of an error. */
  message?: string;
  failure?: string;
  mayHaveWorked?: boolean;
}

export interface RunOptions {
  task?: Task;
  retryPolicy?: Partial<RetryPolicy>;
}

/** What a process can be told to do. */
export type Task = "show" | "create";

/** What the process does when it is told to: the same call so often, one after the other; tells how each ended. */
const program = `
  // No name is ever looked up: every host is this machine.
  require("node:dns").lookup = (host, options, callback) =>
    options.all ? callback(null, [{ address: "127.0.0.1", family: 4 }]) : callback(null, "127.0.0.1", 4);
  const { ScpClient } = require("./client.js");
  const { findSettings } = require("./settings.js");
  const tasks = {
    show: (client) => client.showImage("one"),
    create: (client) => client.createImage({ name: "one", osDistro: "alma", url: "https://one.example/bucket/one.qcow2" }),
  };
  process.on("message", async ({ env, times, task, retryPolicy }) => {
    process.env = env;
    const client = new ScpClient(findSettings({ home: "/nowhere" }), retryPolicy);
    const outcomes = [];
    for (let count = 0; count < times; count++) {
      outcomes.push(await tasks[task](client).then(
        () => ({ ok: true }),
        ({ message, failure, mayHaveWorked }) => ({ ok: false, message, failure, mayHaveWorked }),
      ));
    }
    process.send(outcomes);
  });
`;

/**
 * The client in a process of its own, since Node reads NODE_EXTRA_CA_CERTS as it starts. It is compiled here, so that what runs is what
 * provider/api says now, whether or not anybody built it.
 */
export class ClientProcess {
  private readonly folder = mkdtempSync(path.join(tmpdir(), "scp-client-"));
  private readonly child: ChildProcess;

  /** @param env what the process starts with, and has as long as it runs. */
  constructor(env: Record<string, string>) {
    const api = path.join(__dirname, "../../provider/api");
    for (const file of readdirSync(api)) {
      const { code } = transformFileSync(path.join(api, file), {
        jsc: { target: "es2022", parser: { syntax: "typescript" } },
        module: { type: "commonjs" },
      });
      writeFileSync(path.join(this.folder, file.replace(/ts$/, "js")), code);
    }
    const main = path.join(this.folder, "main.js");
    writeFileSync(main, program);
    const NODE_PATH = path.join(__dirname, "../../node_modules");
    const { NODE_OPTIONS = "" } = process.env;
    this.child = fork(main, { env: { NODE_PATH, NODE_OPTIONS, ...env }, execArgv: [] });
  }

  /** One after the other: the process has one environment. */
  async run(
    env: Record<string, string>,
    times = 1,
    { task = "show", retryPolicy = {} }: RunOptions = {},
  ): Promise<Outcome[]> {
    this.child.send({
      env,
      times,
      task,
      retryPolicy: { initialBackoff: 1, maxBackoff: 2, attempts: 2, ...retryPolicy },
    });
    const [outcomes] = (await once(this.child, "message")) as [Outcome[]];
    return outcomes;
  }

  async close(): Promise<void> {
    const ended = once(this.child, "exit");
    this.child.kill();
    await ended;
    rmSync(this.folder, { recursive: true });
  }
}
