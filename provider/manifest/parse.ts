import {
  isAlias,
  isMap,
  isScalar,
  parseDocument,
  Scalar as YamlScalar,
  type Document,
  type LineCounter,
  type Node,
  type Pair,
  type ScalarTag,
  type YAMLError,
  type YAMLMap,
} from "yaml";
import { quoted, type Problems } from "./problems";
import type { Entry, Plain, Tree } from "./tree";
import { hasVariable } from "./variables";

/** Far more than a thousand images are, and little enough to be read in a second or two. */
const longest = 2_000_000;
const deepest = 20;
const mostValues = 200_000;

/** The tree of a manifest's text; undefined where there is none to go on with. */
export function parse(text: string, lines: LineCounter, problems: Problems): Tree | undefined {
  if (text.length > longest) {
    problems.add(0, `the file has ${text.length} characters; at most ${longest} are read.`);
    return undefined;
  }
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  if (document.directives.yaml.explicit === true && document.directives.yaml.version !== "1.2") {
    problems.add(
      Math.max(0, text.indexOf("%YAML")),
      "the file is read as YAML 1.2; leave the line %YAML out.",
    );
    return undefined;
  }
  for (const error of withoutSequels(document.errors)) {
    problems.add(...inWords(error, text));
  }
  if (!problems.isEmpty) {
    return undefined;
  }
  if (document.contents === null) {
    problems.add(0, "the file says nothing; where no images are meant, write images: {}.");
    return undefined;
  }
  return new TreeBuilder(document, lines, problems).build();
}

/** Mistakes that leave the rest readable. Of the others only the first is told: what follows is mostly its sequel. */
const local = new Set(["TAB_AS_INDENT", "BAD_DQ_ESCAPE", "BAD_ALIAS", "MULTIPLE_ANCHORS", "MULTIPLE_TAGS"]);

function withoutSequels(errors: readonly YAMLError[]): YAMLError[] {
  // What is told of a tag, the tree tells.
  const all = errors.filter(({ code }) => code !== "TAG_RESOLVE_FAILED");
  const first = all.findIndex(({ code }) => !local.has(code));
  return first < 0 ? all : all.slice(0, first + 1);
}

/** Where the parser stumbles, and over what. */
function inWords({ code, pos: [offset], message }: YAMLError, text: string): [offset: number, what: string] {
  const begin = text.lastIndexOf("\n", offset - 1) + 1;
  const tab = /^ *\t/.exec(text.slice(begin, text.indexOf("\n", begin) >>> 0));
  if (code === "TAB_AS_INDENT" || tab) {
    const at = tab ? begin + tab[0].length - 1 : offset;
    return [at, "there is a tab in the indentation; YAML takes spaces alone."];
  }
  if (code === "MULTIPLE_DOCS") {
    return [offset, "a second document begins here; put all into one, without a line ---."];
  }
  if (code === "RESOURCE_EXHAUSTION") {
    return [offset, `this is nested too deeply; a manifest has at most ${deepest} levels.`];
  }
  if (text[offset] === "{" && text[offset - 1] === "$") {
    return [offset - 1, "between { } and between [ ], a value with ${…} must be in quotes."];
  }
  if (code === "BAD_SCALAR_START") {
    return [offset, `a value that begins with ${text[offset] ?? ""} must be in quotes.`];
  }
  if (code === "BLOCK_AS_IMPLICIT_KEY" && !text.slice(offset, text.indexOf("\n", offset)).includes(": ")) {
    return [offset, "this line is indented otherwise than the one above, or that one has a value already."];
  }
  return [offset, sentences[code] ?? `this is not YAML: ${lowerFirst(message)}.`];
}

const sentences: Partial<Record<YAMLError["code"], string>> = {
  BAD_INDENT: "this is indented otherwise than what it belongs to, or a bracket above is not closed.",
  BLOCK_AS_IMPLICIT_KEY: 'a text with ": " in it must be in quotes.',
  BAD_DQ_ESCAPE: "between \" \", a backslash must be written \\\\, or the text be put between ' '.",
};

function lowerFirst(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}

const knownTags = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/;

/** Makes the tree of a document: keys are texts, aliases are what they stand for. */
class TreeBuilder {
  /** What aliases stand for; null while it is being read. */
  private readonly anchors = new Map<string, Tree | null>();
  private readonly sizes = new WeakMap<Tree, number>();
  private total = 0;
  private isFull = false;

  constructor(
    private readonly document: Document.Parsed,
    private readonly lines: LineCounter,
    private readonly problems: Problems,
  ) {}

  build(): Tree | undefined {
    const root = this.node(this.document.contents, 0, 0);
    return this.isFull ? undefined : root;
  }

