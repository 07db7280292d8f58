// An engine for Pulumi programs that needs no Pulumi CLI: a test bed for this repository's resources and for stacks made of them.

import { existsSync, readFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import * as grpc from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import { Deployment } from "./deployment";
import { engineService } from "./engine-service";
import { DeploymentError, type EngineEvent, type OperationKind, type Result } from "./events";
import { Monitor, type MonitorTarget } from "./monitor";
import { Bail } from "./planner";
import { ProgramFailed, runFolder, runFunction, type ProgramFunction, type RunOptions } from "./program";
import { configFrom, readProject, readSettings, type Config, type Project } from "./project";
import { startProvider, type ProviderSettings } from "./provider-process";
import { CHANNEL, listen } from "./rpc";
import { passphraseFrom } from "./secrets";
import { readDocument, writeDocument, type Snapshot, type StateDocument } from "./state";
import { STACK_TYPE, nameOf } from "./urn";
import { copy, revealAll, type Properties } from "./values";

export {
  DeploymentError,
  type Diagnostic,
  type EngineEvent,
  type Result,
  type StepRecord,
  type Summary,
} from "./events";
export { renderer, renderOutputs } from "./render";
export type { Config } from "./project";
export type { ProgramFunction } from "./program";
export type { ResourceState, StateDocument } from "./state";

export interface StackOptions {
  /** A function, run in this process, or the folder of a Pulumi.yaml. May be left out where each operation brings its own. */
  program?: ProgramFunction | string;
  /** Default: dev. */
  stack?: string;
  /** Default: the name in Pulumi.yaml; `project` for a function. */
  project?: string;
  /** Configuration, over that of Pulumi.yaml and Pulumi.<stack>.yaml. */
  config?: Config;
  /** Where the state is kept. Default: in memory. */
  stateFile?: string;
  /** The environment of the provider and of a program in a folder. Default: this process's own. */
  env?: NodeJS.ProcessEnv;
  /** How many operations on resources at once. Default: the CLI's, four for each processor. */
  parallel?: number;
  /** Called for all that happens, as it happens: `renderer` writes it as the CLI does. Default: nothing is shown. */
  onEvent?: (event: EngineEvent) => void;
  /**
   * `process`: Pulumi's dynamic-provider server in a new process for each run, as with the CLI; the default for folders. `warm`: in one
   * process that is kept, in which the server and all provider code are loaded anew for each run; the default for functions.
   */
  providerHost?: "process" | "warm";
  /** Where the provider runs, and looks for packages. Default: the program's folder; the working directory for a function. */
  cwd?: string;
  /** What secrets in the state are encrypted with. Default: PULUMI_CONFIG_PASSPHRASE or its _FILE; empty for a state in memory. */
  passphrase?: string;
}

export interface OperationOptions {
  /** In place of the stack's program, this once. */
  program?: ProgramFunction | string;
  /** Fail if anything would change, or did. */
  expectNoChanges?: boolean;
  /** Read the resources first. */
  refresh?: boolean;
  /** Show what would be done, and do nothing. (`preview` is `up` with this.) */
  previewOnly?: boolean;
  /** Replace these urns, whatever diff says. */
  replace?: string[];
  /** With refresh: forget creations of a run that was killed. */
  clearPendingCreates?: boolean;
  /** Not supported, and refused. */
  target?: string[];
  /** Not supported, and refused. */
  targetReplace?: string[];
}

const DEFAULT_STACK = "dev";
const PER_PROCESSOR = 4;

export function createStack(options: StackOptions): Stack {
  return new Stack(options);
}

export class Stack {
  /** The stack's name. */
  readonly name: string;
  /** The name of its project. */
  readonly project: string;
  private readonly folder: Project | undefined;
  private readonly env: NodeJS.ProcessEnv;
  private readonly host: ProviderSettings;
  private snapshot: Snapshot | undefined;
  private current: Deployment | undefined;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: StackOptions) {
    const { program } = options;
    this.folder = typeof program === "string" ? readProject(path.resolve(program)) : undefined;
    this.name = options.stack ?? DEFAULT_STACK;
    this.project = options.project ?? this.folder?.name ?? "project";
    this.env = options.env ?? process.env;
    this.host = {
      kind: options.providerHost ?? (this.folder ? "process" : "warm"),
      cwd: options.cwd ?? this.folder?.directory ?? process.cwd(),
      env: this.env,
      onOutput: (line) => this.current?.log("info", line),
    };
  }

  /** Makes what is there into what the program says. Rejects with a {@link DeploymentError} that carries the result. */
  up(options: OperationOptions = {}): Promise<Result> {
    return this.operate("up", options);
  }

  /** What `up` would do. Nothing is changed, neither in the state nor in the cloud. */
  preview(options: OperationOptions = {}): Promise<Result> {
    return this.operate("preview", { ...options, previewOnly: true });
  }

  /** Makes the state into what is there. The program is not run. */
  refresh(options: OperationOptions = {}): Promise<Result> {
    return this.operate("refresh", { ...options, refresh: true });
  }

  /** Deletes everything in the state. The program is not run. */
  destroy(options: OperationOptions = {}): Promise<Result> {
    return this.operate("destroy", options);
  }

  /** The stack's outputs as of now, secrets in clear. */
  async outputs(): Promise<Properties> {
    const { resources } = await this.load();
    const root = resources.find(({ type }) => type === STACK_TYPE);
    return revealAll(root?.outputs ?? {});
  }

  /** What `pulumi stack export` would print, and `pulumi stack import` takes. */
  async state(): Promise<StateDocument> {
    return writeDocument(copy(await this.load()), () => this.passphrase());
  }

  /** As `pulumi stack import`: what a document says is the state from now on. */
  async importState(document: StateDocument): Promise<void> {
    this.snapshot = await readDocument(copy(document), () => this.passphrase());
    await this.write(this.snapshot);
  }

  /** Begins nothing more: what runs now, ends, and is in the state. For a first SIGINT. */
  cancel(): void {
    this.current?.fail(new Error("canceled"));
  }

  /** Waits for what is under way. Nothing of a stack needs ending; what is kept warm ends with this process. */
  async close(): Promise<void> {
    await this.last;
  }

  /** One after the other, whoever asks. */
  private operate(operation: OperationKind, options: OperationOptions): Promise<Result> {
    const run = this.last.then(() => this.deploy(operation, options));
    this.last = run.catch(() => undefined);
    return run;
  }

  private async deploy(operation: OperationKind, options: OperationOptions): Promise<Result> {
    for (const option of ["target", "targetReplace"] as const) {
      if (options[option]) throw new Error(`the embedded engine does not support the option ${option}`);
    }
    const preview = options.previewOnly ?? false;
    const { project, name: stack } = this;
    const onEvent = this.options.onEvent ?? (() => undefined);
    const config = await this.config();
    const parallel = this.options.parallel ?? os.availableParallelism() * PER_PROCESSOR;
    const base = copy(await this.load());
    if (options.clearPendingCreates) base.pending = [];

    const server = new grpc.Server(CHANNEL);
    let address = "";
    const run = async (target: MonitorTarget, signal: AbortSignal): Promise<void> => {
      server.addService(ResourceMonitorService, new Monitor(target, config).service);
      const program = options.program ?? this.options.program;
      const log: RunOptions["log"] = (severity, message) => this.current?.log(severity, message);
      const { env } = this;
      const fail: RunOptions["fail"] = (error) => {
        target.fail(error);
      };
      const settings = { project, stack, address, preview, parallel, config, env, signal, log, fail };
      await this.runProgram(program, settings);
    };
    const deployment = new Deployment({
      operation,
      preview,
      stack,
      project,
      parallel,
      base,
      write: preview ? () => Promise.resolve() : (snapshot) => this.write(snapshot),
      startProvider: () => startProvider(this.host, address),
      runProgram: operation === "destroy" ? undefined : run,
      refresh: options.refresh ?? false,
      replace: options.replace ?? [],
      onEvent,
    });
    this.current = deployment;
    server.addService(
      EngineService,
      engineService((...message) => {
        deployment.log(...message);
      }),
    );
    address = await listen(server);
    onEvent({ kind: "begin", operation, preview, stack, project });
    try {
      const { result, snapshot, failed } = await deployment.run();
      if (!preview) this.snapshot = snapshot;
      const error = failed ? `${preview ? "preview" : operation} failed` : unexpected(result, options);
      onEvent({ kind: "end", result, failed: error !== undefined });
      if (error !== undefined) throw new DeploymentError(withCause(error, result), result);
      return result;
    } finally {
      this.current = undefined;
      server.forceShutdown();
    }
  }

  private async runProgram(program: ProgramFunction | string | undefined, run: RunOptions): Promise<void> {
    if (program === undefined) throw new Error("the stack has no program");
    try {
      if (typeof program === "function") await runFunction(program, run);
      else await runFolder(readProject(path.resolve(program)), run);
    } catch (error) {
      throw error instanceof ProgramFailed ? new Bail() : error;
    }
  }

  private async config(): Promise<Properties> {
    const given = configFrom(this.project, this.options.config ?? {});
    if (!this.folder) return given;
    const settings = await readSettings(this.folder, this.name, () => this.passphrase());
    return { ...settings.config, ...given };
  }

  private passphrase(): string {
    const passphrase = this.options.passphrase ?? passphraseFrom(this.env);
    if (passphrase !== undefined) return passphrase;
    if (this.options.stateFile === undefined && !this.folder) return "";
    throw new Error(
      "a passphrase for secrets is needed: set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE",
    );
  }

  private async load(): Promise<Snapshot> {
    const { stateFile } = this.options;
    if (stateFile !== undefined && existsSync(stateFile)) {
      const document = JSON.parse(readFileSync(stateFile, "utf8")) as StateDocument;
      return readDocument(document, () => this.passphrase());
    }
    return this.snapshot ?? { resources: [], pending: [] };
  }

  /** Whole or not at all: a file beside it, then a change of names. */
  private async write(snapshot: Snapshot): Promise<void> {
    const { stateFile } = this.options;
    if (stateFile === undefined) return;
    const document = await writeDocument(snapshot, () => this.passphrase());
    const beside = `${stateFile}.new`;
    await writeFile(beside, `${JSON.stringify(document, undefined, 4)}\n`, { mode: 0o600 });
    await rename(beside, stateFile);
  }
}

function unexpected(result: Result, { expectNoChanges }: OperationOptions): string | undefined {
  const changes = Object.entries(result.summary).filter(([op]) => op !== "same" && op !== "read");
  if (!expectNoChanges || changes.length === 0) return undefined;
  return `no changes were expected but changes ${result.preview ? "were proposed" : "occurred"}`;
}

/** The message of a rejected operation says what went wrong, not only that something did. */
function withCause(message: string, { diagnostics }: Result): string {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  return [
    message,
    ...errors.map((error) => (error.urn ? `${nameOf(error.urn)}: ` : "") + error.message),
  ].join("\n");
}
