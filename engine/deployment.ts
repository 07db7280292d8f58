// One deployment: a program's wishes on one side, a provider's calls on the other, and the state between them. `run` is all of it.

import { Bail, Planner } from "./planner";
import type { Diagnostic, EngineEvent, OperationKind, Result, Severity, StepRecord } from "./events";
import { messageOf } from "./events";
import type { ProgramEvent } from "./goal";
import { allDependencies, deletionWaves, dropDangling } from "./graph";
import { Journal } from "./journal";
import type { MonitorTarget } from "./monitor";
import type { ProviderProcess } from "./provider-process";
import { InitError } from "./provider";
import { Providers } from "./providers";
import { Queue, Signal, Workers } from "./queue";
import { MonitorGone } from "./rpc";
import type { ResourceState, Snapshot } from "./state";
import * as steps from "./steps";
import { ProtectedError, subject, type Step } from "./steps";
import { createUrn, isStackUrn, nameOf } from "./urn";
import { containsSecret, equal, revealAll, type Properties } from "./values";

export interface DeploymentOptions {
  operation: OperationKind;
  preview: boolean;
  stack: string;
  project: string;
  parallel: number;
  base: Snapshot;
  write: (snapshot: Snapshot) => Promise<void>;
  startProvider: () => Promise<ProviderProcess>;
  /** Runs the program against this deployment; settles when the program has ended. Absent where none runs. */
  runProgram?: ((target: MonitorTarget, signal: AbortSignal) => Promise<void>) | undefined;
  /** Read every resource before anything else. */
  refresh: boolean;
  replace: readonly string[];
  onEvent: (event: EngineEvent) => void;
}

export class Deployment implements MonitorTarget {
  private readonly events = new Queue<ProgramEvent>();
  private readonly workers: Workers;
  private readonly providers: Providers;
  private journal: Journal;
  private planner: Planner;
  private resources: ResourceState[];
  /** Registered in this run: their outputs may still come. */
  private readonly registered = new Map<string, ResourceState>();
  private stackOutputs: { urn: string; outputs: Properties } | undefined;
  private readonly diagnostics: Diagnostic[] = [];
  private readonly records: StepRecord[] = [];
  private readonly drift = new Map<string, "same" | "update" | "delete">();
  private failed = false;
  private readonly stop = new Signal<never>();
  private readonly abort = new AbortController();
  private readonly end = new Signal<undefined>();
  private readonly began = performance.now();

  constructor(private readonly options: DeploymentOptions) {
    this.stop.promise.catch(() => undefined); // nobody may be waiting
    this.workers = new Workers(options.parallel);
    this.resources = options.base.resources;
    this.journal = new Journal(options.base, options.write);
    this.providers = new Providers(options.startProvider, options.preview);
    this.planner = this.newPlanner();
  }

  async run(): Promise<{ result: Result; snapshot: Snapshot; failed: boolean }> {
    this.warnOfPending();
    if (this.options.refresh) await this.refresh();
    if (this.options.operation !== "refresh" && !this.stopped()) {
      const program = this.runProgram();
      for await (const event of this.events) {
        if (this.stopped()) break;
        const chain = await this.plan(event);
        await this.workers.start(() => this.execute(chain));
      }
      await this.workers.idle();
      if (!this.stopped()) await this.deleteTheRest();
      await this.finishStackOutputs();
      this.end.resolve(undefined);
      await program;
    }
    await this.journal.save();
    await this.providers.close();
    const failed = this.failed || this.planner.failed;
    return { result: this.result(), snapshot: this.journal.snapshot(), failed };
  }

  /** Asks the provider what the event means. An error here ends the deployment. */
  private async plan(event: ProgramEvent): Promise<Step[]> {
    try {
      if (event.kind === "register") return await this.planner.planRegistration(event.goal, event.answer);
      if (event.kind === "read") return this.planner.planRead(event.goal, event.answer);
      await this.takeOutputs(event.urn, event.outputs);
      event.answer();
    } catch (error) {
      this.fail(error, event.kind === "outputs" ? event.urn : this.urnOf(event.goal));
    }
    return [];
  }

