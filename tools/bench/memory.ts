// The most memory that the engine's, the program's and the provider's process took. Linux only: elsewhere nothing is known.

import { readdirSync, readFileSync } from "node:fs";

/** What a process of Pulumi's is for, told by the script that it runs; what only looks for that script does not count. */
const scripts = {
  program: /pulumi[/\\]cmd[/\\]run([/\\]index\.js)?$/,
  provider: /pulumi[/\\]cmd[/\\]dynamic-provider([/\\]index\.js)?$/,
};
type Role = keyof typeof scripts;

/** Megabytes. The engine is the process that was started. */
export type Memory = Partial<Record<Role | "engine", number>>;

const sampleEvery = 250;

/** Watches the descendants of a process until the function that comes back is called, which answers the peaks. */
export function watchMemory(root: number): () => Memory {
  const peaks: Memory = {};
  const roles = new Map<number, Role>();
  const sample = () => {
    if (roles.size < 2) {
      findRoles(root, roles);
    }
    peaks.engine = Math.max(peaks.engine ?? 0, peakOf(root));
    for (const [process, role] of roles) {
      peaks[role] = Math.max(peaks[role] ?? 0, peakOf(process));
    }
  };
  const timer = setInterval(sample, sampleEvery);
  return () => {
    clearInterval(timer);
    return peaks;
  };
}

function findRoles(root: number, roles: Map<number, Role>): void {
  const family = new Set([root]);
  for (const process of processes()) {
    const parent = Number(/^PPid:\s+(\d+)/m.exec(read(process, "status"))?.[1]);
    if (!family.has(parent)) {
      continue;
    }
    family.add(process);
    const command = read(process, "cmdline").split("\0");
    for (const role of ["program", "provider"] as const) {
      if (command.some((part) => scripts[role].test(part))) {
        roles.set(process, role);
      }
    }
  }
}

/** Oldest first: children have higher numbers than their parents, until the numbers begin anew. */
function processes(): number[] {
  try {
    return readdirSync("/proc")
      .map(Number)
      .filter(Number.isInteger)
      .sort((a, b) => a - b);
  } catch {
    return [];
  }
}

/** The most that a process has taken so far, in megabytes; 0 where nothing is known. */
export function peakOf(process: number): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(read(process, "status"))?.[1] ?? 0) / 1024;
}

function read(process: number, file: string): string {
  try {
    return readFileSync(`/proc/${process}/${file}`, "utf8");
  } catch {
    return ""; // It has ended.
  }
}
