import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { hasCredentials } from "../../provider/api/settings";
import { findPulumi } from "./cli";
import { startEmulatedCloud } from "./emulated";
import { cliEngine, embeddedEngine, operations, type Operation, type ProgramEngine } from "./engines";
import { beginReport } from "./report";
import { enginesWithResources, type EngineName, type Project } from "./states";
import { imagesTable } from "./table";

const usage = `Usage: npm run ${operations.join("|")} [-- [folder] [--engine pulumi|embedded] [--data folder] [--report file] [options of the Pulumi CLI]]
  folder    a folder with a Pulumi.yaml; by default this project
  --data    where states and the emulator's data are kept; by default .local
  --engine  what runs the program; by default the one that has the stack already, else the Pulumi CLI, or the embedded engine
            where there is none
  --report  with up: an HTML file to write, of the stack's images and what this up changed
`;

const howToGetTheCli =
  "To get it: curl -fsSL https://get.pulumi.com | sh (see https://www.pulumi.com/docs/install).";

/** A wrong command line: said in a sentence, followed by the usage. */
class UsageError extends Error {}

interface Command {
  operation: Operation;
  folder: string;
  engine?: EngineName;
  data: string;
  /** The HTML file to write of what was done. */
  report?: string;
  /** What is the engine's. */
  options: string[];
}

/** `npm run up` and its like: this project, or an example, against the emulator, or the real cloud when credentials are set. */
async function main(command: Command): Promise<number> {
  const { operation, folder, data, options } = command;
  if (!existsSync(join(folder, "Pulumi.yaml"))) {
    throw new UsageError(`There is no Pulumi.yaml in ${folder}, so it is no program.`);
  }
  const emulated = hasCredentials() ? undefined : await startEmulatedCloud(join(data, "emulator"));
  if (emulated === undefined) {
    process.stdout.write(whereTo(process.env));
  }
  try {
    const env = { ...process.env, ...emulated?.env };
    // Each cloud has a stack of its own: a state never meets a cloud that it is not about.
    const engine = await engineFor(command, {
      folder,
      stack: emulated ? "emulator" : "scp",
      stateFolder: data,
      env,
    });
    if (emulated === undefined && !engine.asks && operation !== "preview" && !options.includes("--yes")) {
      const code = await engine.operate(operation, [...options, "--preview-only"]);
      if (code === 0) {
        throw new Error(howToGoOn(operation));
      }
      return code; // What is wrong is on the terminal already.
    }
    // On the emulator there is nothing to lose, so nothing is asked.
    const unasked = emulated && operation !== "preview" ? ["--yes", "--skip-preview"] : [];
    const report = command.report === undefined ? undefined : await beginReport(engine, command.report);
    const code = await engine.operate(operation, [...unasked, ...options]);
    await report?.write(); // Also of what was done before something failed.
    if (code === 0 && operation !== "preview") {
      process.stdout.write(imagesTable(await engine.outputs()));
    }
    return code;
  } finally {
    await emulated?.close();
  }
}

/** Credentials are set, so what is done is done for real: where, as far as the environment says. */
function whereTo({ SCP_ENDPOINT: endpoint, SCP_REGION: region }: NodeJS.ProcessEnv): string {
  const where =
    endpoint === undefined
      ? "on Samsung Cloud Platform itself"
      : `on what answers as Samsung Cloud Platform at the endpoint ${endpoint} (SCP_ENDPOINT)`;
  const inRegion = region === undefined ? "" : `, in region ${region}`;
  return `SCP credentials are set, so this runs ${where}${inRegion}, in the stack scp.\n\n`;
}

/** The embedded engine has no questions to ask, as the CLI has. */
function howToGoOn(operation: Operation): string {
  const what = operation === "destroy" ? "All that the stack has will be deleted. " : "";
  return (
    `Nothing was done: the embedded engine asks no questions. ${what}npm run ${operation} -- --yes does it without one. ` +
    `The Pulumi CLI shows a preview, and asks. ${howToGetTheCli}`
  );
}

/** The engine that is asked for, else the one that has the stack already, else the Pulumi CLI where there is one. */
async function engineFor(command: Command, project: Project): Promise<ProgramEngine> {
  const cli = findPulumi();
  const engine = command.engine ?? engineOfState(project, cli !== undefined);
  if (engine === "embedded") {
    return embeddedEngine(project);
  }
  if (cli !== undefined) {
    return cliEngine(cli, project);
  }
  if (engine === "pulumi") {
    throw new Error(`The Pulumi CLI is neither on PATH nor in ~/.pulumi/bin. ${howToGetTheCli}`);
  }
  process.stdout.write(
    `The Pulumi CLI is not here, so the embedded engine of this repository runs the program. ${howToGetTheCli}\n\n`,
  );
  return embeddedEngine(project);
}

/** Another engine than that of a stack's state would make everything a second time. Undefined where there is nothing yet. */
function engineOfState(project: Project, hasCli: boolean): EngineName | undefined {
  const [engine, other] = enginesWithResources(project);
  const name = { pulumi: "the Pulumi CLI", embedded: "the embedded engine" };
  if (engine === undefined) {
    return undefined;
  }
  if (other !== undefined) {
    throw new Error(
      `Both ${name[engine]} and ${name[other]} have resources of this stack. Say --engine pulumi or --engine embedded; ` +
        "destroy with one of them, and go on with the other.",
    );
  }
  if (engine === "pulumi" && !hasCli) {
    throw new Error(
      `The resources of this stack are in the Pulumi CLI's state, and it is neither on PATH nor in ~/.pulumi/bin. ${howToGetTheCli} ` +
        "--engine embedded begins a state of its own.",
    );
  }
  if (engine === "embedded" && hasCli) {
    process.stdout.write(
      "The resources of this stack are in the embedded engine's state, so that runs the program; --engine pulumi begins a state of its own.\n\n",
    );
  }
  return engine;
}

function parse([operation, ...rest]: string[]): Command {
  const known = operations.find((one) => one === operation);
  if (known === undefined) {
    throw new UsageError(
      operation === undefined ? "Say what to do." : `There is no operation "${operation}".`,
    );
  }
  const [first, ...others] = rest;
  const named = first !== undefined && !first.startsWith("-");
  const engine = take("--engine", named ? others : rest);
  const report = take("--report", engine.rest);
  const data = take("--data", report.rest);
  if (engine.value !== undefined && engine.value !== "pulumi" && engine.value !== "embedded") {
    throw new UsageError("--engine takes pulumi or embedded.");
  }
  if (report.value !== undefined && known !== "up") {
    throw new UsageError("--report goes with up.");
  }
  const folder = resolve(named ? first : ".");
  return {
    operation: known,
    folder,
    engine: engine.value,
    data: resolve(data.value ?? ".local"),
    report: report.value === undefined ? undefined : resolve(report.value),
    options: data.rest,
  };
}

/** Takes an option and its value out of a command line. */
function take(name: string, all: string[]): { value?: string; rest: string[] } {
  const at = all.indexOf(name);
  if (at < 0) {
    return { rest: all };
  }
  const value = all[at + 1];
  if (value === undefined) {
    throw new UsageError(`${name} takes a value.`);
  }
  return { value, rest: all.toSpliced(at, 2) };
}

async function run(): Promise<number> {
  try {
    return await main(parse(process.argv.slice(2)));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    if (error instanceof UsageError) {
      process.stderr.write(usage);
      return 2;
    }
    return 1;
  }
}

void run().then((code) => (process.exitCode = code));
