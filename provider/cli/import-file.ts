import { randomUUID } from "node:crypto";
import type { Image } from "../api/images";
import type { ListImages } from "../api/image-pages";
import { providerText, typeName } from "../resources/dynamic";
import { namesGiven, propertyOf, type Properties } from "../schema/description";
import { imageRecord } from "../schema/image-record";
import { anothersImage } from "../lifecycle/accounts";
import type { ProviderContext } from "../lifecycle/context";
import { importLifecycle } from "../lifecycle/image-import";
import { recordLifecycle } from "../lifecycle/image-record";
import type { Found } from "../lifecycle/types";

/** What `pulumi import --file` reads. */
export interface ImportFile {
  resources: ImportEntry[];
}

interface ImportEntry {
  type: string;
  /** What the file itself calls the entry. */
  name: string;
  logicalName: string;
  component?: true;
  parent?: string;
  id?: string;
  inputs?: Properties;
  outputs?: Properties;
}

export interface TakeOver {
  /** A program that declares the images. */
  program: string;
  file: ImportFile;
  /** Images that an `Image` cannot declare, with the reason. */
  left: string[];
}

/**
 * The program, and the file for `pulumi import --file`, that take over the images which a query finds. Pulumi reads nothing by itself
 * then: it takes into the state what the file says, so the file says all that our own read would.
 *
 * @param withOrigin whether the stack has no images of this package's yet
 * @param held the images that states hold already, with where
 */
export async function takeOverImages(
  context: ProviderContext,
  query: ListImages,
  withOrigin: boolean,
  held: ReadonlyMap<string, string> = new Map(),
): Promise<TakeOver> {
  const result: TakeOver = { program: head, file: { resources: [] }, left: [] };
  const names = new Set<string>();
  if (withOrigin) {
    result.file.resources.push(entry("Origin", "origin", "scp-images", randomUUID(), undefined));
  }
  const { client } = context.locate({});
  for (const image of await client.allImages(query)) {
    const holder = held.get(image.id);
    const reason =
      holder === undefined
        ? (hindrance(image) ?? (await anothersImage(client, image)))
        : `the state in ${holder} holds it`;
    if (reason !== undefined) {
      result.left.push(`${image.id} (${image.name}): ${reason}`);
      continue;
    }
    const name = nameFor(String(image.name), names);
    const { profile } = client.settings;
    const record = await recordLifecycle(context).read(image.id, { settledByImport: true, profile });
    const file = await importLifecycle(context).read(image.id, { deleteImage: false, profile });
    const parts = { key: `image-${name}`, name, image, record, file };
    result.file.resources.push(...entries(parts));
    result.program += declaration(name, record?.inputs ?? {});
  }
  return result;
}

const head = `import { Image } from "pulumi-scp-images";\n`;

function hindrance({ status, name, url, osDistro, visibility }: Image): string | undefined {
  if (status !== "active") {
    return `it is ${status}`;
  }
  if (name === undefined) {
    return "it has no name";
  }
  if (url === undefined) {
    return "it was not made from a file in Object Storage";
  }
  if (osDistro === undefined) {
    return "it names no operating system";
  }
  return visibility === "private" || visibility === "shared" ? undefined : `it is ${visibility}`;
}

function nameFor(imageName: string, taken: Set<string>): string {
  let name = imageName;
  for (let count = 2; taken.has(name); count += 1) {
    name = `${imageName}-${count}`;
  }
  taken.add(name);
  return name;
}

interface Parts {
  key: string;
  name: string;
  image: Image;
  record: Found;
  file: Found;
}

function entries({ key, name, image, record, file }: Parts): ImportEntry[] {
  const parent = { parent: key };
  return [
    { type: "scp:index:Image", name: key, logicalName: name, component: true },
    { ...entry("ImageRecord", "image-record", name, image.id, record), ...parent },
    { ...entry("ImageImport", "image-import", name, image.id, file), ...parent },
  ];
}

function entry(type: string, module: string, name: string, id: string, found: Found): ImportEntry {
  const __provider = providerText(module);
  return {
    type: typeName(type),
    name: `${module}-${name}`,
    logicalName: name,
    id,
    inputs: { ...found?.inputs, __provider },
    outputs: { ...found?.outputs, token: randomUUID(), __provider },
  };
}

/** The `Image` of a program, with the properties that are not what a program gets by default. */
function declaration(name: string, inputs: Properties): string {
  const offered = namesGiven(imageRecord, "required", "optional", "default", "configured");
  const stated = Object.entries(inputs).filter(
    ([name, value]) => offered.includes(name) && value !== propertyOf(imageRecord, name).default,
  );
  const lines = stated.map(([key, value]) => `  ${key}: ${JSON.stringify(value)},\n`);
  return `\nnew Image(${JSON.stringify(name)}, {\n${lines.join("")}});\n`;
}
