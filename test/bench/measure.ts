// All that the bench measures, in the order in which it measures it.

import { cpus, totalmem } from "node:os";
import { sum } from "./calls";
import { allowedLateness, measureLatency, spread } from "./latency";
import { fullState, live, operations, type Life, type LifeSettings, type Operation } from "./lives";
import { load } from "./loading";
import { sides, type Side } from "./programs";
import type { EngineName } from "./stacks";
import { sizeOf } from "./state";

export interface Plan {
  engine: EngineName;
  images: number;
  runs: number;
  /** How many images the memory is measured with. */
  memoryImages: number;
  /** The longest import of those that are waited for, in seconds. */
  longest: number;
}

/** What both sides took, run by run. */
export type Pair = Record<Side, number[]>;

export interface Measured {
  plan: Plan;
  /** With what it was measured, when, and on what. */
  circumstances: string;
  seconds: Record<Operation, Pair>;
  programMemory: Pair;
  providerMemory: Pair;
  /** By operation, of each run. */
  calls: Record<string, number>[];
  longCalls: Record<string, number>;
  stateBytes: number;
  providerLength: number;
  latencies: { took: number; late: number }[];
  packageLoad: number[];
  runtimeLoad: number[];
}

type Tell = (line: string) => void;

export async function measure(plan: Plan, tell: Tell): Promise<Measured> {
  const { engine, images, runs, memoryImages, longest } = plan;
  const packageLoad = repeat(runs, () => load("pulumi-scp-images").milliseconds);
  const runtimeLoad = repeat(runs, () => load("pulumi-scp-images/runtime/image-import").milliseconds);

  tell(`${images} imports from 1 to ${longest} s, all at once`);
  const { images: latencies } = await measureLatency(spread(1000, longest * 1000, images));
  tell(`state of images that have everything`);
  const full = sizeOf(await fullState(engine, 20), 20);

  tell(`${images} imports of ${longest} s`);
  const long = await live("images", { engine, count: images, importMs: longest * 1000 }, ["cold up"]);

  const lives = await livePairs(runs, { engine, count: images, importMs: 3000 }, operations, tell);
  const large = await livePairs(1, { engine, count: memoryImages, importMs: 3000 }, ["cold up"], tell);
  const seconds = Object.fromEntries(
    operations.map((operation) => [operation, pair(lives, (life) => life.operations[operation]?.seconds)]),
  ) as Measured["seconds"];
  return {
    plan,
    circumstances: circumstances(plan),
    seconds,
    programMemory: pair(large, (life) => life.operations["cold up"]?.memory.program),
    providerMemory: pair(large, (life) => life.operations["cold up"]?.memory.provider),
    calls: lives.images.map(({ calls }) => calls),
    longCalls: long.calls,
    stateBytes: full.bytesAnImage,
    providerLength: Math.max(...Object.values(full.provider)),
    latencies,
    packageLoad,
    runtimeLoad,
  };
}

/** Lives of both sides in turn, so that whatever else the machine does strikes both alike. */
async function livePairs(
  runs: number,
  settings: LifeSettings,
  parts: readonly Operation[],
  tell: Tell,
): Promise<Record<Side, Life[]>> {
  const lives: Record<Side, Life[]> = { images: [], nothing: [] };
  for (let run = 1; run <= runs; run += 1) {
    for (const side of run % 2 === 1 ? sides : sides.toReversed()) {
      const life = await live(side, settings, parts);
      lives[side].push(life);
      const times = parts.map((part) => `${part} ${life.operations[part]?.seconds.toFixed(1)} s`);
      tell(`${settings.count} ${side}, run ${run} of ${runs}: ${times.join(", ")}; ${sum(life.calls)} calls`);
    }
  }
  return lives;
}

function pair(lives: Record<Side, Life[]>, take: (life: Life) => number | undefined): Pair {
  const numbers = (side: Side) => lives[side].map(take).filter((value) => value !== undefined);
  return { images: numbers("images"), nothing: numbers("nothing") };
}

function repeat<T>(times: number, make: () => T): T[] {
  return Array.from({ length: times }, make);
}

function circumstances(plan: Plan): string {
  const engine = plan.engine === "pulumi" ? "the Pulumi CLI" : "the embedded engine";
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? "CPU"}, ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform}, Node.js ${process.versions.node}`;
  const runs = plan.runs === 1 ? "one run" : `medians of ${plan.runs} runs`;
  return `${engine}, ${runs}, ${new Date().toISOString().slice(0, 10)}, ${machine}`;
}

/** How many of the images were found active later than they should be. */
export function late({ latencies }: Measured): number {
  return latencies.filter((one) => one.late > allowedLateness(one.took)).length;
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}

/** Of each run, what ours took by what the other took. */
export function ratios({ images, nothing }: Pair): number[] {
  return images.map((value, run) => value / (nothing[run] ?? NaN));
}
