// What was measured, as rows: beside each, what is to be reached.

import { sum } from "./calls";
import { operations, type Operation } from "./lives";
import { late, median, ratios, type Measured } from "./measure";

export interface Row {
  what: string;
  /** The number that the target is about. */
  value: string;
  target: string;
  /** Undefined where there is no target. */
  reached?: boolean;
}

const ratioTargets: Partial<Record<Operation, number>> = { "cold up": 1.15, up: 1, preview: 1 };

export function ratioTarget(operation: Operation): number | undefined {
  return ratioTargets[operation];
}

export function operationName(operation: Operation, images: number): string {
  const names: Record<Operation, string> = {
    "cold up": `\`up\` of ${images} images, imports of 3 s`,
    up: "`up` without a change",
    preview: "`preview` without a change",
    refresh: "`refresh`",
    destroy: "`destroy`",
  };
  return names[operation];
}

export function rows(measured: Measured): Row[] {
  const { plan, seconds, calls, latencies, packageLoad, runtimeLoad, programMemory, providerMemory } =
    measured;
  const timed = operations.map((operation): Row => {
    const all = ratios(seconds[operation]);
    const target = ratioTargets[operation];
    const { images, nothing } = seconds[operation];
    return {
      what: operationName(operation, plan.images),
      value: `**${median(all).toFixed(2)} ×** (${Math.min(...all).toFixed(2)} to ${Math.max(...all).toFixed(2)}; ${median(images).toFixed(1)} s and ${median(nothing).toFixed(1)} s)`,
      target: target === undefined ? "" : `≤ ${target.toFixed(2)} ×`,
      reached: target === undefined ? undefined : median(all) <= target,
    };
  });
  const most = Math.max(...calls.map(sum));
  const latest = latencies.map((one) => one.late);
  const more = median(providerMemory.images) - median(providerMemory.nothing);
  return [
    ...timed,
    atMost("calls for that first `up`", most, 260, tally(calls[0] ?? {})),
    atMost(
      `calls for ${plan.images} imports of ${plan.longest} s`,
      sum(measured.longCalls),
      400,
      tally(measured.longCalls),
    ),
    {
      what: `from \`active\` to made, imports of 1 to ${plan.longest} s at once (embedded engine)`,
      value: `median ${Math.round(median(latest))} ms, at most ${Math.round(Math.max(...latest))} ms; ${late(measured)} of ${latencies.length} too late`,
      target: "0.3 s or 5 %",
      reached: late(measured) === 0,
    },
    atMost("bytes of state an image, with all fields", Math.round(measured.stateBytes), 10_240),
    atMost("characters of `__provider`", measured.providerLength, 300),
    atMost("ms to load the package in a program, beyond Pulumi's", Math.round(median(packageLoad)), 30),
    {
      what: "ms to load the runtime in the provider",
      value: `${Math.round(median(runtimeLoad))}`,
      target: "",
    },
    ...(Number.isNaN(more)
      ? []
      : [
          atMost(
            `MB that the provider takes more, ${plan.memoryImages} images`,
            Math.round(more),
            40,
            `${Math.round(median(providerMemory.images))} and ${Math.round(median(providerMemory.nothing))}`,
          ),
          {
            what: `MB that the program takes more, ${plan.memoryImages} images`,
            value: `${Math.round(median(programMemory.images) - median(programMemory.nothing))} (${Math.round(median(programMemory.images))} and ${Math.round(median(programMemory.nothing))})`,
            target: "",
          },
        ]),
  ];
}

function atMost(what: string, value: number, target: number, more?: string): Row {
  const detail = more === undefined ? "" : ` (${more})`;
  const number = (n: number) => n.toLocaleString("en-US");
  return {
    what,
    value: `**${number(value)}**${detail}`,
    target: `≤ ${number(target)}`,
    reached: value <= target,
  };
}

function tally(calls: Record<string, number>): string {
  return Object.entries(calls)
    .map(([operation, count]) => `${count} ${operation}`)
    .join(", ");
}

export function table(measured: Measured): string {
  const cells = [
    ["", "measured", "to reach", ""],
    ["---", "---", "---", "---"],
    ...rows(measured).map(({ what, value, target, reached }) => [
      what,
      value,
      target,
      reached === undefined ? "" : reached ? "reached" : "not reached",
    ]),
  ];
  const lines = cells.map((row) => `| ${row.join(" | ")} |`).join("\n");
  return `Measured with ${measured.circumstances}.\n\n${lines}`;
}

/** A text with what stands between the bench's marks replaced. */
export function withTable(text: string, content: string): string {
  const [begin, end] = ["<!-- table: bench -->", "<!-- end: bench -->"];
  const [before, after] = [text.indexOf(begin), text.indexOf(end)];
  if (before < 0 || after < 0) {
    throw new Error(`README.md has no place for the bench: ${begin} and ${end}`);
  }
  return `${text.slice(0, before + begin.length)}\n\n${content}\n\n${text.slice(after)}`;
}
