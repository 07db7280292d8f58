import { isNull, type Entry, type Mapping, type Tree } from "./tree";

/** What two layers say together: maps are merged key by key, else the upper one counts. What it says null of is taken out. */
export function merge(lower: Tree | undefined, upper: Tree | undefined): Tree | undefined {
  if (upper === undefined) {
    return lower;
  }
  if (isNull(upper)) {
    return undefined;
  }
  if (upper.type !== "map") {
    return upper;
  }
  return mergeMaps(lower?.type === "map" ? lower : undefined, upper);
}

function mergeMaps(lower: Mapping | undefined, upper: Mapping): Mapping {
  const entries = new Map<string, Entry>(lower?.entries);
  for (const [key, { keyAt, node }] of upper.entries) {
    const below = entries.get(key);
    const merged = merge(below?.node, node);
    if (merged === undefined) {
      entries.delete(key);
    } else {
      entries.set(key, { keyAt: node.type === "map" && below ? below.keyAt : keyAt, node: merged });
    }
  }
  return { type: "map", at: upper.at, entries };
}
