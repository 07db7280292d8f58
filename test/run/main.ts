import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { hasCredentials } from "../../provider/api/settings";
import { findPulumi, pulumiEnv, run } from "./cli";
import { startEmulatedCloud } from "./emulated";
import { imagesTable } from "./table";

const operations = ["up", "preview", "refresh", "destroy"] as const;
type Operation = (typeof operations)[number];

const usage = `Usage: npm run ${operations.join("|")} [-- [folder] [options of the Pulumi CLI]]
  folder  a folder with a Pulumi.yaml; by default this project
`;

/** `npm run up` and its like: the root project, or an example, against the emulator, or the real cloud when credentials are set. */
async function main([operation, ...rest]: string[]): Promise<number> {
  if (!isOperation(operation)) {
    process.stderr.write(usage);
    return 2;
  }
  const { folder, options } = split(rest);
  const local = resolve(".local");
  const cli = findPulumi();
  if (cli === undefined) {
    process.stderr.write(
      "The Pulumi CLI is neither on PATH nor in ~/.pulumi/bin. To get it: curl -fsSL https://get.pulumi.com | sh\n" +
        "(or see https://www.pulumi.com/docs/install), then run this again.\n",
    );
    return 1;
  }
  const emulated = hasCredentials() ? undefined : await startEmulatedCloud(join(local, "emulator"));
  try {
    const backend = join(local, "pulumi");
    mkdirSync(backend, { recursive: true });
    const env = pulumiEnv(cli, backend, { ...process.env, ...emulated?.env });
    const stack = emulated ? "emulator" : "scp";
    const pulumi = (args: string[], show: boolean) => run(cli, args, { cwd: folder, env, show });

    const selected = await pulumi(["stack", "select", "--create", stack], false);
    if (selected.code !== 0) {
      process.stderr.write(selected.stderr);
      return 1;
    }
    // On the emulator there is nothing to lose, so nothing is asked.
    const asked = emulated && operation !== "preview" ? ["--yes", "--skip-preview"] : [];
    const { code } = await pulumi([operation, "--stack", stack, ...asked, ...options], true);
    if (code === 0 && operation !== "preview") {
      const outputs = await pulumi(["stack", "output", "--json", "--stack", stack], false);
      process.stdout.write(imagesTable(outputs.stdout));
    }
    return code ?? 1;
  } finally {
    await emulated?.close();
  }
}

function isOperation(text: string | undefined): text is Operation {
  return operations.some((operation) => operation === text);
}

/** Splits what stands behind the operation into the folder and what is the CLI's. */
function split(rest: string[]): { folder: string; options: string[] } {
  const [first, ...others] = rest;
  const named = first !== undefined && !first.startsWith("-");
  return { folder: resolve(named ? first : "."), options: named ? others : rest };
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
