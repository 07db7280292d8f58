// The life of a stack, each of its operations timed.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startEmulator, type Emulator } from "../emulator";
import { callsSince } from "./calls";
import { programFolder, type ProgramSettings, type Side } from "./programs";
import { openStack, type EngineName, type Timed } from "./stacks";

export const operations = ["cold up", "up", "preview", "refresh", "destroy"] as const;
export type Operation = (typeof operations)[number];

export interface Life {
  operations: Record<Operation, Timed>;
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

export async function live(side: Side, { engine, ...settings }: LifeSettings): Promise<Life> {
  const { cloud, url } = await startCloud(settings.importMs);
  const stack = await openStack(engine, programFolder(side, { ...settings, url }), cloud.env);
  try {
    const before = cloud.stats();
    const cold = await stack.operate("up");
    const calls = callsSince(before, cloud.stats());
    const state = await stack.exported();
    return {
      operations: {
        "cold up": cold,
        up: await stack.operate("up"),
        preview: await stack.operate("preview"),
        refresh: await stack.operate("refresh"),
        destroy: await stack.operate("destroy"),
      },
      calls,
      state,
    };
  } finally {
    stack.close();
    await cloud.close();
  }
}
