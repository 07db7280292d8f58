// Lets the Pulumi CLI and this engine live the same random lives, and compares what the provider was asked and what is in the state.
//
//   node dist/test/engine/differential.js --cases 100 --seed 1 [--jobs 2]

import { execFile } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { createStack, DeploymentError, type ProgramFunction } from "../../engine";
import { findPulumi } from "../../tools/run/cli";
import { fixture } from "./fixture";
import { scenario, type Act, type Resource, type Scenario } from "./scenarios";
import { readDocument, type ResourceState, type Snapshot, type StateDocument } from "../../engine/state";
import { isProviderType, parseReference } from "../../engine/urn";
import { equal, type Value } from "../../engine/values";

const PASSPHRASE = "differential";
const PROJECT = "described";
const STACK = "dev";

/** What can be seen of an act, on either engine. */
interface Outcome {
  failed: boolean;
  /** By the name of the thing. */
  calls: Record<string, string[]>;
  resources: unknown[];
  /** For people: what the engine printed. */
  output: string;
}

interface Engine {
  name: string;
  play(act: Act, parallel: number | undefined): Promise<{ failed: boolean; output: string; state: Snapshot }>;
  close(): void;
}

// The CLI deletes what is independent in an order of chance, and stops at a failure: what it has deleted by then differs from run to run.
const ATTEMPTS = 3;

/** Differences of one scenario, or of its first acts, in words; none if both engines did the same, once in a few attempts. */
export async function compare(seed: number, pulumi: string, acts?: number): Promise<string[]> {
  let found: string[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    found = await compareOnce(seed, pulumi, acts);
    if (found.length === 0) break;
  }
  return found;
}

async function compareOnce(seed: number, pulumi: string, acts?: number): Promise<string[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "differential-"));
  const life = scenario(seed);
  life.acts = life.acts.slice(0, acts);
  const engines = [embedded(path.join(folder, "embedded")), real(path.join(folder, "real"), pulumi)] as const;
  try {
    const [ours, theirs] = await Promise.all(
      engines.map((engine, index) => live(engine, life, folder, index)),
    );
    return (ours ?? []).flatMap((outcome, index) => differences(life, index, outcome, theirs?.[index]));
  } finally {
    for (const engine of engines) engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function live(
  engine: Engine,
  { acts, parallel }: Scenario,
  folder: string,
  index: number,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const cloud = path.join(folder, index === 0 ? "embedded" : "real");
  for (const act of acts) {
    const log = path.join(cloud, "calls.jsonl");
    rmSync(log, { force: true });
    meddle(path.join(cloud, "cloud.json"), act);
    const { failed, output, state } = await engine.play(act, parallel);
    outcomes.push({ failed, output, calls: callsIn(log), resources: comparable(state) });
  }
  return outcomes;
}

interface Cloud {
  things: Record<string, { name: string; note?: string }>;
  made: Record<string, number>;
  faults: Act["faults"];
}

function meddle(file: string, { faults, vanish, tamper }: Act): void {
  const empty: Cloud = { things: {}, made: {}, faults: [] };
  const cloud = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Cloud) : empty;
  const kept = Object.entries(cloud.things).filter(([, { name }]) => !vanish.includes(name));
  cloud.things = Object.fromEntries(kept);
  for (const thing of Object.values(cloud.things)) if (tamper.includes(thing.name)) thing.note = "tampered";
  cloud.faults = faults;
  writeFileSync(file, JSON.stringify(cloud));
}

function callsIn(log: string): Record<string, string[]> {
  const calls: Record<string, string[]> = {};
  if (!existsSync(log)) return calls;
  for (const line of readFileSync(log, "utf8").trim().split("\n")) {
    const { name } = JSON.parse(line) as { name: string };
    (calls[name] ??= []).push(line);
  }
  // How often a provider is configured differs: the CLI starts one for a state's provider and one for the program's.
  delete calls[""];
  return calls;
}

interface Description {
  serial: boolean;
  resources: Resource[];
}

