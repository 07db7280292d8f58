#!/usr/bin/env node
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { ProviderContext } from "../lifecycle/context";
import { UsageError } from "./usage-error";

const usage = `Usage: npx pulumi-scp-images COMMAND [options]

  import-file  prints a program that declares images which exist, and writes the file with which pulumi import takes them into a stack
    --name NAME         only images of this name
    --os-distro NAME    only images of this operating system
    --visibility NAME   only private (the default) or shared images
    --file FILE         the file to write; by default scp-images-import.json
    --state FILE        a state, as pulumi stack export writes it, whose images are left out; may be given more than once
    --existing-stack    the stack has images of this package's already; give its state with --state

  orphans      lists the images that killed runs may have left, and what is left of uploads
    --state FILE        a state, as pulumi stack export writes it, whose images are in use; may be given more than once
    --delete NAME …     deletes these, an image by its id, an object by BUCKET/KEY, after looking at each again; needs --state of every stack that may hold them
    --no-state          with --delete: no state holds them, which you know
    --json              prints the list as JSON

import-file and orphans take --region NAME and --environment NAME, by default the configured ones, and --profile NAME: whose keys are used, out of
environment variables like SCP_PROFILE_AUDIT_ACCESS_KEY. By default the stack's own, SCP_ACCESS_KEY or the vendor's file.

  validate     checks manifests, by default images.yaml; - is the standard input. Needs no cloud, no stack and no credentials
    [FILE …]            the files
    --stack NAME        as this stack has them, or ORGANIZATION/PROJECT/NAME; by default as every stack that is named in them
    --strict            variables without a value are mistakes; with --stack they are anyway
    --format NAME       text (the default), github (annotations of a workflow), or json
                        Ends with 0 where all are right, 2 where one is not or cannot be read, and 1 for a wrong command line

  report       shows the images of a stack, from its state alone; Markdown on the terminal, unless one of the outputs is named
    --state FILE        the state, as pulumi stack export writes it; by default -, which is standard input
    --since FILE        a state from before: what changed since is told
    --html FILE         writes a page for a browser
    --markdown FILE     writes Markdown, as for a pull request's comment
    --json FILE         writes JSON; FILE may be - for standard output, for each of these

  emulator     starts Samsung Cloud Platform on this machine, as far as images go
    --port N            port on 127.0.0.1; by default 4510, with 0 any free one
    --data FOLDER       where it keeps its data; by default .local/emulator
    --help              tells its other options
`;

const place = {
  region: { type: "string" },
  environment: { type: "string" },
  profile: { type: "string" },
} as const;

interface Place {
  region?: string;
  environment?: string;
  profile?: string;
}

// What a command needs is loaded when it is asked for.

async function contextFor({ region, environment, profile }: Place): Promise<ProviderContext> {
  const { systemClock } = await import("../lifecycle/clock.js");
  const { createContext } = await import("../lifecycle/context.js");
  const silent = { show: () => () => undefined };
  return createContext({ profile, overrides: { region, environment } }, systemClock, silent);
}

async function importFile(args: string[]): Promise<number> {
  const { takeOverImages } = await import("./import-file.js");
  const { heldInStates } = await import("./states.js");
  const { values } = parseArgs({
    args,
    options: {
      ...place,
      name: { type: "string" },
      "os-distro": { type: "string" },
      visibility: { type: "string", default: "private" },
      file: { type: "string", default: "scp-images-import.json" },
      "existing-stack": { type: "boolean", default: false },
      state: { type: "string", multiple: true, default: [] },
    },
  });
  if (values["existing-stack"] && values.state.length === 0) {
    throw new UsageError(
      "With --existing-stack give the stack's state, --state FILE as pulumi stack export writes it: an image that it holds must not be taken over again.",
    );
  }
  const { name, visibility } = values;
  const query = { name, osDistro: values["os-distro"], visibility };
  const context = await contextFor(values);
  const { program, file, left } = await takeOverImages(
    context,
    query,
    !values["existing-stack"],
    heldInStates(values.state),
  );
  writeFileSync(values.file, `${JSON.stringify(file, undefined, 2)}\n`);
  process.stdout.write(program);
  process.stderr.write(
    left.map((image) => `Left out: image ${image}.\n`).join("") +
      `With the program above in place: pulumi import --file ${values.file} --protect=false --generate-code=false\n`,
  );
  return 0;
}

async function orphans(args: string[]): Promise<number> {
  const { findStaged, stagedText } = await import("./staged.js");
  const { deleteOrphans, findOrphans, orphansText } = await import("./orphans.js");
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...place,
      state: { type: "string", multiple: true, default: [] },
      "no-state": { type: "boolean", default: false },
      delete: { type: "string", multiple: true },
      json: { type: "boolean", default: false },
    },
  });
  const context = await contextFor(values);
  if (values.delete === undefined) {
    if (positionals.length > 0) {
      throw new UsageError(
        `"${positionals.join(" ")}" is no option; to delete images, write --delete before them.`,
      );
    }
    const found = await findOrphans(context, values.state);
    const staged = await findStaged(context, values.state);
    const now = context.locate({}).client.serverNow();
    process.stdout.write(
      values.json
        ? `${JSON.stringify([...found, ...staged.found], undefined, 2)}\n`
        : orphansText(found, now) + stagedText(staged, now),
    );
    return 0;
  }
  if (values.state.length === 0 && !values["no-state"]) {
    throw new UsageError(
      "An image that a state holds must not be deleted: give the states of your stacks with --state FILE (pulumi stack export --file FILE), " +
        "or say --no-state.",
    );
  }
  const ids = [...values.delete, ...positionals];
  const all = await deleteOrphans(context, ids, values.state, ({ deleted, text }) => {
    (deleted ? process.stdout : process.stderr).write(`${text}\n`);
  });
  return all ? 0 : 1;
}

async function report(args: string[]): Promise<number> {
  const { reportCommand } = await import("./report.js");
  return reportCommand(args, Date.now());
}

async function validate(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      stack: { type: "string" },
      strict: { type: "boolean", default: false },
      format: { type: "string", default: "text" },
    },
  });
  const { formatOf, validateFiles } = await import("./validate.js");
  const format = formatOf(values.format);
  if (format === undefined) {
    throw new UsageError(`--format takes text, github or json, not "${values.format}".`);
  }
  const { stack, strict } = values;
  return validateFiles(positionals.length === 0 ? ["images.yaml"] : positionals, { stack, strict, format });
}

async function emulator(args: string[]): Promise<number> {
  const { emulatorCommand } = await import("#emulator-command");
  return emulatorCommand(args);
}

const commands: Record<string, (args: string[]) => Promise<number>> = {
  "import-file": importFile,
  orphans,
  validate,
  report,
  emulator,
};

async function main([name = "", ...args]: string[]): Promise<number> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined || (args.includes("--help") && command !== emulator)) {
    process.stderr.write(usage);
    return command !== undefined || name === "--help" ? 0 : 2;
  }
  try {
    return await command(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    if (error instanceof UsageError || isWrongOption(error)) {
      process.stderr.write(usage);
      // What is wrong with a manifest is told by 2.
      return command === validate ? 1 : 2;
    }
    return 1;
  }
}

function isWrongOption(error: unknown): boolean {
  return (
    error instanceof TypeError && String((error as NodeJS.ErrnoException).code).startsWith("ERR_PARSE_ARGS")
  );
}

void main(process.argv.slice(2)).then((code) => (process.exitCode = code));
