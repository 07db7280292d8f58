import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Pair,
  type YAMLError,
  type YAMLMap,
} from "yaml";
import { imageSchema, type ImageArgs } from "pulumi-scp-images";

/** An image as the file lists it: values as they are written, which `Image` itself checks. */
export type Entry = ImageArgs & { name: string };

/** What is wrong with the file, one sentence each, with the line. */
export class ManifestError extends Error {
  override readonly name = "ManifestError";
}

/**
 * Reads a list of images.
 * @throws ManifestError
 */
export function readManifest(content: string, file: string): Entry[] {
  const text = content.replace(/^\ufeff/, ""); // Some editors put a byte order mark first.
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const problems: string[] = [];
  const complain = (offset: number | undefined, problem: string) => {
    problems.push(`${file}:${lines.linePos(offset ?? 0).line}: ${problem}`);
  };
  // A tag that is not known is a warning to the parser; the value would be another than the one that is meant.
  [...document.errors, ...document.warnings].forEach((error) => {
    complain(...inWords(error, text));
  });

  const list = document.contents;
  if (problems.length === 0) {
    if (list === null) {
      complain(0, "lists no images. Where that is meant, write [].");
    } else if (!isSeq(list)) {
      complain(0, "must be a list of images, each entry beginning with “- name: …”.");
    } else {
      const names = new Map<string, number>();
      list.items.forEach((item) => {
        checkEntry(item, names, complain);
      });
    }
  }
  if (problems.length > 0) {
    throw new ManifestError(problems.join("\n"));
  }
  try {
    return document.toJS() as Entry[];
  } catch (error) {
    // Aliases that multiply beyond measure end here.
    throw new ManifestError(`${file}: ${error instanceof Error ? error.message : String(error)}.`, {
      cause: error,
    });
  }
}

/** Where the parser stumbles, and over what. */
function inWords({ code, pos: [offset], message }: YAMLError, text: string): [offset: number, what: string] {
  const line = text.slice(text.lastIndexOf("\n", offset - 1) + 1);
  if (/^ *\t/.test(line)) {
    return [offset, "there is a tab in the indentation; YAML takes spaces alone."];
  }
  if (code === "MULTIPLE_DOCS") {
    return [offset, "a second document begins here; put all images into one list."];
  }
  return [offset, message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/, "") ?? "is not YAML"];
}

type Complain = (offset: number | undefined, problem: string) => void;

function checkEntry(item: unknown, names: Map<string, number>, complain: Complain): void {
  if (!isMap(item)) {
    const offset = isNode(item) ? item.range?.[0] : undefined;
    complain(
      offset,
      isAlias(item)
        ? `an image must be written out; the alias *${item.source} cannot stand for one.`
        : "an image must be a map of its properties, beginning with its name.",
    );
    return;
  }
  for (const pair of item.items) {
    const key = keyOf(pair);
    if (!Object.hasOwn(imageSchema.properties, key.text)) {
      complain(
        key.offset,
        `there is no property “${key.text}”; there are ${Object.keys(imageSchema.properties).join(", ")}.`,
      );
    }
  }
  const name = item.get("name");
  if (typeof name !== "string" || name === "") {
    complain(offsetOf(item), "an image needs a name, a text.");
    return;
  }
  if (names.has(name)) {
    complain(offsetOf(item), `there is another image named “${name}” in this list; names here must differ.`);
  }
  names.set(name, 1);
}

function keyOf(pair: Pair): { text: string; offset?: number } {
  return isScalar(pair.key)
    ? { text: String(pair.key.value), offset: pair.key.range?.[0] }
    : { text: String(pair.key) };
}

function offsetOf(map: YAMLMap): number | undefined {
  return map.range?.[0];
}
