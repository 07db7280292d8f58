// From the moment in which an image is active to the moment in which its resource is made.

import * as scp from "pulumi-scp-images";
import type { RawImage } from "../../emulator";
import { createStack } from "../../engine";
import { cleanEnv } from "../run/cli";
import { callsSince } from "./calls";
import { startCloud } from "./lives";

export interface Latency {
  /** How long the import took, and how much later its resource was made. Milliseconds. */
  images: { took: number; late: number }[];
  calls: Record<string, number>;
}

/**
 * Makes images whose imports take these times, all waited for at once, on the embedded engine, in whose process the emulator can
 * tell the very moment.
 */
export async function measureLatency(times: number[]): Promise<Latency> {
  const { cloud, url } = await startCloud();
  const active = new Map<string, number>();
  const made = new Map<string, number>();
  cloud.options.importMs = (image: RawImage) => {
    void cloud.settled(image.id).then(() => active.set(image.name, performance.now()));
    return times[Number(image.name)] ?? 0;
  };
  const stack = createStack({
    program: () => {
      times.forEach((_, n) => new scp.Image(String(n), { name: String(n), osDistro: "ubuntu", url }));
      return Promise.resolve({});
    },
    env: cleanEnv(cloud.env),
    parallel: times.length + 1,
    onEvent: (event) => {
      if (event.kind === "step-end" && event.step.type.endsWith("ImageImport")) {
        made.set(event.step.name, performance.now());
      }
    },
  });
  try {
    const before = cloud.stats();
    await stack.up();
    const calls = callsSince(before, cloud.stats());
    return {
      images: times.map((took, n) => ({
        took,
        late: (made.get(String(n)) ?? NaN) - (active.get(String(n)) ?? NaN),
      })),
      calls,
    };
  } finally {
    await stack.close();
    await cloud.close();
  }
}

/** Within 0.3 s, or 5 % of the import's time. */
export function allowedLateness(took: number): number {
  return Math.max(300, took * 0.05);
}
