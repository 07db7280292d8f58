import { closest } from "./closest";
import { quoted, type Problems } from "./problems";
import { mapped, type Plain, type Scalar, type Tree } from "./tree";

/** A value of the stack's configuration. */
export interface ConfigValue {
  value: string;
  /** Whether it is kept encrypted. It is in no error all the same: no value of a variable is. */
  secret?: boolean;
}

/** Where variables get their values. */
export interface VariableSources {
  stack?: string;
  project?: string;
  organization?: string;
  env?: Readonly<Record<string, string | undefined>>;
  /** A configuration value by its whole key, `project:key` or `namespace:key`. */
  config?: (key: string) => ConfigValue | string | undefined;
}

export interface VariableOptions {
  sources: VariableSources;
  /** Whether a variable without a value is a mistake; else what it stands in is not known. */
  isStrict: boolean;
  /** Whether a configuration value is there and cannot be read. */
  isEncrypted?: (key: string) => boolean;
  problems: Problems;
  text: string;
  /** What YAML makes of a text without quotes. */
  typed: (text: string) => Plain;
}

const names = ["stack", "project", "organization"] as const;
const forms = "${stack}, ${project}, ${organization}, ${env:NAME} and ${config:key}";

export function hasVariable(text: string): boolean {
  return text.includes("${");
}

/** A tree with the values of its variables. */
export function substitute(node: Tree, options: VariableOptions): Tree {
  switch (node.type) {
    case "map":
      return mapped(node, (value) => substitute(value, options));
    case "list":
      return { ...node, items: node.items.map((item) => substitute(item, options)) };
    case "scalar":
      return typeof node.value === "string" && hasVariable(node.value)
        ? substituteScalar(node, node.value, options)
        : node;
    case "unknown":
      return node;
  }
}

/** `$${` is an escape; everything else that begins with `${` must be a variable. */
const pattern = /\$\$\{|\$\{(?<inner>[^}]*)(?<end>\}?)/g;

function substituteScalar(node: Scalar, value: string, options: VariableOptions): Tree {
  const found = [...value.matchAll(pattern)].map((match, index) => ({
    match,
    given: valueOfMatch(match, placeOf(options.text, node, index + 1), options),
  }));
  let text = "";
  let end = 0;
  for (const { match, given } of found) {
    if (given === undefined) {
      return { type: "unknown", at: node.at };
    }
    text += value.slice(end, match.index) + given.value;
    end = match.index + match[0].length;
  }
  text += value.slice(end);
  const isWhole = /^\$\{[^}]*\}$/.test(value);
  return {
    ...node,
    value: node.isPlain && isWhole ? options.typed(text) : text,
    isSubstituted: true,
    isSecret: found.some(({ given }) => given?.secret === true),
  };
}

function valueOfMatch(
  { 0: whole, groups: { inner, end } = {} }: RegExpExecArray,
  at: number,
  options: VariableOptions,
): ConfigValue | undefined {
  if (inner === undefined) {
    return { value: "${" };
  }
  if (end === "") {
    options.problems.add(at, `${quoted(whole)} has no } at its end; where \${ is meant, write $\${.`);
    return undefined;
  }
  return valueOf(inner, at, options);
}

/** Where the variable of that number is in the text. In quotes the text may differ from the value: then where the value begins. */
function placeOf(text: string, { at, written }: Scalar, count: number): number {
  let place = at - 1;
  for (let passed = 0; passed < count; passed += 1) {
    const next = text.indexOf("${", place + 1);
    if (next < 0 || next > at + 2 * written.length + 2) {
      return at;
    }
    place = next;
  }
  return place;
}

function valueOf(inner: string, at: number, options: VariableOptions): ConfigValue | undefined {
  const [, reference = "", standard] = /^(.*?)(?::-(.*))?$/s.exec(inner) ?? [];
  const found = lookUp(reference, at, options);
  if (found === undefined) {
    return undefined; // It is no variable, which was said.
  }
  const value = typeof found.value === "string" ? { value: found.value } : found.value;
  // As in a shell, `:-` is for what is empty, too.
  if (value !== undefined && !(standard !== undefined && value.value === "")) {
    return value;
  }
  if (standard !== undefined && found.missing !== "") {
    return { value: standard };
  }
  if (options.isStrict && found.missing !== "") {
    options.problems.add(at, `\${${quotedName(reference)}} ${found.missing}`);
  }
  return undefined;
}

interface Found {
  value: ConfigValue | string | undefined;
  /** What it means that there is none; empty where it is only not known. */
  missing: string;
}

function lookUp(reference: string, at: number, options: VariableOptions): Found | undefined {
  const { sources } = options;
  const simple = names.find((name) => name === reference);
  if (simple !== undefined) {
    return { value: sources[simple], missing: "is not known here." };
  }
  const [, source, name = ""] = /^(env|config):(.+)$/s.exec(reference) ?? [];
  if (source === "env") {
    const value = sources.env && Object.hasOwn(sources.env, name) ? sources.env[name] : undefined;
    return { value, missing: "is not set: there is no such environment variable." };
  }
  if (source === "config") {
    const key = name.includes(":") || sources.project === undefined ? name : `${sources.project}:${name}`;
    const isEncrypted = options.isEncrypted?.(key) === true;
    const missing = isEncrypted
      ? ""
      : `is not set: pulumi config set ${quotedName(name)} … sets it, for this stack.`;
    return { value: sources.config?.(key), missing };
  }
  const near = closest(reference, names);
  options.problems.add(
    at,
    `there is no variable ${quoted(`\${${reference}}`)}; ` +
      (near === undefined
        ? `there are ${forms}. Where the text is meant, write $\${.`
        : `did you mean \${${near}}?`),
  );
  return undefined;
}

function quotedName(name: string): string {
  return quoted(name).slice(1, -1);
}
