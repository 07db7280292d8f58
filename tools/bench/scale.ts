// How a pipeline of many images grows: what each operation takes with one manifest of so many, on one engine.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { markdownTable } from "../docs/markdown";
import { callsSince, sum } from "./calls";
import { startCloud } from "./lives";
import { circumstances } from "./measure";
import type { Memory } from "./memory";
import { pipelineFolder } from "./programs";
import { openStack, type Command, type EngineName, type Timed } from "./stacks";

/** The life of a pipeline, in its order. */
const steps = {
  make: { name: "`up` that makes all", command: "up" },
  unchanged: { name: "`up` without a change", command: "up" },
  preview: { name: "`preview` of one changed image", command: "preview" },
  change: { name: "`up` of one changed image", command: "up" },
  drift: { name: "`refresh`", command: "refresh" },
  destroy: { name: "`destroy`", command: "destroy" },
} satisfies Record<string, { name: string; command: Command }>;
type Step = keyof typeof steps;

/** When the engine writes the state down. At the end alone it is experimental, and a run that is killed then loses what it has made. */
export const writings = ["each-step", "at-end"] as const;
export type Writing = (typeof writings)[number];

/** What was measured of a pipeline of one size. */
export interface Scale {
  engine: EngineName;
  writing: Writing;
  images: number;
  /** When it was measured, and on what. */
  circumstances: string;
  steps: Partial<Record<Step, Timed & { calls: number }>>;
  /** Resources in the state, and its bytes. */
  resources: number;
  stateBytes: number;
}

const importMs = 3_000;

const atEnd = { PULUMI_EXPERIMENTAL: "true", PULUMI_SKIP_CHECKPOINTS: "true" };

/** @param keep takes what is known so far, after each step: a large stack takes hours, and may be given up */
export async function measureScale(
  { engine, writing, images }: Pick<Scale, "engine" | "writing" | "images">,
  tell: (line: string) => void,
  keep: (scale: Scale) => void,
): Promise<void> {
  const { cloud, url, other } = await startCloud(Array<number>(images).fill(importMs));
  const folder = pipelineFolder();
  const declare = (changed: number) => {
    writeFileSync(join(folder, "images.yaml"), manifestOf(images, changed, [url, other]));
  };
  declare(0);
  const env = writing === "at-end" ? { ...cloud.env, ...atEnd } : cloud.env;
  const stack = await openStack(engine, folder, env);
  const scale: Scale = {
    engine,
    writing,
    images,
    circumstances: circumstances(engine),
    steps: {},
    resources: 0,
    stateBytes: 0,
  };
  try {
    for (const [step, { name, command }] of Object.entries(steps) as [Step, (typeof steps)[Step]][]) {
      declare(["make", "unchanged"].includes(step) ? 0 : 1);
      const before = cloud.stats();
      const timed = await stack.operate(command);
      const calls = sum(callsSince(before, cloud.stats()));
      scale.steps[step] = { seconds: timed.seconds, memory: timed.memory, calls };
      tell(`${engine}, ${writing}, ${images}, ${name}: ${timed.seconds.toFixed(1)} s, ${calls} calls`);
      if (step === "make") {
        const state = await stack.exported();
        scale.stateBytes = Buffer.byteLength(state);
        scale.resources = (
          JSON.parse(state) as { deployment: { resources: [] } }
        ).deployment.resources.length;
      }
      keep(scale);
    }
  } finally {
    stack.close();
    await cloud.close();
  }
}

/** Entries as they are written by hand, one of which may have a second generation. */
function manifestOf(count: number, changed: number, [url, other]: readonly [string, string]): string {
  const images = Array.from({ length: count }, (_, n): [string, object] => [
    `image-${n}`,
    n < changed ? { version: "2026.11.2", url: other } : { version: "2026.11.1", url },
  ]);
  return stringify({
    defaults: { osDistro: "ubuntu", keep: 1, tags: { team: "platform" } },
    images: Object.fromEntries(images),
    channels: Object.fromEntries(images.map(([key]) => [`${key}/latest`, { image: key }])),
  });
}

/** A table for each engine, and for each way to write the state: the sizes side by side. */
export function scaleTables(all: readonly Scale[]): string {
  const kinds = (["pulumi", "embedded"] as const).flatMap((engine) =>
    writings.map((writing) => all.filter((one) => one.engine === engine && one.writing === writing)),
  );
  return kinds
    .filter(({ length }) => length > 0)
    .map(tableOf)
    .join("\n\n");
}

const writtenWhen: Record<Writing, string> = {
  "each-step": "the state written after each step, as it is by default",
  "at-end": "the state written at the end alone (`PULUMI_SKIP_CHECKPOINTS`)",
};

function tableOf(sizes: readonly Scale[]): string {
  const sorted = [...sizes].sort((a, b) => a.images - b.images);
  const timeOf = (size: Scale, step: Step) => {
    const timed = size.steps[step];
    return timed === undefined ? "not measured" : `${timed.seconds.toFixed(0)} s, ${timed.calls} calls`;
  };
  const memoryOf = (size: Scale, role: keyof Memory) => {
    const peaks = Object.values(size.steps).flatMap(({ memory }) => memory[role] ?? []);
    return peaks.length === 0 ? "not measured" : Math.max(...peaks).toFixed(0);
  };
  const rows = [
    ...(Object.keys(steps) as Step[]).map((step) => [
      steps[step].name,
      ...sorted.map((size) => timeOf(size, step)),
    ]),
    ...(["engine", "program", "provider"] as const).map((role) => [
      `MB of memory in the ${role}`,
      ...sorted.map((size) => memoryOf(size, role)),
    ]),
    ["resources in the state", ...sorted.map(({ resources }) => String(resources))],
    ["MB of `pulumi stack export`", ...sorted.map(({ stateBytes }) => (stateBytes / 1e6).toFixed(1))],
  ];
  const head = ["", ...sorted.map(({ images }) => `${images.toLocaleString("en-US")} images`)];
  const from = [...new Set(sorted.map((size) => size.circumstances))].join("; ");
  const when = writtenWhen[sorted[0]?.writing ?? "each-step"];
  return `With ${from}; ${when}:\n\n${markdownTable(head, rows)}`;
}
