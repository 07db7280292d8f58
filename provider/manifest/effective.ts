import { applies, origins, type Origin } from "../schema/manifest";
import { suggestion } from "./closest";
import { merge } from "./merge";
import { quoted, type Problems } from "./problems";
import { entry, isNull, member, membersOf, type Entry, type Mapping, type Tree } from "./tree";

/** A thing of the manifest as one stack has it. */
export interface Effective {
  key: string;
  keyAt: number;
  node: Tree;
}

export interface EffectiveImage extends Effective {
  /** Those properties that the image itself states. */
  own: Mapping;
  /** In the order of the file. One is right; more, or none, are mistakes. */
  origins: Origin[];
  /** Whether the stack's overrides alone have the key: then it may be misspelt. */
  isOverrideAlone: boolean;
  /** Whether something about it could not be read, so that it may say more than it seems to. */
  isVague: boolean;
}

export interface EffectiveManifest {
  images: EffectiveImage[];
  channels: Effective[];
  /** Every key, also of images that could not be read. */
  keys: string[];
}

/** What a manifest says for one stack, variables not yet put in. */
export function effective(root: Tree, stack: string | undefined, problems: Problems): EffectiveManifest {
  const overrides = stack === undefined ? undefined : member(member(root, "stacks"), stack);
  const defaults = merge(member(root, "defaults"), member(overrides, "defaults"));
  const images = layered(root, overrides, "images", problems);
  return {
    images: images.flatMap((image) => imageOf(image, defaults)),
    channels: layered(root, overrides, "channels", problems).flatMap(({ key, keyAt, layers }) => {
      const node = layers.reduce<Tree | undefined>(merge, undefined);
      return node === undefined ? [] : [{ key, keyAt, node }];
    }),
    keys: images.map(({ key }) => key),
  };
}

interface Layered {
  key: string;
  keyAt: number;
  layers: (Tree | undefined)[];
  isOverrideAlone: boolean;
}

/** The members of a section, each with what the file and the stack say of it; without those that the stack takes out. */
function layered(
  root: Tree,
  overrides: Tree | undefined,
  section: "images" | "channels",
  problems: Problems,
): Layered[] {
  const base = member(root, section);
  const over = member(overrides, section);
  const all = new Map<string, Entry>([...membersOf(over), ...membersOf(base)]);
  const order = [...new Set([...membersOf(base), ...membersOf(over)].map(([key]) => key))];
  return order.flatMap((key) => {
    const below = entry(base, key);
    const above = entry(over, key);
    const { keyAt } = all.get(key) ?? { keyAt: 0 };
    if (isNull(above?.node)) {
      if (below === undefined) {
        const what = section === "images" ? "image" : "channel";
        const others = membersOf(base).map(([name]) => name);
        problems.add(keyAt, `there is no ${what} ${quoted(key)} to take out; ${suggestion(key, others)}`);
      }
      return [];
    }
    return [{ key, keyAt, layers: [below?.node, above?.node], isOverrideAlone: below === undefined }];
  });
}

function imageOf(
  { key, keyAt, layers, isOverrideAlone }: Layered,
  defaults: Tree | undefined,
): EffectiveImage[] {
  const own = layers.reduce<Tree | undefined>(merge, undefined);
  if (own?.type !== "map" || layers.some((layer) => layer?.type === "unknown")) {
    return [];
  }
  const stated = origins
    .flatMap((name) => {
      const found = own.entries.get(name);
      return found ? [{ name, keyAt: found.keyAt }] : [];
    })
    .sort((one, other) => one.keyAt - other.keyAt)
    .map(({ name }) => name);
  const node = [fitting(defaults, stated), ...layers].reduce<Tree | undefined>(merge, undefined);
  return node?.type === "map"
    ? [
        {
          key,
          keyAt,
          node,
          own,
          origins: stated,
          isOverrideAlone,
          isVague: defaults?.type === "unknown",
        },
      ]
    : [];
}

/** Those of the defaults that an image of that origin has. */
function fitting(defaults: Tree | undefined, [origin = "url", ...others]: Origin[]): Tree | undefined {
  if (defaults?.type !== "map") {
    return undefined;
  }
  const hasSource = [origin, ...others].includes("source");
  const entries = [...defaults.entries].filter(([name]) =>
    name === "source" ? hasSource : applies(name, origin),
  );
  return { ...defaults, entries: new Map(entries) };
}
