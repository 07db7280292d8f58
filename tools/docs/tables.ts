import { imageFields } from "../../provider/api/images";
import { settingSources } from "../../provider/api/settings";
import { namesGiven, propertyOf } from "../../provider/schema/description";
import { ofImport, sourceComment, sourceNames } from "../../provider/schema/image";
import type { JsonSchema } from "../../provider/schema/kinds";
import { descriptions, info, lookup, type Described } from "./descriptions";
import { manifestTable } from "./manifest";
import { markdownTable, withTable } from "./markdown";

const changes = {
  replace: "replaces",
  update: "updates in place",
  setting: "does nothing to the image",
  hint: "does nothing",
};

const { ImageRecord: record, ImageImport: imported, ImageFile: uploaded, ImagePin: pin } = descriptions;
const { ImageMember: member, ImageMemberAcceptance: acceptance } = descriptions;
const { ImageGenerations: generations } = descriptions;
const { ServerImageRecord: ofServer, ServerImageSnapshot: snapshot } = descriptions;

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
    name === "imageId" ? "`string`" : typeOfField(name),
    comments[name] ?? "",
  ]);
}

function typeOfField(name: string): string {
  return `\`${imageFields[name]?.type ?? "unknown"}${name === "status" ? "" : "?"}\``;
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
  record: markdownTable(propertyHead, propertyRows(record)),
  recordOutputs: markdownTable(["output", "type", "meaning"], outputRows(record)),
  source: markdownTable(propertyHead, propertyRows(uploaded, [...sourceNames])),
  import: markdownTable(propertyHead, propertyRows(imported)),
  serverImage: markdownTable(propertyHead, [
    ...propertyRows(ofServer),
    ...propertyRows(snapshot, ["timeouts"]),
  ]),
  serverImageOutputs: markdownTable(["output", "type", "meaning"], outputRows(snapshot)),
  outputs: markdownTable(["output", "type", "meaning"], [...outputRows(record), ...outputRows(imported)]),
  lookup: markdownTable(
    ["argument", "type", "default", "meaning"],
    propertyRows(lookup).map(([name = "", type = "", value = "", , meaning = ""]) => [
      name,
      type,
      value,
      meaning,
    ]),
  ),
  info: markdownTable(
    ["field", "type", "meaning"],
    [
      ["`id`", "`string`", "Id of the image."],
      ...info.names.map((name) => [`\`${name}\``, typeOfField(name), info.comments[name] ?? ""]),
    ],
  ),
  pin: markdownTable(propertyHead, propertyRows(pin)),
  pinOutputs: markdownTable(["output", "type", "meaning"], outputRows(pin)),
  member: markdownTable(propertyHead, propertyRows(member)),
  acceptance: markdownTable(propertyHead, propertyRows(acceptance)),
  acceptanceOutputs: markdownTable(["output", "type", "meaning"], outputRows(acceptance)),
  manifest: manifestTable,
  generations: markdownTable(propertyHead, propertyRows(generations)),
};

/** The pages of the documentation that have tables, and which. */
export const pages: Record<string, readonly (keyof typeof tables)[]> = {
  "docs/resources/image.md": ["image", "source", "outputs"],
  "docs/resources/image-record.md": ["record", "recordOutputs"],
  "docs/resources/image-import.md": ["import"],
  "docs/resources/get-image.md": ["lookup", "info"],
  "docs/resources/image-pin.md": ["pin", "pinOutputs"],
  "docs/resources/image-member.md": ["member"],
  "docs/resources/image-member-acceptance.md": ["acceptance", "acceptanceOutputs"],
  "docs/resources/server-image.md": ["serverImage", "serverImageOutputs"],
  "docs/settings.md": ["settings"],
  "docs/manifest.md": ["manifest"],
  "docs/pipeline.md": ["generations"],
};

/** A page's text with its tables brought up to date. */
export function withTables(page: string, text: string): string {
  return (pages[page] ?? []).reduce((rest, name) => withTable(rest, name, tables[name] ?? ""), text);
}