  /** The steps for one resource, one after the other; false if one did not succeed. */
  private async execute(chain: readonly Step[]): Promise<boolean> {
    for (const step of chain) {
      if (this.stopped()) return false;
      try {
        await this.take(step);
      } catch (error) {
        // A protected resource does not stop the deletion of others.
        this.fail(error, subject(step).urn, !(error instanceof ProtectedError));
        return false;
      }
    }
    return true;
  }

  private async take(step: Step): Promise<void> {
    const { preview } = this.options;
    const pending = steps.PENDING[step.op];
    const done = pending && (await this.journal.begin(subject(step), pending));
    const report = this.announce(step);
    try {
      await steps.apply(step, {
        providers: this.providers,
        preview,
        resources: this.resources,
        deletes: this.planner.deletes,
      });
      done?.();
      this.enter(step);
      if (step.op !== "same") await this.journal.save(); // What has not changed is written with whatever comes next.
      report(false);
    } catch (error) {
      done?.();
      if (error instanceof InitError) this.enter(step);
      await this.journal.save();
      report(true);
      throw error;
    }
    if (step.next && steps.isLogical(step)) this.registered.set(step.next.urn, step.next);
    if (step.next) step.answer?.(step.next);
  }

  /** The state after the step. */
  private enter({ op, old, next }: Step): void {
    if (op === "replace" || op === "refresh") return;
    if (op === "create-replacement") {
      // Created first, the old one stays until it is deleted; deleted first, it stayed until now.
      if (next) this.journal.put(next, old?.pendingReplacement ? old : undefined);
    } else if (op === "read-replacement") {
      if (next) this.journal.put(next);
    } else if (next) {
      this.journal.put(next, old);
    } else if (old && !(op === "delete-replaced" && old.pendingReplacement)) {
      this.journal.drop(old);
    }
  }

  private async deleteTheRest(): Promise<void> {
    const planned = new Map(this.planner.planDeletes().map((step) => [subject(step), step]));
    const spared = new Set<ResourceState>();
    for (const wave of deletionWaves(this.resources, [...planned.keys()])) {
      for (const state of wave) {
        const step = planned.get(state);
        if (!step || spared.has(state)) continue;
        await this.workers.start(async () => {
          if (await this.execute([step])) return;
          for (const needed of allDependencies(this.resources, state)) spared.add(needed);
        });
      }
      await this.workers.idle();
    }
  }

  /** Reads everything there is, and goes on from what was found. An error leaves that resource as it was. */
  private async refresh(): Promise<void> {
    const found = new Map<ResourceState, Step>();
    for (const old of this.resources) {
      const step: Step = { op: "refresh", old, next: old };
      found.set(old, step);
      await this.workers.start(async () => {
        try {
          await this.take(step);
        } catch (error) {
          this.fail(error, old.urn, false);
        }
      });
    }
    await this.workers.idle();
    const present = this.resources.flatMap((old) => found.get(old)?.next ?? []);
    this.resources = dropDangling(present);
    this.journal = new Journal({ ...this.options.base, resources: this.resources }, this.options.write);
    this.planner = this.newPlanner();
    if (this.failed) this.halt();
    await this.journal.save();
  }

  private async runProgram(): Promise<void> {
    try {
      await this.options.runProgram?.(this, this.abort.signal);
    } catch (error) {
      if (!this.stopped()) this.fail(error);
    }
    this.events.close();
  }

  register: MonitorTarget["register"] = (goal) => this.ask((answer) => ({ kind: "register", goal, answer }));
  read: MonitorTarget["read"] = (goal) => this.ask((answer) => ({ kind: "read", goal, answer }));

  async outputs(urn: string, outputs: Properties): Promise<void> {
    await this.ask<undefined>((answer) => ({
      kind: "outputs",
      urn,
      outputs,
      answer: () => {
        answer(undefined);
      },
    }));
  }

  finished(): Promise<void> {
    this.events.close();
    return this.end.promise;
  }

  log(severity: Severity, message: string, urn = "", ephemeral = false): void {
    const diagnostic = { severity, message, urn };
    if (!ephemeral && severity !== "debug") this.diagnostics.push(diagnostic);
    this.options.onEvent({ kind: "diagnostic", diagnostic, ephemeral });
  }

