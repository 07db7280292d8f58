// The deployment in lines, as the CLI prints it where there is no terminal: a line a step, with its time, then counts.

import type { Diagnostic, EngineEvent, OperationKind, Result, StepRecord } from "./events";
import type { Op } from "./steps";
import { nameOf, typeOf } from "./urn";
import { UNKNOWN, type Properties, type Value } from "./values";

const TITLES: Record<OperationKind, string> = {
  up: "Updating",
  preview: "Previewing update",
  refresh: "Refreshing",
  destroy: "Destroying",
};

const MARKS: Record<Op, string> = {
  same: " ",
  create: "+",
  update: "~",
  delete: "-",
  replace: "+-",
  "create-replacement": "++",
  "delete-replaced": "--",
  discard: "<",
  "discard-replaced": "<<",
  read: ">",
  "read-replacement": ">>",
  refresh: "~",
  "remove-pending-replace": "~",
};

const VERBS: Record<Op, [doing: string, done: string, planned: string]> = {
  same: ["", "", ""],
  create: ["creating", "created", "create"],
  update: ["updating", "updated", "update"],
  delete: ["deleting", "deleted", "delete"],
  replace: ["replacing", "replaced", "replace"],
  "create-replacement": ["creating replacement", "created replacement", "create replacement"],
  "delete-replaced": ["deleting original", "deleted original", "delete original"],
  discard: ["discarding", "discarded", "discard"],
  "discard-replaced": ["discarding original", "discarded original", "discard original"],
  read: ["reading", "read", "read"],
  "read-replacement": ["reading for replacement", "read for replacement", "read for replacement"],
  refresh: ["refreshing", "refreshed", "refresh"],
  "remove-pending-replace": ["completing", "completed", "complete"],
};

const COUNTED: Partial<Record<Op, [mark: string, done: string, planned: string]>> = {
  create: ["+", "created", "to create"],
  update: ["~", "updated", "to update"],
  delete: ["-", "deleted", "to delete"],
  replace: ["+-", "replaced", "to replace"],
  read: [">", "read", "to read"],
  discard: ["<", "discarded", "to discard"],
};

/** Takes a stack's events and gives lines. Outputs that are secret are not shown. */
export function renderer(print: (line: string) => void): (event: EngineEvent) => void {
  let preview = false;
  return (event) => {
    switch (event.kind) {
      case "begin": {
        preview = event.preview;
        const title = TITLES[preview && event.operation === "up" ? "preview" : event.operation];
        print(`${title} (${event.stack}):`);
        break;
      }
      case "step-begin":
        if (!preview && event.step.op !== "same") print(line(event.step, `${VERBS[event.step.op][0]} (0s)`));
        break;
      case "step-end":
        stepEnd(event, preview, print);
        break;
      case "diagnostic":
        if (event.ephemeral) print(`    ${about(event.diagnostic)}${event.diagnostic.message}`);
        break;
      case "end":
        end(event.result, event.failed, print);
        break;
    }
  };
}

const line = ({ op, type, name }: StepRecord, what: string): string =>
  ` ${MARKS[op].padEnd(2)} ${type} ${name} ${what}`.trimEnd();

const time = (seconds: number): string =>
  `${seconds < 1 ? Number(seconds.toFixed(2)) : Math.round(seconds)}s`;

function stepEnd(
  { step, seconds, failed }: Extract<EngineEvent, { kind: "step-end" }>,
  preview: boolean,
  print: (line: string) => void,
): void {
  const [doing, done, planned] = VERBS[step.op];
  if (failed) print(line(step, `**${doing || "reading"} failed**`));
  else if (step.op === "same") return;
  else print(line(step, preview ? planned : `${done} (${time(seconds)})`));
}

function end(result: Result, failed: boolean, print: (line: string) => void): void {
  const { diagnostics, preview, summary } = result;
  const told = diagnostics.filter(({ severity }) => severity !== "debug");
  if (told.length > 0) {
    print("Diagnostics:");
    for (const diagnostic of told) printDiagnostic(diagnostic, print);
    print("");
  }
  const outputs = renderOutputs(result.outputs, result.secretOutputs);
  if (outputs.length > 0) {
    print("Outputs:");
    for (const text of outputs) print(`    ${text}`);
    print("");
  }
  const counts = Object.entries(COUNTED).flatMap(([op, [mark, done, planned]]) => {
    const count = summary[op as Op];
    return count ? [`    ${mark} ${count} ${preview ? planned : done}`] : [];
  });
  if (summary.same) counts.push(`    ${summary.same} unchanged`);
  if (counts.length > 0) {
    print("Resources:");
    for (const text of counts) print(text);
    print("");
  }
  print(`Duration: ${time(result.seconds)}${failed ? " (failed)" : ""}`);
}

const about = ({ urn }: Diagnostic): string => (urn ? `${nameOf(urn)}: ` : "");

function printDiagnostic({ urn, severity, message }: Diagnostic, print: (line: string) => void): void {
  print(urn ? `  ${typeOf(urn)} (${nameOf(urn)}):` : "  engine:");
  const prefix = severity === "info" ? "" : `${severity}: `;
  for (const text of (prefix + message).split("\n")) print(`    ${text}`);
}

/** A line for each output, aligned, secrets as `[secret]`. */
export function renderOutputs(outputs: Properties, secrets: readonly string[] = []): string[] {
  const keys = Object.keys(outputs).sort();
  const width = Math.max(0, ...keys.map((key) => key.length));
  const show = (key: string, value: Value | undefined): string =>
    secrets.includes(key)
      ? "[secret]"
      : JSON.stringify(value ?? null).replaceAll(`"${UNKNOWN}"`, "[unknown]");
  return keys.map((key) => `${key.padEnd(width)}: ${show(key, outputs[key])}`);
}
