import { pick } from "./check";
import {
  jsonSchemaOf,
  namesGiven,
  propertyOf,
  type Inputs,
  type PropertySchema,
  type StatedNames,
} from "./description";
import { imageSchemaOf, ofImport, sourceNames, type Comments } from "./image";
import { imageFile } from "./image-file";
import { imageImport } from "./image-import";
import { imageRecord } from "./image-record";
import { object, text, type JsonSchema, type Kind } from "./kinds";
import { keyRules, manifestImage } from "./manifest-image";

// What a manifest (images.yaml) may say, derived from the descriptions of the resources: the properties of an image with their kinds, and
// the JSON Schema. That holds the file as it is written, where a value may still be a variable and an override may be a part; the kinds
// hold the values that come out of it. Both are of one description, so they cannot say different things.

/** Where an image comes from: each has exactly one of these. */
export const origins = ["url", "source", "server", "lookup"] as const;
export type Origin = (typeof origins)[number];

type Stated<D> = Partial<Pick<Inputs<D>, StatedNames<D> & keyof Inputs<D>>>;

/** What an entry states of those properties that `Image` takes. */
export interface ImageProperties
  extends Stated<typeof imageRecord>, Pick<Stated<typeof imageImport>, (typeof ofImport)[number]> {
  source?: Pick<Inputs<typeof imageFile>, "file" | "bucket"> &
    Partial<Pick<Inputs<typeof imageFile>, (typeof sourceNames)[number]>>;
}

const source = object(
  Object.fromEntries(sourceNames.map((name) => [name, imageFile[name].kind])),
  `{ file: build/golden.qcow2, bucket: images }`,
);

const described = jsonSchemaOf(manifestImage).properties;

/** Every property of an image in a manifest, in the order in which they are told. */
export const entryNames: readonly string[] = [
  "name",
  ...Object.keys(imageSchemaOf().properties).filter((name) => name === "osDistro" || name === "url"),
  "source",
  ...Object.keys(described),
  ...Object.keys(imageSchemaOf().properties).filter(
    (name) => !["name", "osDistro", "url", "source"].includes(name),
  ),
];

/** What values a property of an image takes; undefined where there is none of that name. */
export function kindOf(name: string): Kind<unknown> | undefined {
  if (!entryNames.includes(name)) {
    return undefined;
  }
  if (name === "source") {
    return source;
  }
  const description = [manifestImage, imageRecord, imageImport].find((one) => Object.hasOwn(one, name));
  return description && propertyOf(description, name).kind;
}

/** What a `source` must state. */
export const sourceRequired = namesGiven(imageFile, "required");

/** What values a channel's properties take. */
export const channelKinds: Record<string, Kind<unknown>> = {
  image: text(),
  version: manifestImage.version.kind,
};

/** Properties that differ from image to image, so that no default can state them. */
const differing = ["name", "url", "server", "lookup", "imageId", "expectedChecksum", "renamedFrom"] as const;

/** What `defaults` may state. Of a file, it is where it goes, not which it is. */
export const defaultNames = entryNames.filter((name) => !differing.some((one) => one === name));
const sourceDefaults = ["bucket", "afterImport"];

/** What an image must state, or have by default. */
export function isRequired(name: string, origin: Origin): boolean {
  return name === "osDistro" && (origin === "url" || origin === "source");
}

const ofFilesAlone = [
  "osDistro",
  "diskFormat",
  "containerFormat",
  "minDisk",
  "expectedChecksum",
  "verify",
  "url",
  "source",
];

/** Whether an image of that origin has the property. */
export function applies(name: string, origin: Origin): boolean {
  if (origin === "lookup") {
    return ["lookup", "region", "environment", "profile"].includes(name);
  }
  return origin === "server" ? !ofFilesAlone.includes(name) : true;
}

/** A node of a JSON Schema. */
type Node = Record<string, unknown>;

/** How a value may be written: a text with a variable always will do, since what it gives is not known before; nothing may take it out. */
type Written = "whole" | "override";

/** The variables of a manifest, in a text. */
const variable = "\\$\\{";

function written({ description, default: standard, ...schema }: PropertySchema, as: Written): Node {
  const words = { description, default: standard };
  const none = as === "override" ? ["null"] : [];
  if (schema.type === "object") {
    const { properties, additionalProperties: others } = schema;
    return {
      ...words,
      type: ["object", ...none],
      properties: properties && each(properties, (member) => written(member, as)),
      additionalProperties: typeof others === "object" ? written(others, as) : others,
    };
  }
  if (schema.items !== undefined) {
    const item = written(schema.items, "whole");
    // A list of one may be written as that one.
    return {
      ...words,
      type: ["array", "string", ...none],
      items: item,
      if: { type: "string" },
      then: item,
    };
  }
  return {
    ...words,
    type: [...new Set([schema.type, "string", ...none])],
    if: { type: ["string", ...none], pattern: variable },
    else: schema,
  };
}

