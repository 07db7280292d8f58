import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { buffer } from "node:stream/consumers";
import { unfitToShow } from "../api/errors";
import type { Problem } from "../manifest";
import { configOf } from "./stack-config";

export interface ValidateFiles {
  /** Stack, or organization/project/stack. */
  stack?: string;
  strict: boolean;
  format: Format;
}

/** A problem of a file; without a place where it is about the whole file. */
interface Finding extends Partial<Omit<Problem, "message">> {
  file: string;
  message: string;
}

/** How findings are printed. */
const formats = {
  text: (findings: Finding[]) => findings.map((finding) => `${lineOf(finding)}\n`).join(""),
  json: (findings: Finding[]) => `${JSON.stringify(findings, undefined, 2)}\n`,
  github: (findings: Finding[]) => findings.map((finding) => `${annotation(finding)}\n`).join(""),
};
export type Format = keyof typeof formats;

export function formatOf(name: string): Format | undefined {
  return name === "text" || name === "json" || name === "github" ? name : undefined;
}

/**
 * Checks manifests, and prints what is wrong with them.
 * @returns the exit code: 0 where all are right, 2 where one is not, or cannot be read
 */
export async function validateFiles(files: readonly string[], options: ValidateFiles): Promise<number> {
  const findings: Finding[] = [];
  for (const file of files) {
    findings.push(...(await findingsIn(file, options)));
  }
  process.stdout.write(formats[options.format](findings));
  if (findings.length === 0 && options.format === "text") {
    process.stdout.write(`${files.map(nameOf).join(", ")}: no problems.\n`);
  }
  return findings.length === 0 ? 0 : 2;
}

async function findingsIn(path: string, { stack, strict }: ValidateFiles): Promise<Finding[]> {
  const file = nameOf(path);
  const read = await textOf(path);
  if ("problem" in read) {
    return [{ file, message: read.problem }];
  }
  const { validateManifest } = await import("../manifest/index.js");
  const problems = validateManifest(read.text, {
    ...(stack !== undefined && (await configOf(dirname(path), stack))),
    env: process.env,
    strict: strict || stack !== undefined,
  });
  return problems.map(({ line, column, message }) => ({ file, line, column, message }));
}

/** What a file is called in messages. */
function nameOf(path: string): string {
  return path === "-" ? "<stdin>" : path.replace(unfitToShow, " ");
}

async function textOf(path: string): Promise<{ text: string } | { problem: string }> {
  let bytes: Uint8Array;
  try {
    bytes = path === "-" ? await buffer(process.stdin) : readFileSync(path);
  } catch (error) {
    return { problem: `cannot be read: ${reasonOf(error)}` };
  }
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return { problem: "cannot be read: it is no text in UTF-8." };
  }
}

function reasonOf(error: unknown): string {
  const code = String((error as NodeJS.ErrnoException).code);
  const reasons: Record<string, string> = {
    ENOENT: "there is no such file.",
    EISDIR: "it is a folder.",
    EACCES: "that is not allowed.",
  };
  return reasons[code] ?? `${code}.`;
}

function lineOf({ file, line, column, message }: Finding): string {
  return `${[file, ...(line === undefined ? [] : [line, column])].join(":")}: ${message}`;
}

/** A workflow command of GitHub Actions. */
function annotation({ file, line, column, message }: Finding): string {
  const place = { file, line, col: column, title: "Image manifest" };
  const properties = Object.entries(place)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${escapedProperty(String(value))}`);
  return `::error ${properties.join(",")}::${escaped(message)}`;
}

function escaped(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapedProperty(text: string): string {
  return escaped(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
