import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { htmlOf, markdownOf, readState, reportOf, StateError, type Report, type State } from "../report";
import { UsageError } from "./usage-error";

const standard = "-";

const formats = {
  html: htmlOf,
  markdown: markdownOf,
  json: (report: Report) => `${JSON.stringify(report, undefined, 2)}\n`,
} as const;

/**
 * `npx pulumi-scp-images report`. Answers the exit code: 2 where a file is no state.
 *
 * @param now milliseconds since 1970
 */
export function reportCommand(args: string[], now: number): number {
  const { values } = parseArgs({
    args,
    options: {
      state: { type: "string", default: standard },
      since: { type: "string" },
      html: { type: "string" },
      markdown: { type: "string" },
      json: { type: "string" },
    },
  });
  const { state: file, since: before, ...named } = values;
  refuseTwice([file, before], "Only one state can come from standard input.");
  refuseTwice(Object.values(named), "Only one output can go to standard output.");
  if (file === standard && process.stdin.isTTY) {
    throw new UsageError(
      "No state is given: pulumi stack export | npx pulumi-scp-images report, or --state FILE.",
    );
  }
  try {
    const state = stateIn(file);
    const since = before === undefined ? undefined : stateIn(before);
    const report = reportOf(state, since, now);
    const outputs = Object.keys(named).length === 0 ? { markdown: standard } : named;
    for (const [format, target] of Object.entries(outputs)) {
      write(formats[format as keyof typeof formats](report), target);
    }
    return 0;
  } catch (error) {
    if (error instanceof StateError) {
      process.stderr.write(`${error.message}\n`);
      return 2;
    }
    throw error;
  }
}

function refuseTwice(files: readonly (string | undefined)[], sentence: string): void {
  if (files.filter((file) => file === standard).length > 1) {
    throw new UsageError(sentence);
  }
}

function stateIn(file: string): State {
  const source = file === standard ? "Standard input" : file;
  return readState(textIn(file), source);
}

function textIn(file: string): string {
  try {
    return decoded(readFileSync(file === standard ? 0 : file));
  } catch (error) {
    throw new StateError(`No state can be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

/** PowerShell's `>` writes UTF-16. */
function decoded(bytes: Buffer): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return bytes.toString(isUtf16 ? "utf16le" : "utf8").replace(/^\ufeff/, "");
}

function write(text: string, target: string): void {
  if (target === standard) {
    process.stdout.write(text);
  } else {
    writeFileSync(target, text);
  }
}
