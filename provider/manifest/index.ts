import { LineCounter } from "yaml";
import { checkChannel, checkImages, type CheckedImage } from "./check-all";
import { checkImage, checkValues, withLists } from "./check-image";
import { effective, type Effective } from "./effective";
import { entriesOf } from "./entries";
import { checkOverrides } from "./overrides";
import { parse, typed } from "./parse";
import { ManifestError, quoted, Problems, type Problem } from "./problems";
import { checkStructure } from "./structure";
import { member, membersOf, type Mapping, type Tree } from "./tree";
import type { Manifest, ManifestContext, ValidateOptions } from "./types";
import { substitute, type VariableSources } from "./variables";

export { lineOf, ManifestError, type Position, type Problem } from "./problems";
export type {
  ChannelEntry,
  FileEntry,
  ImageEntry,
  LookupEntry,
  Manifest,
  ManifestContext,
  ServerEntry,
  ValidateOptions,
} from "./types";
export type { ImageProperties, Origin } from "../schema/manifest";
export type { ConfigValue, VariableSources } from "./variables";

/**
 * Reads a manifest as one stack has it: overrides, defaults and variables are put in.
 *
 * @param text what is in the file
 * @param file what the file is called in errors
 * @throws ManifestError with all that is wrong, each with its line and column
 */
export function readManifest(text: string, file: string, context: ManifestContext): Manifest {
  const { problems, lines, source, tree } = load(text);
  const resolved = tree && resolve({ source, tree, lines, problems }, { sources: context, isStrict: true });
  if (!problems.isEmpty || resolved === undefined) {
    throw new ManifestError(file, positioned(problems, lines));
  }
  return entriesOf(resolved.images, resolved.channels, lines);
}

/**
 * What is wrong with a manifest, in the order of the file. Without `stack` it is checked as every stack has it that it has overrides for, and
 * as the others have it.
 */
export function validateManifest(text: string, options: ValidateOptions = {}): Problem[] {
  const { problems, lines, source, tree } = load(text);
  if (tree === undefined) {
    return positioned(problems, lines);
  }
  const loaded = { source, tree, lines, problems };
  const { strict: isStrict = false, isEncrypted } = options;
  const stacks = membersOf(member(tree, "stacks")).map(([name]) => name);
  if (options.stack !== undefined || stacks.length === 0) {
    resolve(loaded, { sources: options, isStrict, isEncrypted });
    return positioned(problems, lines);
  }
  const found = new Map<string, Problems>();
  for (const stack of [undefined, ...stacks]) {
    const own = new Problems();
    const mayBeIncomplete = stack === undefined;
    resolve(
      { ...loaded, problems: own },
      { sources: { ...options, stack }, isStrict, isEncrypted, mayBeIncomplete },
    );
    found.set(stack === undefined ? "those without overrides" : quoted(stack), own);
  }
  together(found, problems);
  return positioned(problems, lines);
}

interface Loaded {
  /** The text that positions are in. */
  source: string;
  tree: Tree;
  lines: LineCounter;
  problems: Problems;
}

function load(text: string): Omit<Loaded, "tree"> & { tree?: Tree } {
  const source = text.replace(/^\ufeff/, ""); // Some editors put a byte order mark first.
  const problems = new Problems();
  const lines = new LineCounter();
  const parsed = parse(source, lines, problems);
  const tree = parsed && checkStructure(parsed, problems);
  if (tree) {
    checkOverrides(tree, problems);
  }
  return { source, problems, lines, tree };
}

interface ResolveOptions {
  sources: VariableSources;
  isStrict: boolean;
  isEncrypted?: (key: string) => boolean;
  mayBeIncomplete?: boolean;
}

/** What one stack makes of the manifest. */
function resolve(
  { source, tree, lines, problems }: Loaded,
  { sources, isStrict, isEncrypted, mayBeIncomplete = false }: ResolveOptions,
): { images: CheckedImage[]; channels: Effective[] } {
  const { images, channels, keys } = effective(tree, sources.stack, problems);
  const variables = { sources, isStrict, isEncrypted, problems, text: source, typed };
  const checked = images.map((image) => {
    const values = withLists(substitute(image.node, variables) as Mapping);
    const one = { ...image, node: values, checked: checkValues(values, problems) };
    checkImage(one, one.checked, { problems, mayBeIncomplete, keys });
    return one;
  });
  checkImages(checked, keys, lines, problems);
  const known = channels.map((channel) => ({ ...channel, node: substitute(channel.node, variables) }));
  for (const channel of known) {
    checkChannel(channel, { images: checked, keys, problems, mayBeIncomplete });
  }
  return { images: checked, channels: known };
}

/** What is wrong in all stacks is told without their names. */
function together(found: ReadonlyMap<string, Problems>, problems: Problems): void {
  const stacks = new Map<string, { at: number; message: string; names: string[] }>();
  for (const [name, own] of found) {
    for (const problem of own.all) {
      const known = stacks.get(`${problem.at} ${problem.message}`) ?? { ...problem, names: [] };
      stacks.set(`${problem.at} ${problem.message}`, { ...known, names: [...known.names, name] });
    }
  }
  for (const { at, message, names } of stacks.values()) {
    const where =
      names.length === found.size ? "" : ` (in stack${names.length > 1 ? "s" : ""} ${names.join(", ")})`;
    problems.add(at, `${message}${where}`);
  }
}

function positioned(problems: Problems, lines: LineCounter): Problem[] {
  return problems.all.map(({ at, message }) => {
    const { line, col } = lines.linePos(at);
    return { line: Math.max(1, line), column: Math.max(1, col), message };
  });
}
