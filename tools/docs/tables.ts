import { settingSources } from "../../provider/api/settings";
import {
  importOutputs,
  importProperties,
  recordOutputs,
  recordProperties,
  type OutputTable,
  type PropertyTable,
} from "../../provider/schema/properties";
import { markdownTable, withTable } from "./markdown";

const changes = {
  replace: "replaces",
  update: "updates in place",
  setting: "does nothing to the image",
  hint: "does nothing",
};

function propertyRows(table: PropertyTable): string[][] {
  return Object.entries(table)
    .filter(([, property]) => !property.internal)
    .map(([name, property]) => [
      `\`${name}\`${property.required ? " (required)" : ""}`,
      `\`${property.type}\``,
      property.default === undefined ? "" : `\`${JSON.stringify(property.default)}\``,
      changes[property.change],
      property.meaning,
    ]);
}

function outputRows(table: OutputTable): string[][] {
  return Object.entries(table).map(([name, { type, meaning }]) => [`\`${name}\``, `\`${type}\``, meaning]);
}

const { timeouts } = importProperties;

/** The tables of the README, each made from what the code itself works with. */
export const tables: Record<string, string> = {
  settings: markdownTable(
    ["Pulumi config", "environment, in this order", "also read", "meaning", "default"],
    Object.entries(settingSources).map(([name, { env, file, meaning, fallback }]) => [
      `\`scp:${name}\``,
      env.map((variable) => `\`${variable}\``).join(", "),
      file === undefined ? "" : `\`${file.key}\` in \`~/.scpconf/${file.name}\``,
      meaning,
      fallback ?? "",
    ]),
  ),
  image: markdownTable(
    ["property", "type", "default", "a change", "meaning"],
    propertyRows({ ...recordProperties, ...(timeouts && { timeouts }) }),
  ),
  import: markdownTable(
    ["property", "type", "default", "a change", "meaning"],
    propertyRows(importProperties),
  ),
  outputs: markdownTable(["output", "type", "meaning"], outputRows({ ...recordOutputs, ...importOutputs })),
};

/** A text with the tables between their marks brought up to date. */
export function withTables(text: string): string {
  return Object.entries(tables).reduce((rest, [name, table]) => withTable(rest, name, table), text);
}