  private ask<T = ResourceState>(event: (answer: (value: T) => void) => ProgramEvent): Promise<T> {
    if (this.stopped()) return this.stop.promise;
    const answered = new Promise<T>((resolve) => {
      this.events.push(event(resolve));
    });
    return Promise.race([answered, this.stop.promise]);
  }

  fail(error: unknown, urn = "", stop = true): void {
    this.failed = true;
    if (!(error instanceof Bail)) this.log("error", messageOf(error), urn);
    if (stop) this.halt();
  }

  /** Nothing new begins any more; what runs, ends. */
  private stopped(): boolean {
    return this.abort.signal.aborted;
  }

  private halt(): void {
    this.abort.abort();
    this.events.close();
    this.stop.reject(new MonitorGone("the deployment has ended"));
  }

  private async takeOutputs(urn: string, outputs: Properties): Promise<void> {
    // The stack's own come last: they stand for the whole deployment.
    if (isStackUrn(urn)) {
      this.stackOutputs = { urn, outputs };
      return;
    }
    const state = this.registered.get(urn);
    if (!state) throw new Error(`cannot complete a resource '${urn}' whose registration isn't pending`);
    this.registered.delete(urn);
    if (equal(state.outputs, outputs)) return;
    state.outputs = outputs;
    await this.journal.save();
  }

  /** After a failure the program has not said all: what it did not say stays as it was. */
  private async finishStackOutputs(): Promise<void> {
    const state = this.stackOutputs && this.registered.get(this.stackOutputs.urn);
    if (!state || !this.stackOutputs) return;
    const before = this.resources.find(({ urn }) => urn === state.urn)?.outputs ?? {};
    const { outputs } = this.stackOutputs;
    state.outputs = this.failed ? { ...before, ...outputs } : outputs;
    await this.journal.save();
  }

  private announce(step: Step): (failed: boolean) => void {
    const { urn, type } = subject(step);
    const record = { op: step.op, urn, type, name: nameOf(urn) };
    const internal = steps.isInternal(step);
    const began = performance.now();
    if (!internal) this.options.onEvent({ kind: "step-begin", step: record });
    return (failed) => {
      if (internal) return;
      if (step.op === "refresh") this.drift.set(urn, DRIFT[step.drift ?? "none"]);
      if (!failed) this.records.push(record);
      const seconds = (performance.now() - began) / 1000;
      this.options.onEvent({ kind: "step-end", step: record, seconds, failed });
    };
  }

  private newPlanner(): Planner {
    return new Planner(this.options, this.resources, this.providers, (severity, message, urn) => {
      this.log(severity, message, urn);
    });
  }

  private warnOfPending(): void {
    const { base, preview, refresh } = this.options;
    if (base.pending.length === 0 || preview || refresh) return;
    const list = base.pending.map(({ resource, type }) => `  * ${resource.urn}, interrupted while ${type}`);
    this.log(
      "warning",
      `Attempting to deploy or update resources with ${base.pending.length} pending operations from previous ` +
        `deployment.\n${list.join("\n")}\nThese resources are in an unknown state, because the engine was interrupted ` +
        "while it waited for changes to them to complete. Refresh the stack, once you have seen what became of them.",
    );
  }

  private urnOf({ parent, type, name }: { parent?: string; type: string; name: string }): string {
    return createUrn(this.options.stack, this.options.project, parent, type, name);
  }

  private result(): Result {
    const { operation, preview } = this.options;
    const outputs = this.journal.snapshot().resources.find(({ urn }) => isStackUrn(urn))?.outputs ?? {};
    const summary: Result["summary"] = {};
    const counted =
      operation === "refresh"
        ? [...this.drift.values()]
        : this.records.filter(steps.isLogical).map(({ op }) => op);
    for (const op of counted) summary[op] = (summary[op] ?? 0) + 1;
    return {
      operation,
      preview,
      outputs: revealAll(outputs),
      secretOutputs: Object.keys(outputs).filter((key) => containsSecret(outputs[key] ?? null)),
      summary,
      steps: this.records,
      diagnostics: this.diagnostics,
      seconds: (performance.now() - this.began) / 1000,
    };
  }
}

const DRIFT = { none: "same", changed: "update", deleted: "delete" } as const;