  private node(node: Node | null, keyAt: number, depth: number): Tree {
    const at = node?.range?.[0] ?? keyAt;
    if (this.isFull) {
      return { type: "unknown", at };
    }
    if (isAlias(node)) {
      return this.alias(node.source, at);
    }
    const { anchor } = (node ?? {}) as { anchor?: string };
    if (anchor !== undefined) {
      this.anchors.set(anchor, null);
    }
    const before = this.total;
    this.count(1, at);
    const tree = this.value(node, at, keyAt, depth);
    this.sizes.set(tree, this.total - before);
    if (anchor !== undefined) {
      this.anchors.set(anchor, tree);
    }
    return tree;
  }

  private value(node: Node | null, at: number, keyAt: number, depth: number): Tree {
    if (node?.tag !== undefined && !knownTags.test(node.tag)) {
      return this.refuse(at, `the tag ${quoted(node.tag)} means nothing here; leave it out.`);
    }
    if (depth > deepest) {
      return this.refuse(at, `this is nested too deeply; a manifest has at most ${deepest} levels.`);
    }
    if (isScalar(node)) {
      return this.scalar(node, at, keyAt);
    }
    if (isMap(node)) {
      return { type: "map", at, entries: this.entries(node, depth) };
    }
    if (node === null) {
      return { type: "scalar", at: keyAt, value: null, written: "", isPlain: true };
    }
    const { items } = node as unknown as { items: Node[] };
    return { type: "list", at, items: items.map((item) => this.node(item, at, depth + 1)) };
  }

  private scalar(node: YamlScalar, at: number, keyAt: number): Tree {
    const isPlain = node.type === YamlScalar.PLAIN || node.type === undefined;
    const written = node.source ?? String(node.value);
    if (node.tag !== undefined && isWrongFor(node)) {
      return this.refuse(at, `${quoted(written)} is not what its tag says; leave the tag out.`);
    }
    return {
      type: "scalar",
      at: isPlain && written === "" ? keyAt : at,
      value: node.value as Plain,
      written,
      isPlain: isPlain && node.tag === undefined,
    };
  }

  private entries(map: YAMLMap, depth: number): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    for (const pair of map.items as Pair<Node | null, Node | null>[]) {
      const keyAt = pair.key?.range?.[0] ?? map.range?.[0] ?? 0;
      const key = this.key(pair.key, keyAt);
      const first = key === undefined ? undefined : entries.get(key);
      if (key !== undefined && first !== undefined) {
        const { line } = this.lines.linePos(first.keyAt);
        this.problems.add(keyAt, `${quoted(key)} is here a second time; the first is in line ${line}.`);
      }
      const node = this.node(pair.value, keyAt, depth + 1);
      if (key !== undefined && first === undefined) {
        entries.set(key, { keyAt, node });
      }
    }
    return entries;
  }

  /** A key is a text, whatever YAML takes it for: `24.04` is not the number. */
  private key(node: Node | null, at: number): string | undefined {
    const text = isScalar(node) ? (node.source ?? String(node.value)) : undefined;
    if (text === undefined || text === "") {
      this.problems.add(at, "a key must be a text.");
    } else if (text === "<<") {
      this.problems.add(at, "merge keys (<<) are not read; put what images have in common into defaults.");
    } else if (text === "__proto__") {
      this.problems.add(at, 'the key "__proto__" cannot be used.');
    } else if (hasVariable(text)) {
      this.problems.add(at, `${quoted(text)} is a key; variables stand in values alone.`);
    } else {
      return text;
    }
    return undefined;
  }

  private alias(name: string, at: number): Tree {
    const target = this.anchors.get(name);
    if (target === undefined) {
      return this.refuse(at, `there is no anchor &${name} above for the alias *${name}.`);
    }
    if (target === null) {
      return this.refuse(at, `the alias *${name} stands inside of what it names.`);
    }
    this.count(this.sizes.get(target) ?? 1, at);
    return target;
  }

  private count(values: number, at: number): void {
    this.total += values;
    if (this.total > mostValues && !this.isFull) {
      this.isFull = true;
      this.problems.add(
        at,
        `with this, the file has more than ${mostValues} values; aliases count as what they stand for.`,
      );
    }
  }

  private refuse(at: number, sentence: string): Tree {
    this.problems.add(at, sentence);
    return { type: "unknown", at };
  }
}

/** A tag such as !!int whose text is none: the parser hands out the text. */
function isWrongFor({ tag, value }: YamlScalar): boolean {
  const wanted: Record<string, string> = { int: "number", float: "number", bool: "boolean" };
  const type = wanted[tag?.split(":").at(-1) ?? ""];
  return type !== undefined && typeof value !== type;
}

const core = parseDocument("");

/** The value that YAML gives a text without quotes. */
export function typed(text: string): Plain {
  const tag = core.schema.tags.find(
    (one): one is ScalarTag => one.default === true && "test" in one && one.test?.test(text) === true,
  );
  return tag ? (tag.resolve(text, () => undefined, {}) as Plain) : text;
}
