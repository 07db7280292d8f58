import { randomUUID } from "node:crypto";
import type { Image } from "../api/images";
import type { ListImages } from "../api/client";
import { providerText, typeName } from "../resources/dynamic";
import { recordProperties, type Properties } from "../schema/properties";
import type { Cloud } from "../lifecycle/context";
import { imageImport } from "../runtime/image-import";
import { imageRecord } from "../runtime/image-record";

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
 */
export async function takeOverImages(
  cloud: Cloud,
  query: ListImages,
  withOrigin: boolean,
): Promise<TakeOver> {
  const result: TakeOver = { program: head, file: { resources: [] }, left: [] };
  const names = new Set<string>();
  if (withOrigin) {
    result.file.resources.push(entry("Origin", "origin", "scp-images", randomUUID(), {}, {}));
  }
  for await (const image of cloud.at({}).client.allImages(query)) {
    const reason = hindrance(image);
    if (reason !== undefined) {
      result.left.push(`${image.id} (${image.name}): ${reason}`);
      continue;
    }
    const name = nameFor(image.name, names);
    const record = await imageRecord(cloud).read(image.id, { settledByImport: true });
    const file = await imageImport(cloud).read(image.id, { deleteImage: false });
    const parts = { key: `image-${name}`, name, image, record, file };
    result.file.resources.push(...entries(parts));
    result.program += declaration(name, record.inputs as Properties);
  }
  return result;
}

const head = `import { Image } from "pulumi-scp-images";\n`;

function hindrance({ status, url, osDistro, visibility }: Image): string | undefined {
  if (status !== "active") {
    return `it is ${status}`;
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
  record: { props?: Properties; inputs?: Properties };
  file: { props?: Properties; inputs?: Properties };
}

function entries({ key, name, image, record, file }: Parts): ImportEntry[] {
  const parent = { parent: key };
  return [
    { type: "scp:index:Image", name: key, logicalName: name, component: true },
    { ...entry("ImageRecord", "image-record", name, image.id, record.inputs, record.props), ...parent },
    { ...entry("ImageImport", "image-import", name, image.id, file.inputs, file.props), ...parent },
  ];
}

function entry(
  type: string,
  module: string,
  name: string,
  id: string,
  inputs?: Properties,
  outputs?: Properties,
): ImportEntry {
  const __provider = providerText(module);
  return {
    type: typeName(type),
    name: `${module}-${name}`,
    logicalName: name,
    id,
    inputs: { ...inputs, __provider },
    outputs: { ...outputs, __provider },
  };
}

/** The `Image` of a program, with the properties that are not what a program gets by default. */
function declaration(name: string, inputs: Properties): string {
  const stated = Object.entries(inputs).filter(
    ([key, value]) => !recordProperties[key]?.internal && value !== recordProperties[key]?.default,
  );
  const lines = stated.map(([key, value]) => `  ${key}: ${JSON.stringify(value)},\n`);
  return `\nnew Image(${JSON.stringify(name)}, {\n${lines.join("")}});\n`;
}
