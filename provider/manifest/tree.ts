// A manifest's values, each with its place in the text. Overrides, variables and checks work on these, so that every complaint can say
// where the value was written that it is about, whatever it was merged into.

export type Plain = null | boolean | number | string;

export interface Scalar {
  readonly type: "scalar";
  /** Where it begins: an offset in the text. Of a value that is left out, where its key is. */
  readonly at: number;
  readonly value: Plain;
  /** The same as it is written, without quotes. */
  readonly written: string;
  /** Whether it stands without quotes, so that YAML gives it a type. */
  readonly isPlain: boolean;
  /** Whether variables were put in: then its value is not shown, it may be a secret. */
  readonly isSubstituted?: boolean;
  /** Whether one of them was a secret of the stack's configuration. */
  readonly isSecret?: boolean;
}

export interface Entry {
  readonly keyAt: number;
  readonly node: Tree;
}

export interface Mapping {
  readonly type: "map";
  readonly at: number;
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface List {
  readonly type: "list";
  readonly at: number;
  readonly items: readonly Tree[];
}

/** A value that is not known, or that something was said about already. Nothing more is said about it. */
export interface Unknown {
  readonly type: "unknown";
  readonly at: number;
}

export type Tree = Scalar | Mapping | List | Unknown;

export function isNull(node: Tree | undefined): boolean {
  return node?.type === "scalar" && node.value === null;
}

/** A member of a map; undefined also of what is no map. */
export function member(node: Tree | undefined, key: string): Tree | undefined {
  return entry(node, key)?.node;
}

export function entry(node: Tree | undefined, key: string): Entry | undefined {
  return node?.type === "map" ? node.entries.get(key) : undefined;
}

/** The members of a map; none of what is no map. */
export function membersOf(node: Tree | undefined): [string, Entry][] {
  return node?.type === "map" ? [...node.entries] : [];
}

/** A map with other values under its keys. */
export function mapped(map: Mapping, change: (node: Tree, key: string) => Tree): Mapping {
  const entries = [...map.entries].map(
    ([key, { keyAt, node }]) => [key, { keyAt, node: change(node, key) }] as const,
  );
  return { ...map, entries: new Map(entries) };
}

/** What stands at a path of keys and indices. */
export function nodeAt(root: Tree, path: readonly string[]): Entry {
  return path.reduce<Entry>(
    ({ node, keyAt }, step) =>
      (node.type === "list"
        ? { node: node.items[Number(step)] ?? node, keyAt: node.at }
        : entry(node, step)) ?? { node, keyAt },
    { node: root, keyAt: root.at },
  );
}

/** The values alone. What is not known is undefined, and absent from maps. */
export function plain(node: Tree): unknown {
  switch (node.type) {
    case "scalar":
      return node.value;
    case "list":
      return node.items.map(plain).filter((item) => item !== undefined);
    case "map":
      return Object.fromEntries(
        [...node.entries]
          .map(([key, { node: value }]) => [key, plain(value)] as const)
          .filter(([, value]) => value !== undefined),
      );
    case "unknown":
      return undefined;
  }
}

/** Every scalar and every value that is not known, with its path. */
export function* leavesOf(node: Tree, path: readonly string[] = []): Generator<[readonly string[], Tree]> {
  if (node.type === "map") {
    for (const [key, { node: value }] of node.entries) {
      yield* leavesOf(value, [...path, key]);
    }
  } else if (node.type === "list") {
    for (const [index, item] of node.items.entries()) {
      yield* leavesOf(item, [...path, String(index)]);
    }
  } else {
    yield [path, node];
  }
}
