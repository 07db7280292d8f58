// What was measured, as tables: what each operation costs beside resources that do nothing, and what was to be reached.

import { markdownTable } from "../docs/markdown";
import { sum } from "./calls";
import { allowedLateness } from "./latency";
import type { Operation } from "./lives";
import { median, ratios, targetImages, type Costs, type Lives, type Pair } from "./measure";

export interface Measured {
  costs?: Costs;
  lives: Lives[];
}

/** What is timed of a stack: its operations, and once more the first, with imports that differ. */
type Timing = Operation | "spread";

const timingNames: Record<Timing, string> = {
  "cold up": "`up`, imports of 3 s",
  spread: "`up`, imports of 1 to 60 s",
  up: "`up` without a change",
  preview: "`preview` without a change",
  refresh: "`refresh`",
  destroy: "`destroy`",
};

/** In the order of a stack's life, with their names. */
export const timings = Object.entries(timingNames) as [Timing, string][];

/** Undefined where it was not measured. */
export function pairOf(lives: Lives, timing: Timing): Pair | undefined {
  return timing === "spread" ? lives.spread : lives.seconds[timing];
}

/** How many times as long it may take at most, of as many images as the targets are about. */
export const ratioTargets: Partial<Record<Timing, number>> = {
  "cold up": 1.15,
  up: 1,
  preview: 1,
};

/** Those of one engine, fewest images first; the real engine before the embedded one. */
export function byEngine(lives: readonly Lives[]): Lives[][] {
  return (["pulumi", "embedded"] as const)
    .map((engine) => lives.filter((one) => one.engine === engine).sort((a, b) => a.images - b.images))
    .filter(({ length }) => length > 0);
}

export function tables({ costs, lives }: Measured): string {
  const engines = byEngine(lives).flatMap((sizes) => [
    `With ${circumstancesOf(sizes)}:`,
    sizesTable(sizes),
    targetsTable([...livesRows(sizes), ...memoryRows(sizes)]),
  ]);
  const others = costs === undefined ? [] : [`With ${costs.circumstances}:`, targetsTable(costsRows(costs))];
  return [...engines, ...others].filter((part) => part !== "").join("\n\n");
}

function circumstancesOf(measured: readonly { circumstances: string }[]): string {
  return [...new Set(measured.map(({ circumstances }) => circumstances))].join("; ");
}

/** Ours by what the resources that do nothing take; in parentheses how long that is, or how much. */
function sizesTable(sizes: readonly Lives[]): string {
  const ratio = (pair: Pair | undefined) =>
    pair === undefined
      ? ""
      : `**${median(ratios(pair)).toFixed(2)} ×** (${median(pair.images).toFixed(1)} s)`;
  const more = ({ images, nothing }: Pair) => {
    const difference = Math.round(median(images) - median(nothing));
    return Number.isNaN(difference)
      ? ""
      : `${difference >= 0 ? "+" : "−"} ${Math.abs(difference)} (${Math.round(median(images))})`;
  };
  const columns = sizes.map((size) => [
    ...timings.map(([timing]) => ratio(pairOf(size, timing))),
    more(size.programMemory),
    more(size.providerMemory),
    String(Math.max(...size.calls.map(sum))),
    String(size.calls.length),
  ]);
  const names = [
    ...timings.map(([, name]) => name),
    "MB of memory in the program",
    "MB of memory in the provider",
    "calls for the first `up`",
    "runs, of which these are the medians (imports of 1 to 60 s: one run)",
  ];
  return markdownTable(
    ["", ...sizes.map(({ images }) => (images === 1 ? "1 image" : `${images} images`))],
    names.map((name, row) => [name, ...columns.map((column) => column[row] ?? "")]),
  );
}

interface Row {
  what: string;
  value: string;
  target: string;
  reached: boolean;
}

function targetsTable(rows: readonly Row[]): string {
  const cells = rows.map(({ what, value, target, reached }) => [
    what,
    value,
    target,
    reached ? "reached" : "**not reached**",
  ]);
  return rows.length === 0 ? "" : markdownTable(["", "measured", "to reach", ""], cells);
}

function livesRows(sizes: readonly Lives[]): Row[] {
  const lives = sizes.find(({ images }) => images === targetImages);
  if (lives === undefined) {
    return [];
  }
  const timed = timings.flatMap(([timing, name]): Row[] => {
    const [pair, target] = [pairOf(lives, timing), ratioTargets[timing]];
    if (pair === undefined || target === undefined) {
      return [];
    }
    const all = ratios(pair);
    const range = `${Math.min(...all).toFixed(2)} to ${Math.max(...all).toFixed(2)}`;
    return [
      {
        what: `${name}, ${lives.images} images`,
        value: `${median(all).toFixed(2)} × (${range})`,
        target: `≤ ${target.toFixed(2)} ×`,
        reached: median(all) <= target,
      },
    ];
  });
  const dearest = lives.calls.reduce((a, b) => (sum(b) > sum(a) ? b : a));
  return [
    ...timed,
    atMost(`calls to make ${lives.images} images, imports of 3 s`, sum(dearest), 260, tally(dearest)),
  ];
}

function costsRows({ longCalls, latencies, state, packageLoad, runtimeLoad }: Costs): Row[] {
  const late = latencies.map((one) => one.late);
  const tooLate = latencies.filter((one) => one.late > allowedLateness(one.took)).length;
  return [
    atMost(`calls to make ${targetImages} images, imports of 60 s`, sum(longCalls), 400, tally(longCalls)),
    {
      what: "from `active` to made, imports of 1 to 60 s, all at once, embedded engine",
      value: `${tooLate} of ${late.length} later; median ${Math.round(median(late))} ms, at most ${Math.round(Math.max(...late))} ms`,
      target: "≤ 0.3 s, or 5 % of the import",
      reached: tooLate === 0,
    },
    atMost(
      "bytes of `pulumi stack export` an image, with all fields",
      Math.round(state.bytesAnImage),
      10_000,
      `${Math.round(state.tracesAnImage)} of them Pulumi's stack traces`,
    ),
    atMost("characters of `__provider`", Math.max(...Object.values(state.provider)), 300),
    atMost(
      "ms to load the package, beyond Pulumi's",
      Math.round(median(packageLoad)),
      30,
      `the provider's runtime takes ${Math.round(median(runtimeLoad))}`,
    ),
  ];
}

function memoryRows(sizes: readonly Lives[]): Row[] {
  const images = 300;
  const memory = sizes.find((one) => one.images === images)?.providerMemory;
  const more = memory && Math.round(median(memory.images) - median(memory.nothing));
  return more === undefined || Number.isNaN(more)
    ? []
    : [atMost(`MB of memory that the provider takes more, ${images} images`, more, 40)];
}

function atMost(what: string, value: number, target: number, more?: string): Row {
  const number = (n: number) => n.toLocaleString("en-US");
  const detail = more === undefined ? "" : ` (${more})`;
  return { what, value: number(value) + detail, target: `≤ ${number(target)}`, reached: value <= target };
}

function tally(calls: Record<string, number>): string {
  return Object.entries(calls)
    .map(([operation, count]) => `${count} ${operation}`)
    .join(", ");
}