function embedded(cloud: string): Engine {
  mkdirSync(cloud, { recursive: true });
  let output: string[] = [];
  const { build } = createRequire(__filename)(fixture("described", "index.js")) as {
    build: (description: Description) => Promise<Record<string, unknown>>;
  };
  const stacks = new Map<number | undefined, ReturnType<typeof createStack>>();
  const stackFor = (parallel: number | undefined) => {
    const stack = createStack({
      project: PROJECT,
      stack: STACK,
      stateFile: path.join(cloud, "state.json"),
      passphrase: PASSPHRASE,
      env: { ...process.env, THING_CLOUD: cloud },
      onEvent: (event) => output.push(JSON.stringify(event)),
      ...(parallel !== undefined && { parallel }),
    });
    stacks.set(parallel, stack);
    return stack;
  };
  return {
    name: "embedded",
    async play({ operation, resources }, parallel) {
      output = [];
      const stack = stacks.get(parallel) ?? stackFor(parallel);
      // Through text: under jest the SDK does not know the arrays of structuredClone for arrays.
      const description = JSON.stringify({ serial: parallel === 1, resources });
      const program: ProgramFunction = () => build(JSON.parse(description) as Description);
      let failed = false;
      try {
        if (operation === "up --refresh") await stack.up({ program, refresh: true });
        else await stack[operation]({ program });
      } catch (error) {
        if (!(error instanceof DeploymentError)) throw error;
        failed = true;
      }
      const document = await stack.state();
      return { failed, output: output.join("\n"), state: await readDocument(document, () => PASSPHRASE) };
    },
    close() {
      stacks.clear();
    },
  };
}

function real(cloud: string, pulumi: string): Engine {
  const backend = path.join(cloud, "backend");
  mkdirSync(backend, { recursive: true });
  const description = path.join(cloud, "description.json");
  const env = {
    ...process.env,
    PATH: `${path.dirname(pulumi)}${path.delimiter}${process.env.PATH ?? ""}`,
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_CONFIG_PASSPHRASE: PASSPHRASE,
    PULUMI_SKIP_UPDATE_CHECK: "1",
    THING_CLOUD: cloud,
    DESCRIPTION: description,
  };
  const cwd = projectFolder(path.join(cloud, "project"));
  const run = (...args: string[]) =>
    new Promise<{ failed: boolean; output: string }>((resolve) => {
      execFile(pulumi, [...args, "--non-interactive"], { cwd, env }, (error, stdout, stderr) => {
        resolve({ failed: error !== null, output: stdout + stderr });
      });
    });
  const flags: Record<Act["operation"], string[]> = {
    up: ["up", "--yes", "--skip-preview"],
    "up --refresh": ["up", "--yes", "--skip-preview", "--refresh"],
    preview: ["preview"],
    refresh: ["refresh", "--yes", "--skip-preview"],
    destroy: ["destroy", "--yes", "--skip-preview"],
  };
  const ready = run("stack", "init", STACK);
  return {
    name: "real",
    async play({ operation, resources }, parallel) {
      await ready;
      writeFileSync(description, JSON.stringify({ serial: parallel === 1, resources }));
      const workers = parallel === undefined ? [] : ["--parallel", String(parallel)];
      const { failed, output } = await run(...flags[operation], ...workers, "--stack", STACK);
      return { failed, output, state: await checkpoint(backend) };
    },
    close: () => undefined,
  };
}

/** The CLI writes the stack's settings into the project: each life has its own. */
function projectFolder(folder: string): string {
  mkdirSync(folder);
  const original = fixture("described");
  copyFileSync(path.join(original, "Pulumi.yaml"), path.join(folder, "Pulumi.yaml"));
  writeFileSync(path.join(folder, "package.json"), "{}");
  writeFileSync(path.join(folder, "index.js"), `module.exports = require(${JSON.stringify(original)});\n`);
  const packages = path.resolve(require.resolve("@pulumi/pulumi/package.json"), "../../..");
  symlinkSync(packages, path.join(folder, "node_modules"), "junction");
  return folder;
}