function each<T>(members: Record<string, T>, change: (member: T, name: string) => unknown): Node {
  return Object.fromEntries(Object.entries(members).map(([name, member]) => [name, change(member, name)]));
}

/** An editor shows the message beside the value: with the property's name it is a sentence. */
function inSentences(schema: PropertySchema, name: string): PropertySchema {
  const { errorMessage, properties, items, additionalProperties: others } = schema;
  return {
    ...schema,
    ...(errorMessage !== undefined && { errorMessage: `${name} ${errorMessage}.` }),
    ...(items && { items: inSentences(items, name) }),
    ...(properties && { properties: each(properties, inSentences) as Record<string, JsonSchema> }),
    ...(typeof others === "object" && { additionalProperties: inSentences(others, `a value of ${name}`) }),
  };
}

/** The words of the manifest's own parts. */
const parts = {
  file: "Images of Samsung Cloud Platform, and the channels that name them. A value may hold ${stack}, ${project}, ${organization}, ${env:NAME} and ${config:key}.",
  defaults: "What every image has that does not say otherwise.",
  images: "The images, each by its key: its logical name, which is also its own name where it states none.",
  channels: "Names by which images are handed out, such as `ubuntu-24.04/stable`.",
  stacks:
    "What is otherwise in a stack, by the stack's name: maps are merged key by key, lists replace, and null takes out.",
  stack: "What is otherwise in this stack.",
  channel: "The image that the channel stands for, and which generation of it.",
  channelImage: "The key of the image.",
  channelVersion: "The version of a generation that is kept. By default the current one.",
};

/** Comments of the descriptions, and of what a manifest has besides. */
export interface ManifestComments extends Comments {
  manifest?: Record<string, string>;
}

/** The JSON Schema of a manifest as it is written. */
export function manifestSchemaOf(comments: ManifestComments = {}): Node {
  const own = jsonSchemaOf(manifestImage, comments.manifest).properties;
  const all = { ...imageSchemaOf(comments).properties, ...own } as Record<string, PropertySchema>;
  const image = pick(each(all, inSentences), entryNames) as Record<string, PropertySchema>;
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Images of Samsung Cloud Platform",
    description: parts.file,
    type: "object",
    properties: {
      defaults: reference("defaults"),
      images: byKey(reference("image"), parts.images),
      channels: byKey(reference("channel"), parts.channels),
      stacks: {
        description: parts.stacks,
        type: "object",
        additionalProperties: reference("stack"),
      },
    },
    required: ["images"],
    additionalProperties: false,
    definitions: {
      image: closed(each(image, (member) => written(member, "override"))),
      defaults: { description: parts.defaults, ...closed(defaultsOf(image, "whole")) },
      stack: {
        description: parts.stack,
        ...closed({
          defaults: { description: parts.defaults, ...closed(defaultsOf(image, "override")) },
          images: byKey(orNull(reference("image")), parts.images),
          channels: byKey(orNull(reference("channelOverride")), parts.channels),
        }),
      },
      channel: { description: parts.channel, ...closed(channel("whole")), required: ["image"] },
      channelOverride: { description: parts.channel, ...closed(channel("override")) },
    },
  };
}

function defaultsOf(image: Record<string, PropertySchema>, as: Written): Node {
  const { properties = {}, ...source } = image.source ?? { type: "object" };
  const part: PropertySchema = { ...source, properties: pick(properties, sourceDefaults) };
  const all: Record<string, PropertySchema> = { ...image, source: part };
  return each(pick(all, defaultNames), (schema) => written(schema, as));
}

function channel(as: Written): Node {
  const words: Record<string, string> = { image: parts.channelImage, version: parts.channelVersion };
  return each(channelKinds, ({ json }, name) =>
    written(inSentences({ ...json, description: words[name] }, name), as),
  );
}

function reference(name: string): Node {
  return { $ref: `#/definitions/${name}` };
}

function closed(properties: Node): Node {
  return { type: "object", properties, additionalProperties: false };
}

function orNull(schema: Node): Node {
  return { if: { type: "null" }, else: schema };
}

function byKey(schema: Node, description: string): Node {
  const errorMessage = `a key is ${keyRules.complaint}.`;
  return {
    description,
    type: "object",
    propertyNames: { pattern: keyRules.pattern.source, errorMessage },
    additionalProperties: schema,
  };
}
