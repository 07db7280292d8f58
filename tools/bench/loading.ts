// What a program takes to load the package, and the provider's process the runtime: each time in a new process.

import { execFileSync } from "node:child_process";
import { resolve } from "node:path";

export interface Loading {
  milliseconds: number;
  /** The modules that were loaded, by their paths. */
  modules: string[];
}

/** Loads a module in a process that has loaded Pulumi's SDK already. */
export function load(module: string): Loading {
  const script = `
    require("@pulumi/pulumi");
    const before = new Set(Object.keys(require.cache));
    const began = performance.now();
    require(${JSON.stringify(module)});
    const milliseconds = performance.now() - began;
    const modules = Object.keys(require.cache).filter((name) => !before.has(name));
    console.log(JSON.stringify({ milliseconds, modules }));
  `;
  const cwd = resolve(__dirname, "../..");
  return JSON.parse(execFileSync(process.execPath, ["-e", script], { cwd, encoding: "utf8" })) as Loading;
}
