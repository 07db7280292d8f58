#!/usr/bin/env node
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { ProviderContext } from "../lifecycle/context";
import { usageOf, wholeUsage } from "./usage";
import { UsageError } from "./usage-error";

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
  if (command === undefined) {
    const isAsked = ["", "help", "--help", "-h"].includes(name);
    const unknown = `There is no command ${JSON.stringify(name)}; there are ${Object.keys(commands).join(", ")}.`;
    process.stderr.write(
      isAsked ? wholeUsage : `${unknown} npx pulumi-scp-images --help says what they do.\n`,
    );
    return isAsked && name !== "" ? 0 : 2;
  }
  if (args.includes("--help") && command !== emulator) {
    process.stderr.write(usageOf(name));
    return 0;
  }
  try {
    return await command(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    if (error instanceof UsageError || isWrongOption(error)) {
      process.stderr.write(usageOf(name));
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
