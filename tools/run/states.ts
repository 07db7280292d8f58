import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createStack } from "../../engine";

export interface Project {
  /** The folder of its Pulumi.yaml. */
  folder: string;
  stack: string;
  /** Where state is kept. */
  stateFolder: string;
  env: NodeJS.ProcessEnv;
}

export type EngineName = "pulumi" | "embedded";

/** Where the embedded engine keeps the state of a project's stack. */
export function embeddedState({ folder, stack, stateFolder }: Project): string {
  return join(stateFolder, "embedded", `${projectName(folder)}.${stack}.json`);
}

/** The same for the Pulumi CLI, with this folder as its backend. */
function pulumiState({ folder, stack, stateFolder }: Project): string {
  return join(stateFolder, "pulumi", ".pulumi", "stacks", projectName(folder), `${stack}.json`);
}

function projectName(folder: string): string {
  return createStack({ program: folder, env: {} }).project;
}

interface State {
  /** Of the embedded engine. */
  deployment?: { resources?: unknown[] };
  /** Of the CLI. */
  checkpoint?: { latest?: { resources?: unknown[] } };
}

/** The engines whose state of this stack has resources: each knows its own alone. */
export function enginesWithResources(project: Project): EngineName[] {
  const files = { pulumi: pulumiState(project), embedded: embeddedState(project) };
  return (["pulumi", "embedded"] as const).filter((engine) => hasResources(files[engine]));
}

function hasResources(file: string): boolean {
  if (!existsSync(file)) {
    return false;
  }
  const { deployment, checkpoint } = JSON.parse(readFileSync(file, "utf8")) as State;
  return (deployment?.resources ?? checkpoint?.latest?.resources ?? []).length > 0;
}
