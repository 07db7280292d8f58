import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { createStack, DeploymentError, renderer, type OperationOptions } from "../../engine";
import { pulumiEnv, run } from "./cli";
import { embeddedState, type Project } from "./states";

export const operations = ["up", "preview", "refresh", "destroy"] as const;
export type Operation = (typeof operations)[number];

/** What runs a program: the Pulumi CLI, or the embedded engine. Both show what they do on this terminal. */
export interface ProgramEngine {
  /** Whether it shows what it will do, and asks, before it does it. */
  asks: boolean;
  /** Runs an operation, with the options of the Pulumi CLI. Answers the exit code. */
  operate: (operation: Operation, options: string[]) => Promise<number>;
  /** The stack's outputs. */
  outputs: () => Promise<Record<string, unknown>>;
  /** The stack's state, as `pulumi stack export` writes it. */
  state: () => Promise<string>;
}

export async function cliEngine(
  cli: string,
  { folder, stack, stateFolder, env }: Project,
): Promise<ProgramEngine> {
  const backend = join(stateFolder, "pulumi");
  mkdirSync(backend, { recursive: true });
  const options = { cwd: folder, env: pulumiEnv(cli, backend, env) };
  const pulumi = (args: string[], show: boolean) => run(cli, args, { ...options, show });
  const selected = await pulumi(["stack", "select", "--create", stack], false);
  if (selected.code !== 0) {
    throw new Error(selected.stderr.trim());
  }
  return {
    asks: true,
    operate: async (operation, more) => {
      const { code } = await pulumi([operation, "--stack", stack, ...more], true);
      return code ?? 1;
    },
    outputs: async () => {
      const { stdout } = await pulumi(["stack", "output", "--json", "--stack", stack], false);
      return JSON.parse(stdout) as Record<string, unknown>;
    },
    state: async () => {
      const { code, stdout, stderr } = await pulumi(["stack", "export", "--stack", stack], false);
      if (code !== 0) {
        throw new Error(stderr.trim());
      }
      return stdout;
    },
  };
}

/** Which of the CLI's options the embedded engine has, as its own. */
const embeddedOptions: Record<string, OperationOptions> = {
  "--yes": {},
  "--skip-preview": {},
  "--expect-no-changes": { expectNoChanges: true },
  "--refresh": { refresh: true },
  "--preview-only": { previewOnly: true },
};

export function embeddedEngine(project: Project): ProgramEngine {
  const { folder, stack, env } = project;
  const stateFile = embeddedState(project);
  mkdirSync(dirname(stateFile), { recursive: true });
  const print = (line: string) => process.stdout.write(`${line}\n`);
  const deployed = createStack({
    program: folder,
    stack,
    env: { PULUMI_CONFIG_PASSPHRASE: "", ...env },
    stateFile,
    onEvent: renderer(print),
  });
  return {
    asks: false,
    operate: async (operation, more) => {
      const unknown = more.find((option) => !Object.hasOwn(embeddedOptions, option));
      if (unknown !== undefined) {
        const known = Object.keys(embeddedOptions).join(", ");
        throw new Error(`The embedded engine has no option ${unknown}; it has ${known}.`);
      }
      const options = Object.assign({}, ...more.map((option) => embeddedOptions[option])) as OperationOptions;
      try {
        await deployed[operation](options);
        return 0;
      } catch (error) {
        if (error instanceof DeploymentError) {
          return 1; // What failed is on the terminal already.
        }
        throw error;
      } finally {
        await deployed.close();
      }
    },
    outputs: () => deployed.outputs(),
    state: async () => JSON.stringify(await deployed.state()),
  };
}
