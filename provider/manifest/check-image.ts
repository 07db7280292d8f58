import { applies, entryNames, isRequired, kindOf, origins, sourceRequired } from "../schema/manifest";
import { suggestion } from "./closest";
import type { EffectiveImage } from "./effective";
import { quoted, type Problems } from "./problems";
import { entry, leavesOf, mapped, member, membersOf, plain, type Mapping, type Tree } from "./tree";
import { complaintOf } from "./values";

/** Properties of which a list of one may be written as that one. */
const lists = ["sharedWith", "renamedFrom"];

/** Each list as a list. */
export function withLists(image: Mapping): Mapping {
  return mapped(image, (node, name) =>
    lists.includes(name) && node.type === "scalar" ? { type: "list", at: node.at, items: [node] } : node,
  );
}

/**
 * Holds an image's values, variables put in, against their kinds.
 * @returns the same without what is wrong, about which nothing more is to be said
 */
export function checkValues(image: Mapping, problems: Problems): Mapping {
  return mapped(image, (node, name) => {
    const kind = kindOf(name);
    let isRight = true;
    for (const [path, leaf] of kind ? leavesOf(node) : []) {
      const complaint = kind && leaf.type !== "unknown" ? complaintOf(name, kind, path, leaf) : undefined;
      if (complaint !== undefined) {
        problems.add(leaf.at, complaint);
      }
      isRight &&= complaint === undefined && leaf.type !== "unknown";
    }
    // What is wrong or not known in a part is not held against other properties.
    return isRight || name === "source" ? node : { type: "unknown", at: node.at };
  });
}

export interface ImageOptions {
  problems: Problems;
  /** Whether what is missing may be in a stack's overrides, and is no mistake yet. */
  mayBeIncomplete: boolean;
  /** The keys of all images. */
  keys: readonly string[];
}

/** The rules between an image's properties. */
export function checkImage(image: EffectiveImage, checked: Mapping, options: ImageOptions): void {
  checkOrigin(image, options);
  if (image.origins.length === 1) {
    checkProperties(image, checked, options);
    checkName(image, options);
  }
  checkGenerations(image, checked, options);
  checkSharing(checked, options.problems);
}

function checkOrigin(
  { key, keyAt, origins: stated, own, isOverrideAlone, isVague }: EffectiveImage,
  { problems, mayBeIncomplete, keys }: ImageOptions,
): void {
  const [first, ...others] = stated;
  if (first === undefined && !mayBeIncomplete && !isVague) {
    const base = keys.filter((other) => other !== key);
    const advice =
      isOverrideAlone && base.length > 0
        ? `, and there is no image of that key to override; ${suggestion(key, base)}`
        : ".";
    problems.add(keyAt, `image ${quoted(key)} needs one of ${origins.join(", ")}${advice}`);
  }
  for (const other of others) {
    problems.add(
      entry(own, other)?.keyAt ?? keyAt,
      `${other} cannot stand beside ${first ?? ""}: an image has one of ${origins.join(", ")}. An override takes one out with null.`,
    );
  }
}

function checkProperties(
  { key, keyAt, own, origins: [origin = "url"], isVague }: EffectiveImage,
  checked: Mapping,
  { problems, mayBeIncomplete }: ImageOptions,
): void {
  const what = origin === "lookup" ? "an image that is only looked up" : "an image of a server";
  for (const [name, stated] of membersOf(own)) {
    if (!applies(name, origin)) {
      problems.add(stated.keyAt, `${what} cannot have ${name}.`);
    }
  }
  if (mayBeIncomplete || isVague) {
    return;
  }
  for (const name of entryNames.filter((one) => isRequired(one, origin) && !checked.entries.has(one))) {
    const complaint = kindOf(name)?.check(undefined, {}) ?? "must be given";
    problems.add(keyAt, `image ${quoted(key)} needs ${name}; it ${complaint}.`);
  }
  const source = entry(checked, "source");
  if (source?.node.type === "map") {
    for (const name of sourceRequired.filter((one) => member(source.node, one) === undefined)) {
      problems.add(source.keyAt, `source needs ${name}.`);
    }
  }
}

/** Without a name of its own an image is called by its key, which may not be a name. */
function checkName({ key, keyAt, own, origins: [origin] }: EffectiveImage, { problems }: ImageOptions): void {
  const complaint = kindOf("name")?.check(key, {});
  if (origin !== "lookup" && !own.entries.has("name") && complaint !== undefined) {
    problems.add(
      keyAt,
      `image ${quoted(key)} needs a name: its key cannot be one, since a name ${complaint}.`,
    );
  }
}

function checkGenerations(
  { key }: EffectiveImage,
  checked: Mapping,
  { problems, mayBeIncomplete }: ImageOptions,
): void {
  const keep = entry(checked, "keep");
  const isKept = keep?.node.type === "scalar" && Number(keep.node.value) > 0;
  if (isKept && !checked.entries.has("version") && !mayBeIncomplete) {
    problems.add(
      keep.keyAt,
      `image ${quoted(key)} needs version: the generations that keep is about are told apart by it.`,
    );
  }
}

function checkSharing(checked: Mapping, problems: Problems): void {
  const accounts = member(checked, "sharedWith");
  const visibility = member(checked, "visibility");
  if (accounts?.type !== "list") {
    return;
  }
  checkRepeats(accounts.items, (account) => `sharedWith has ${account} twice.`, problems);
  if (accounts.items.length > 0 && visibility && plain(visibility) === "private") {
    problems.add(
      visibility.at,
      "an image that is shared with accounts is not private: leave visibility out, or sharedWith.",
    );
  }
}

/** Complains about each item that was there before. */
export function checkRepeats(
  items: readonly Tree[],
  sentence: (item: string) => string,
  problems: Problems,
): void {
  const seen = new Set<unknown>();
  for (const item of items) {
    const value = plain(item);
    if (seen.has(value) && item.type === "scalar") {
      problems.add(item.at, sentence(quoted(item.isSubstituted ? item.written : String(value))));
    }
    seen.add(value);
  }
}
