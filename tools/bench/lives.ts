// The life of a stack, each of its operations timed.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startEmulator, type Emulator } from "../../emulator";
import { callsSince } from "./calls";
import { programFolder, type Side } from "./programs";
import { allShown } from "./state";
import { openStack, type Command, type EngineName, type Timed } from "./stacks";

export const operations = ["cold up", "up", "preview", "refresh", "destroy"] as const;
export type Operation = (typeof operations)[number];

export interface Life {
  operations: Partial<Record<Operation, Timed>>;
  /** What the service was asked in the cold up, by operation. */
  calls: Record<string, number>;
}

export interface LifeSettings {
  engine: EngineName;
  /** How long each import takes, in milliseconds: as many images. */
  times: readonly number[];
}

const example = join(__dirname, "../../../examples/images/example.qcow2");

/** An emulator with a file to import, and the same once more under another name. */
export async function startCloud(
  times: readonly number[] = [],
): Promise<{ cloud: Emulator; url: string; other: string }> {
  const cloud = await startEmulator({ importMs: ({ name }) => times[Number(/\d+$/.exec(name)?.[0])] ?? 0 });
  for (const object of ["golden.qcow2", "golden-2.qcow2"]) {
    await cloud.putObject("images", object, readFileSync(example));
  }
  const [url, other] = [
    cloud.objectUrl("images", "golden.qcow2"),
    cloud.objectUrl("images", "golden-2.qcow2"),
  ];
  return { cloud, url, other };
}

const commands: Record<Operation, Command> = {
  "cold up": "up",
  up: "up",
  preview: "preview",
  refresh: "refresh",
  destroy: "destroy",
};

/** Lives a life, or the first part of one. */
export async function live(
  side: Side,
  { engine, times }: LifeSettings,
  parts: readonly Operation[] = operations,
): Promise<Life> {
  const { cloud, url } = await startCloud(times);
  const stack = await openStack(engine, programFolder(side, { times, url }), cloud.env);
  const life: Life = { operations: {}, calls: {} };
  try {
    for (const part of parts) {
      const before = cloud.stats();
      life.operations[part] = await stack.operate(commands[part]);
      if (part === "cold up") {
        life.calls = callsSince(before, cloud.stats());
      }
    }
    return life;
  } finally {
    stack.close();
    await cloud.close();
  }
}

/** The state of images of which the service shows all that it can, as exported. */
export async function fullState(engine: EngineName, count: number): Promise<string> {
  const times = Array<number>(count).fill(0);
  const { cloud, url } = await startCloud(times);
  const stack = await openStack(engine, programFolder("images", { times, url }), cloud.env);
  try {
    await stack.operate("up");
    for (const { id } of cloud.images()) {
      await cloud.setImage(id, allShown);
    }
    await stack.operate("refresh");
    return await stack.exported();
  } finally {
    stack.close();
    await cloud.close();
  }
}
