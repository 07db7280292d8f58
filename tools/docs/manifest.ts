import { propertyOf } from "../../provider/schema/description";
import { defaultNames, entryNames, kindOf, manifestSchemaOf } from "../../provider/schema/manifest";
import { imageImport } from "../../provider/schema/image-import";
import { imageRecord } from "../../provider/schema/image-record";
import { sourceComment } from "../../provider/schema/image";
import { manifestImage } from "../../provider/schema/manifest-image";
import { commentsOf } from "./comments";
import { descriptions } from "./descriptions";
import { markdownTable } from "./markdown";

const { ImageRecord: record, ImageImport: imported, ImageFile: uploaded } = descriptions;

/** What there is to say of each property that only a manifest has. */
export const manifestComments = commentsOf("manifest-image", "manifestImage");

/** The JSON Schema of images.yaml. */
export function manifestSchema(): object {
  return manifestSchemaOf({
    record: record.comments,
    file: uploaded.comments,
    import: imported.comments,
    manifest: manifestComments,
  });
}

function rowOf(name: string): string[] {
  const sources = [
    { description: manifestImage, comments: manifestComments },
    { description: imageRecord, comments: record.comments },
    { description: imageImport, comments: imported.comments },
  ];
  const found = sources.find(({ description }) => Object.hasOwn(description, name));
  const standard = found && propertyOf(found.description, name).default;
  return [
    `\`${name}\``,
    typeInWords[kindOf(name)?.json.type ?? ""] ?? "",
    standard === undefined ? "" : `\`${JSON.stringify(standard)}\``,
    defaultNames.includes(name) ? "yes" : "",
    found?.comments[name] ?? sourceComment,
  ];
}

const typeInWords: Record<string, string> = {
  string: "text",
  integer: "number",
  boolean: "true or false",
  object: "map",
  array: "list, or one",
};

/** The properties of an image in a manifest. */
export const manifestTable = markdownTable(
  ["property", "type", "default", "in `defaults`", "meaning"],
  entryNames.map(rowOf),
);
