import { imageFields } from "../../provider/api/images";
import { settingSources } from "../../provider/api/settings";
import { namesGiven, propertyOf } from "../../provider/schema/description";
import { ofImport, sourceComment, sourceNames } from "../../provider/schema/image";
import type { JsonSchema } from "../../provider/schema/kinds";
import { descriptions, type Described } from "./descriptions";
import { manifestTable } from "./manifest";
import { markdownTable, withTable } from "./markdown";

const changes = {
  replace: "replaces",
  update: "updates in place",
  setting: "does nothing to the image",
  hint: "does nothing",
};

const { ImageRecord: record, ImageImport: imported, ImageFile: uploaded } = descriptions;

/** A type as TypeScript writes it. */
function typeOf({ type, additionalProperties, properties }: JsonSchema): string {
  if (properties !== undefined) {
    const members = Object.entries(properties).map(([name, member]) => `${name}?: ${typeOf(member)}`);
    return `{ ${members.join("; ")} }`;
  }
  if (typeof additionalProperties === "object") {
    return `Record<string, ${typeOf(additionalProperties)}>`;
  }
  return type === "integer" ? "number" : type;
}

function propertyRows(
  { description, comments }: Described,
  names = namesGiven(description, "required", "optional", "default", "configured"),
): string[][] {
  return names.map((name) => {
    const { kind, given, change, default: value } = propertyOf(description, name);
    return [
      `\`${name}\`${given === "required" ? " (required)" : ""}`,
      `\`${typeOf(kind.json)}\``,
      value === undefined ? "" : `\`${JSON.stringify(value)}\``,
      changes[change],
      comments[name] ?? "",
    ];
  });
}

function outputRows({ description, comments }: Described): string[][] {
  return namesGiven(description, "output").map((name) => [
    `\`${name}\``,
    `\`${imageFields[name]?.type ?? "unknown"}${name === "status" ? "" : "?"}\``,
    comments[name] ?? "",
  ]);
}

const propertyHead = ["property", "type", "default", "a change", "meaning"];

/** The tables of the documentation, each made from what the code itself works with. */
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
  image: markdownTable(propertyHead, [
    ...propertyRows(record),
    ["`source`", "`{ file, bucket, sha256?, afterImport? }`", "", "see below", sourceComment],
    ...propertyRows(imported, [...ofImport]),
  ]),
  source: markdownTable(propertyHead, propertyRows(uploaded, [...sourceNames])),
  import: markdownTable(propertyHead, propertyRows(imported)),
  outputs: markdownTable(["output", "type", "meaning"], [...outputRows(record), ...outputRows(imported)]),
  manifest: manifestTable,
};

/** The pages of the documentation that have tables, and which. */
export const pages: Record<string, readonly (keyof typeof tables)[]> = {
  "docs/resources.md": ["image", "source", "import", "outputs"],
  "docs/settings.md": ["settings"],
  "docs/manifest.md": ["manifest"],
};

/** A page's text with its tables brought up to date. */
export function withTables(page: string, text: string): string {
  return (pages[page] ?? []).reduce((rest, name) => withTable(rest, name, tables[name] ?? ""), text);
}
