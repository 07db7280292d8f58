// All that the bench measures, in the order in which it measures it.

import { cpus, totalmem } from "node:os";
import { sum } from "./calls";
import { measureLatency } from "./latency";
import { fullState, live, operations, type Life, type Operation } from "./lives";
import { load } from "./loading";
import { sides, type Side } from "./programs";
import type { EngineName } from "./stacks";
import { sizeOf, type StateSize } from "./state";

/** What both sides took, run by run. */
export type Pair = Record<Side, number[]>;

/** Of stacks of one size, on one engine. */
export interface Lives {
  engine: EngineName;
  images: number;
  /** When it was measured, and on what. */
  circumstances: string;
  /** Seconds. Imports of 3 s. */
  seconds: Record<Operation, Pair>;
  /** Seconds of a cold up whose imports take from 1 to 60 s, where that was measured. */
  spread?: Pair;
  /** Megabytes, at the most, in a cold up. */
  programMemory: Pair;
  providerMemory: Pair;
  /** Of a cold up, by operation, of each run. */
  calls: Record<string, number>[];
}

/** What has no size, or one that a target gives it. */
export interface Costs {
  circumstances: string;
  /** Of 100 imports of a minute. */
  longCalls: Record<string, number>;
  state: StateSize;
  /** Of imports of 1 to 60 s, all at once: milliseconds. */
  latencies: { took: number; late: number }[];
  /** Milliseconds. */
  packageLoad: number[];
  runtimeLoad: number[];
}

type Tell = (line: string) => void;

export const engineNames: Record<EngineName, string> = {
  pulumi: "the Pulumi CLI",
  embedded: "the embedded engine",
};

const importMs = 3_000;
/** The longest import of those that differ. */
const longest = 60_000;
/** How many images the targets are about. */
export const targetImages = 100;

export async function measureCosts(engine: EngineName, runs: number, tell: Tell): Promise<Costs> {
  const packageLoad = repeat(runs, () => load("pulumi-scp-images").milliseconds);
  const runtimeLoad = repeat(runs, () => load("pulumi-scp-images/runtime/image-import").milliseconds);
  tell(`state of ${targetImages} images that have everything`);
  const state = sizeOf(await fullState(engine, targetImages), targetImages);
  tell(`${targetImages} imports from 1 to 60 s, all at once`);
  const { images: latencies } = await measureLatency(spreadOver(targetImages));
  tell(`${targetImages} imports of 60 s`);
  const long = await live("images", { engine, times: alike(targetImages, longest) }, ["cold up"]);
  return {
    circumstances: circumstances(engine),
    longCalls: long.calls,
    state,
    latencies,
    packageLoad,
    runtimeLoad,
  };
}

export async function measureLives(
  engine: EngineName,
  images: number,
  runs: number,
  tell: Tell,
  { spread = true } = {},
): Promise<Lives> {
  const about = `${engine}, ${images}`;
  const lives = await inTurn(runs, `${about}, 3 s`, alike(images, importMs), operations);
  const different = spread
    ? await inTurn(1, `${about}, 1 to 60 s`, spreadOver(images), ["cold up"])
    : undefined;
  return {
    engine,
    images,
    circumstances: circumstances(engine),
    seconds: Object.fromEntries(
      operations.map((operation) => [operation, pair(lives, (life) => life.operations[operation]?.seconds)]),
    ) as Record<Operation, Pair>,
    spread: different && pair(different, (life) => life.operations["cold up"]?.seconds),
    programMemory: pair(lives, (life) => life.operations["cold up"]?.memory.program),
    providerMemory: pair(lives, (life) => life.operations["cold up"]?.memory.provider),
    calls: lives.images.map(({ calls }) => calls),
  };

  /** Lives of both sides in turn, so that whatever else the machine does strikes both alike. */
  async function inTurn(
    times: number,
    name: string,
    imports: readonly number[],
    parts: readonly Operation[],
  ): Promise<Record<Side, Life[]>> {
    const all: Record<Side, Life[]> = { images: [], nothing: [] };
    for (let run = 1; run <= times; run += 1) {
      for (const side of run % 2 === 1 ? sides : sides.toReversed()) {
        const life = await live(side, { engine, times: imports }, parts);
        all[side].push(life);
        const seconds = parts.map((part) => `${part} ${life.operations[part]?.seconds.toFixed(1)} s`);
        tell(`${name}, ${side}, run ${run} of ${times}: ${seconds.join(", ")}; ${sum(life.calls)} calls`);
      }
    }
    return all;
  }
}

function pair(lives: Record<Side, Life[]>, take: (life: Life) => number | undefined): Pair {
  const numbers = (side: Side) => lives[side].map(take).filter((value) => value !== undefined);
  return { images: numbers("images"), nothing: numbers("nothing") };
}

function alike(count: number, time: number): number[] {
  return Array<number>(count).fill(time);
}

/** Evenly, from 1 s to 60 s; one alone takes the longest. */
function spreadOver(count: number): number[] {
  const step = (longest - 1_000) / Math.max(1, count - 1);
  return Array.from({ length: count }, (_, n) => longest - step * (count - 1 - n));
}

function repeat<T>(times: number, make: () => T): T[] {
  return Array.from({ length: times }, make);
}

/** On what, and when. */
export function circumstances(engine: EngineName): string {
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? "CPU"}, ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform}`;
  return `${engineNames[engine]}, ${new Date().toISOString().slice(0, 10)}, ${machine}, Node.js ${process.versions.node}`;
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
