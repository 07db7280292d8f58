import type { JsonSchema, Kind } from "../schema/kinds";
import { closest } from "./closest";
import { quoted } from "./problems";
import { isNull, plain, type Scalar, type Tree } from "./tree";

/** A text of the file's as it may be shown: where variables were put in, as it is written. */
export function shown({ value, written, isSubstituted }: Scalar): string {
  return quoted(isSubstituted ? written : String(value));
}

/**
 * What is wrong with a value, in a sentence; undefined when nothing is.
 * @param inner where in the property it stands: the names of members
 */
export function complaintOf(
  name: string,
  kind: Kind<unknown>,
  inner: readonly string[],
  node: Tree,
): string | undefined {
  const label = [name, ...inner.filter((step) => !/^\d+$/.test(step))].join(".");
  if (isNull(node)) {
    return `${label} has no value; write one, or leave the line out.`;
  }
  const check = (value: unknown) => kind.check(around(inner, kind.json, value), {});
  const complaint = check(plain(node));
  if (complaint === undefined) {
    return undefined;
  }
  const leaf = schemaAt(kind.json, inner);
  if (node.type !== "scalar") {
    return `${name} ${complaint}.`;
  }
  if (node.isSubstituted === true) {
    return `${label} ${leaf.errorMessage ?? "cannot be that"}; this is of what ${quoted(node.written)} gives.`;
  }
  const rule = leaf.errorMessage ?? "must be a text";
  return asYamlHasIt(label, rule, leaf, node, check) ?? `${name} ${complaint}.${nearWord(leaf, node)}`;
}

/** The value in what is around it, so that the kind of the whole can check it alone. */
function around(inner: readonly string[], { items, properties }: JsonSchema, value: unknown): unknown {
  const [step, ...rest] = inner;
  if (step === undefined) {
    return value;
  }
  const member = around(rest, items ?? properties?.[step] ?? { type: "string" }, value);
  return items === undefined ? { [step]: member } : [member];
}

function schemaAt(schema: JsonSchema, inner: readonly string[]): JsonSchema {
  return inner.reduce<JsonSchema>(({ items, properties, additionalProperties: others }, step) => {
    const other = typeof others === "object" ? others : undefined;
    return items ?? properties?.[step] ?? other ?? { type: "string" };
  }, schema);
}

const words: Record<string, boolean> = {
  yes: true,
  on: true,
  true: true,
  no: false,
  off: false,
  false: false,
};

/** Where a value is right but for what YAML takes it for: how to write it. */
function asYamlHasIt(
  label: string,
  rule: string,
  { type }: JsonSchema,
  { value, written, isPlain }: Scalar,
  check: (value: unknown) => string | undefined,
): string | undefined {
  if (typeof value !== "string") {
    const isRightAsText = type === "string" && isPlain && check(written) === undefined;
    const what =
      typeof value === "number" && String(value) !== written ? `the number ${value}` : `a ${typeof value}`;
    return isRightAsText
      ? `${label} must be a text, and YAML reads ${written} as ${what}: put it in quotes, "${written}".`
      : undefined;
  }
  const word = value.toLowerCase();
  const meant = type === "boolean" && Object.hasOwn(words, word) ? words[word] : Number(value);
  if (type === "string" || value.trim() === "" || check(meant) !== undefined) {
    return undefined;
  }
  return isPlain
    ? `${label} ${rule}; YAML reads ${quoted(value).slice(1, -1)} as a text: write ${String(meant)}.`
    : `${label} ${rule}; in quotes it is a text: write ${String(meant)}.`;
}

function nearWord({ enum: all }: JsonSchema, { value }: Scalar): string {
  const near = all && typeof value === "string" ? closest(value, all) : undefined;
  return near === undefined ? "" : ` Did you mean ${near}?`;
}
