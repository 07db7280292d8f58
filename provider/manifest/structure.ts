import Ajv, { type ErrorObject, type ValidateFunction } from "ajv";
import { channelKinds, defaultNames, kindOf, manifestSchemaOf, entryNames } from "../schema/manifest";
import { keyRules } from "../schema/manifest-image";
import { suggestion, closest } from "./closest";
import { quoted, type Problems } from "./problems";
import { entry, isNull, membersOf, nodeAt, plain, type Entry, type Tree } from "./tree";
import { complaintOf } from "./values";

let compiled: ValidateFunction | undefined;

/** The shipped schema, but for the words that only editors show. */
function validator(): ValidateFunction {
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
  ajv.addKeyword("errorMessage");
  return (compiled ??= ajv.compile(manifestSchemaOf()));
}

/**
 * Holds a manifest, as it is written, against the JSON Schema.
 * @returns the same without what is wrong: what was complained about is not known, and a misspelt key is what it was meant to be
 */
export function checkStructure(root: Tree, problems: Problems): Tree | undefined {
  const validate = validator();
  if (validate(plain(root))) {
    return root;
  }
  const repair = new Repair(root, problems);
  const errors = validate.errors ?? [];
  // First the keys: what is missing may only be misspelt.
  for (const phase of ["additionalProperties", "propertyNames", "required", "other"] as const) {
    errors
      .filter((error) => phaseOf(error) === phase)
      .forEach((error) => {
        repair[phase](error);
      });
  }
  return repair.result();
}

type Phase = "additionalProperties" | "propertyNames" | "required" | "other";

function phaseOf({ keyword, propertyName }: ErrorObject): Phase | undefined {
  if (keyword === "additionalProperties" || keyword === "propertyNames" || keyword === "required") {
    return keyword;
  }
  // Of a condition its branches are told, of keys the keys.
  return keyword === "if" || propertyName !== undefined ? undefined : "other";
}

class Repair {
  /** What a key stands for, by its pointer: another key, or nothing. */
  private readonly renamed = new Map<string, string | undefined>();
  private readonly broken = new Set<string>();
  /** Keys that are missing, by the pointer of the map. */
  private readonly added = new Map<string, string>();

  constructor(
    private readonly root: Tree,
    private readonly problems: Problems,
  ) {}

  additionalProperties({ instancePath, params }: ErrorObject): void {
    const key = String(params.additionalProperty);
    const path = stepsOf(instancePath);
    const { words, sentence } = keysAt(path, key);
    this.problems.add(this.keyAt(path, key), sentence);
    this.renamed.set(`${instancePath}/${escaped(key)}`, closest(key, words));
  }

  propertyNames({ instancePath, params }: ErrorObject): void {
    const key = String(params.propertyName);
    const path = stepsOf(instancePath);
    const what = path.at(-1) === "channels" ? "channel" : "image";
    this.problems.add(
      this.keyAt(path, key),
      `${quoted(key)} cannot be the key of ${what === "image" ? "an image" : "a channel"}; a key is ${keyRules.complaint}.`,
    );
    this.renamed.set(`${instancePath}/${escaped(key)}`, undefined);
  }

  required({ instancePath, params }: ErrorObject): void {
    const key = String(params.missingProperty);
    const path = stepsOf(instancePath);
    const { node, keyAt } = nodeAt(this.root, path);
    const misspelt = membersOf(node).some(
      ([name]) => this.renamed.get(`${instancePath}/${escaped(name)}`) === key,
    );
    if (misspelt) {
      return;
    }
    this.added.set(instancePath, key);
    this.problems.add(
      path.length === 0 ? node.at : keyAt,
      path.length === 0
        ? "there is no images; where no images are meant, write images: {}."
        : missingImage(path.at(-1) ?? ""),
    );
  }

  other({ instancePath }: ErrorObject): void {
    if (this.broken.has(instancePath)) {
      return;
    }
    this.broken.add(instancePath);
    const path = stepsOf(instancePath);
    const { node, keyAt } = nodeAt(this.root, path);
    this.problems.add(isNull(node) && path.length > 0 ? keyAt : node.at, wrong(path, node));
  }

  result(): Tree | undefined {
    return this.broken.has("") ? undefined : this.repaired(this.root, "");
  }

  private repaired(node: Tree, pointer: string): Tree {
    if (this.broken.has(pointer)) {
      return { type: "unknown", at: node.at };
    }
    if (node.type === "list") {
      return {
        ...node,
        items: node.items.map((item, index) => this.repaired(item, `${pointer}/${index}`)),
      };
    }
    return node.type === "map" ? { ...node, entries: this.members(node, pointer) } : node;
  }

