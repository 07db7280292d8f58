// Files that stay in the sources, also when this folder runs compiled.

import { existsSync } from "node:fs";
import os from "node:os";
import path from "node:path";

const SOURCES = __dirname.replace(/\bdist[/\\](?=test[/\\]engine$)/, "");

export const source = (...parts: string[]): string => path.join(SOURCES, ...parts);

/** The Pulumi CLI on PATH or in ~/.pulumi, if there is one. */
export function findPulumi(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = [...(env.PATH ?? "").split(path.delimiter), path.join(os.homedir(), ".pulumi", "bin")];
  const names = process.platform === "win32" ? ["pulumi.exe", "pulumi.cmd"] : ["pulumi"];
  return folders
    .filter(Boolean)
    .flatMap((folder) => names.map((name) => path.join(folder, name)))
    .find((file) => existsSync(file));
}
