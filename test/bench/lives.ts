// The life of a stack, each of its operations timed.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startEmulator, type Emulator } from "../emulator";
import { callsSince } from "./calls";
import { programFolder, type ProgramSettings, type Side } from "./programs";
import { allShown } from "./state";
import { openStack, type Command, type EngineName, type Timed } from "./stacks";

export const operations = ["cold up", "up", "preview", "refresh", "destroy"] as const;
export type Operation = (typeof operations)[number];

export interface Life {
  operations: Partial<Record<Operation, Timed>>;
  /** What the service was asked in the cold up, by operation. */
  calls: Record<string, number>;
  /** The text of `pulumi stack export`. */
  state: string;
}

export interface LifeSettings extends Omit<ProgramSettings, "url"> {
  engine: EngineName;
}

const example = join(__dirname, "../../../examples/images/example.qcow2");

/** An emulator with a file to import. */
export async function startCloud(importMs: number): Promise<{ cloud: Emulator; url: string }> {
  const cloud = await startEmulator({ importMs });
  await cloud.putObject("images", "golden.qcow2", readFileSync(example));
  return { cloud, url: cloud.objectUrl("images", "golden.qcow2") };
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
  { engine, ...settings }: LifeSettings,
  parts: readonly Operation[] = operations,
): Promise<Life> {
  const { cloud, url } = await startCloud(settings.importMs);
  const stack = await openStack(engine, programFolder(side, { ...settings, url }), cloud.env);
  const life: Life = { operations: {}, calls: {}, state: "" };
  try {
    const before = cloud.stats();
    for (const part of parts) {
      life.operations[part] = await stack.operate(commands[part]);
      if (part === "cold up") {
        life.calls = callsSince(before, cloud.stats());
        life.state = await stack.exported();
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
  const { cloud, url } = await startCloud(0);
  const stack = await openStack(engine, programFolder("images", { count, url, importMs: 0 }), cloud.env);
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