  private members(node: Tree, pointer: string): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    const missing = this.added.get(pointer);
    if (missing !== undefined) {
      entries.set(missing, { keyAt: node.at, node: { type: "unknown", at: node.at } });
    }
    for (const [key, { keyAt, node: value }] of membersOf(node)) {
      const place = `${pointer}/${escaped(key)}`;
      if (!this.renamed.has(place)) {
        entries.set(key, { keyAt, node: this.repaired(value, place) });
        continue;
      }
      const meant = this.renamed.get(place);
      if (meant !== undefined && entry(node, meant) === undefined) {
        entries.set(meant, { keyAt, node: { type: "unknown", at: keyAt } });
      }
    }
    return entries;
  }

  private keyAt(path: readonly string[], key: string): number {
    const { node } = nodeAt(this.root, path);
    return entry(node, key)?.keyAt ?? node.at;
  }
}

function escaped(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

function stepsOf(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

export function missingImage(channel: string): string {
  return `channel ${quoted(channel)} needs image, the key of an image.`;
}

const sections = ["defaults", "images", "channels", "stacks"];

/** A path as it would be outside of the stacks. */
function withoutStack(path: readonly string[]): readonly string[] {
  return path[0] === "stacks" && path.length > 1 ? path.slice(2) : path;
}

/** The keys that there are at a place, and what is to be said of one that is none of them. */
function keysAt(path: readonly string[], key: string): { words: readonly string[]; sentence: string } {
  const [section, ...rest] = withoutStack(path);
  const inner = section === "defaults" ? rest : rest.slice(1);
  if (section === undefined) {
    const words = path.length === 0 ? sections : sections.slice(0, 3);
    return {
      words,
      sentence: `there is no ${quoted(key)} ${path.length === 0 ? "in a manifest" : "in a stack"}; ${suggestion(key, words)}`,
    };
  }
  if (section === "channels") {
    const words = Object.keys(channelKinds);
    return { words, sentence: `a channel has no ${quoted(key)}; ${suggestion(key, words)}` };
  }
  const [property] = inner;
  if (property !== undefined) {
    const words = Object.keys(kindOf(property)?.json.properties ?? {});
    const isElsewhere = words.includes(key);
    return {
      words: isElsewhere ? [] : words,
      sentence: isElsewhere
        ? `defaults cannot state ${key} of ${property}: it differs from image to image.`
        : `${property} has no ${quoted(key)}; ${suggestion(key, words)}`,
    };
  }
  if (section === "defaults" && entryNames.includes(key)) {
    return { words: [], sentence: `defaults cannot state ${key}: it differs from image to image.` };
  }
  const words = section === "defaults" ? defaultNames : entryNames;
  return { words, sentence: `there is no property ${quoted(key)}; ${suggestion(key, words)}` };
}

/** What is wrong with the value at a place. */
function wrong(path: readonly string[], node: Tree): string {
  const [section, ...rest] = withoutStack(path);
  if (section === undefined) {
    return path.length === 0
      ? wrongRoot(node)
      : `stack ${quoted(path[1] ?? "")} must be a map with defaults, images or channels.`;
  }
  const [key, property, ...inner] = section === "defaults" ? ["", ...rest] : rest;
  if (key === undefined || (section === "defaults" && property === undefined)) {
    return wrongSection(section, node);
  }
  if (property === undefined) {
    return section === "images"
      ? `image ${quoted(key)} must be a map of its properties, like { osDistro: ubuntu, url: https://… }.`
      : `channel ${quoted(key)} must be a map like { image: ubuntu-24.04 }.`;
  }
  const kind = section === "channels" ? channelKinds[property] : kindOf(property);
  return (kind && complaintOf(property, kind, inner, node)) ?? `${property} cannot be that.`;
}

function wrongRoot(node: Tree): string {
  const lead = "a manifest is a map: images: and below it each image under a key of its own";
  return node.type === "list"
    ? `${lead}. This is the list that it was before: write images: above it, and in place of each "- name: x" the line "x:", with the other properties indented below.`
    : `${lead}.`;
}

function wrongSection(section: string, node: Tree): string {
  const examples: Record<string, string> = {
    defaults: "a map of properties, like { osDistro: ubuntu }",
    images: "a map of images, each under a key of its own",
    channels: "a map of channels, each under its name",
    stacks: "a map of overrides, each under the name of a stack",
  };
  const advice = isNull(node)
    ? `; where there are none, ${section === "images" ? "write images: {}" : "leave the line out"}`
    : "";
  return `${section} must be ${examples[section] ?? "a map"}${advice}.`;
}
