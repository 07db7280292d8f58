import { pick } from "./check";
import { jsonSchemaOf } from "./description";
import { imageFile } from "./image-file";
import { imageImport } from "./image-import";
import { imageRecord } from "./image-record";

/** What the descriptions say of each property, for people: by description and by name. */
export interface Comments {
  record?: Record<string, string>;
  file?: Record<string, string>;
  import?: Record<string, string>;
}

/** The properties of an image's source: what there is to say of a file. */
export const sourceNames = ["file", "bucket", "sha256", "afterImport"] as const;

/** The properties of an import that an `Image` takes as its own. */
export const ofImport = ["timeouts", "expectedChecksum", "verify"] as const;

/** What `Image` takes, as JSON Schema. */
export function imageSchemaOf(comments: Comments = {}) {
  const record = jsonSchemaOf(imageRecord, comments.record);
  const imported = jsonSchemaOf(imageImport, comments.import).properties;
  const file = jsonSchemaOf(imageFile, comments.file);
  const source = {
    description: comments.record && sourceComment,
    type: "object",
    properties: pick(file.properties, sourceNames),
    required: file.required,
    additionalProperties: false,
  };
  return {
    ...record,
    properties: { ...record.properties, source, ...pick(imported, ofImport) },
    required: record.required.filter((name) => name !== "url"),
    oneOf: [{ required: ["url"] }, { required: ["source"] }],
  };
}

/** What `source` is, in words. */
export const sourceComment =
  "A file on this machine to make the image of, in place of `url`: it is uploaded, imported, and its object closed.";