/** The CLI's own file: the deployment that `pulumi stack export` prints, in another envelope. */
async function checkpoint(backend: string): Promise<Snapshot> {
  const file = path.join(backend, ".pulumi", "stacks", PROJECT, `${STACK}.json`);
  const { checkpoint: stored, ...envelope } = JSON.parse(readFileSync(file, "utf8")) as {
    version: number;
    features?: string[];
    checkpoint: { latest?: StateDocument["deployment"] };
  };
  if (!stored.latest) return { resources: [], pending: [] };
  return readDocument({ ...envelope, deployment: stored.latest }, () => PASSPHRASE);
}

/** The resources without what differs from run to run, and without what the README lists as left out. */
function comparable({ resources }: Snapshot): unknown[] {
  return resources.map(comparableResource).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

const NOT_COMPARED = ["created", "modified", "sourcePosition", "stackTrace", "aliases"];

function comparableResource(state: ResourceState): Record<string, unknown> {
  const sorted = (urns: readonly string[] | undefined): string[] => [...(urns ?? [])].sort();
  const properties = Object.entries(state.propertyDependencies ?? {});
  const all: Record<string, unknown> = {
    ...state,
    provider: state.provider && parseReference(state.provider).urn,
    id: isProviderType(state.type) ? "" : state.id,
    dependencies: sorted(state.dependencies),
    propertyDependencies: Object.fromEntries(properties.map(([key, urns]) => [key, sorted(urns)]).sort()),
  };
  const kept = Object.entries(all)
    .filter(([key, value]) => !NOT_COMPARED.includes(key) && !isEmpty(value))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(kept);
}

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  value === "" ||
  (typeof value === "object" && Object.keys(value).length === 0);

function differences(life: Scenario, index: number, ours: Outcome, theirs: Outcome | undefined): string[] {
  const act = life.acts[index];
  if (!theirs || !act) return [`act ${index + 1}: missing`];
  const where = `seed ${life.seed}, act ${index + 1} (${act.operation})`;
  const found: string[] = [];
  if (ours.failed !== theirs.failed)
    found.push(`${where}: failed: ${ours.failed} here, ${theirs.failed} there`);
  for (const name of new Set([...Object.keys(ours.calls), ...Object.keys(theirs.calls)])) {
    if (same(ours.calls[name], theirs.calls[name])) continue;
    found.push(`${where}: calls for ${name}\n${sideBySide(ours.calls[name], theirs.calls[name])}`);
  }
  if (!same(ours.resources, theirs.resources)) {
    const texts = (outcome: Outcome) => outcome.resources.map((resource) => JSON.stringify(resource));
    const [here, there] = [texts(ours), texts(theirs)];
    const onlyHere = here.filter((text) => !there.includes(text));
    const onlyThere = there.filter((text) => !here.includes(text));
    found.push(`${where}: state\n${sideBySide(onlyHere, onlyThere)}`);
  }
  if (found.length > 0) found.push(`${where}: the CLI printed\n${theirs.output}`);
  return found;
}

const same = (a: unknown, b: unknown): boolean => equal(a as Value, b as Value);

const sideBySide = (ours: string[] = [], theirs: string[] = []): string =>
  [...ours.map((line) => `  here  ${line}`), ...theirs.map((line) => `  there ${line}`)].join("\n");

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      cases: { type: "string", default: "100" },
      seed: { type: "string", default: "1" },
      jobs: { type: "string", default: String(os.availableParallelism()) },
    },
  });
  const pulumi = findPulumi();
  if (!pulumi) throw new Error("no Pulumi CLI on PATH or in ~/.pulumi: there is nothing to compare with");
  const seeds = Array.from({ length: Number(values.cases) }, (_, index) => Number(values.seed) + index);
  let different = 0;
  const work = async (): Promise<void> => {
    for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
      const found = await compare(seed, pulumi).catch((error: unknown) => [`seed ${seed}: ${String(error)}`]);
      if (found.length > 0) different++;
      console.log(found.length === 0 ? `seed ${seed}: same` : found.join("\n"));
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, work));
  console.log(`${values.cases} cases, ${different} different`);
  process.exitCode = different > 0 ? 1 : 0;
}

if (require.main === module) void main();
