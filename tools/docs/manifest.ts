import { propertyOf, type Description } from "../../provider/schema/description";
import { defaultNames, entryNames, kindOf, manifestSchemaOf } from "../../provider/schema/manifest";
import { ofImport, sourceComment } from "../../provider/schema/image";
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
  const { description, comments } = sourceOf(name);
  const standard = Object.hasOwn(description, name) ? propertyOf(description, name).default : undefined;
  return [
    `\`${name}\``,
    typeInWords[kindOf(name)?.json.type ?? ""] ?? "",
    standard === undefined ? "" : `\`${JSON.stringify(standard)}\``,
    defaultNames.includes(name) ? "yes" : "",
    comments[name] ?? sourceComment,
  ];
}

/** Where a property is described; `source` is made of another resource's. */
function sourceOf(name: string): { description: Description; comments: Record<string, string> } {
  if (Object.hasOwn(manifestImage, name)) {
    return { description: manifestImage, comments: manifestComments };
  }
  if (name === "source") {
    return { description: {}, comments: {} };
  }
  return ofImport.some((one) => one === name) ? imported : record;
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
