import { channelKinds } from "../schema/manifest";
import type { LineCounter } from "yaml";
import { checkRepeats } from "./check-image";
import { suggestion } from "./closest";
import type { Effective, EffectiveImage } from "./effective";
import { quoted, type Problems } from "./problems";
import { missingImage } from "./structure";
import { entry, member, plain, type Mapping, type Tree } from "./tree";
import { complaintOf, shown } from "./values";

/** An image whose values were held against their kinds. */
export interface CheckedImage extends EffectiveImage {
  checked: Mapping;
}

/** The rules between images. */
export function checkImages(
  images: readonly CheckedImage[],
  keys: readonly string[],
  lines: LineCounter,
  problems: Problems,
): void {
  checkIds(images, lines, problems);
  const claims = new Map<string, string>();
  for (const { key, checked } of images) {
    const earlier = member(checked, "renamedFrom");
    const items = earlier?.type === "list" ? earlier.items : [];
    checkRepeats(items, (name) => `renamedFrom has ${name} twice.`, problems);
    for (const item of new Map(items.map((one) => [plain(one), one])).values()) {
      checkClaim(item, key, { keys, claims, problems });
    }
  }
}

interface Claims {
  keys: readonly string[];
  /** Which image was which, by the earlier key. */
  claims: Map<string, string>;
  problems: Problems;
}

function checkClaim(item: Tree, key: string, { keys, claims, problems }: Claims): void {
  if (item.type !== "scalar") {
    return;
  }
  const name = String(item.value);
  const other = claims.get(name);
  if (name === key) {
    problems.add(item.at, `${shown(item)} is the image's own key; renamedFrom has earlier ones.`);
  } else if (keys.includes(name)) {
    problems.add(item.at, `${shown(item)} is an image of this manifest; what was renamed is here no more.`);
  } else if (other !== undefined) {
    problems.add(item.at, `image ${quoted(other)} was ${shown(item)} already; an image is renamed to one.`);
  }
  claims.set(name, other ?? key);
}

function checkIds(images: readonly CheckedImage[], lines: LineCounter, problems: Problems): void {
  const holders = new Map<unknown, EffectiveImage>();
  for (const image of images) {
    const id = member(image.checked, "imageId");
    if (id?.type !== "scalar") {
      continue;
    }
    const holder = holders.get(id.value);
    if (holder !== undefined) {
      const { line } = lines.linePos(holder.keyAt);
      problems.add(
        id.at,
        `image ${quoted(holder.key)} in line ${line} has this imageId; one image is managed by one entry.`,
      );
    }
    holders.set(id.value, holder ?? image);
  }
}

export interface ChannelOptions {
  images: readonly CheckedImage[];
  keys: readonly string[];
  problems: Problems;
  mayBeIncomplete: boolean;
}

/** @returns whether the channel is right as far as is known */
export function checkChannel({ key, keyAt, node }: Effective, options: ChannelOptions): void {
  const { problems, keys } = options;
  if (node.type !== "map") {
    return;
  }
  let isRight = true;
  for (const [name, { node: value }] of node.entries) {
    const kind = channelKinds[name];
    const complaint = kind && value.type !== "unknown" ? complaintOf(name, kind, [], value) : undefined;
    if (complaint !== undefined) {
      problems.add(value.at, complaint);
    }
    isRight &&= complaint === undefined;
  }
  const target = member(node, "image");
  if (target === undefined && !options.mayBeIncomplete) {
    problems.add(keyAt, missingImage(key));
  }
  if (!isRight || target?.type !== "scalar") {
    return;
  }
  if (!keys.includes(String(target.value))) {
    const near = keys.length === 0 ? "there are none." : suggestion(String(target.value), keys);
    problems.add(
      target.at,
      `there is no image ${shown(target)}; ${target.isSubstituted ? `there are ${keys.join(", ")}.` : near}`,
    );
    return;
  }
  checkVersion(member(node, "version"), String(target.value), options);
}

/** A channel can name what the image is, or was and is kept. */
function checkVersion(
  version: Tree | undefined,
  key: string,
  { images, problems, mayBeIncomplete }: ChannelOptions,
): void {
  const image = images.find((one) => one.key === key);
  if (version?.type !== "scalar" || image === undefined) {
    return;
  }
  const current = member(image.checked, "version");
  const keep = entry(image.checked, "keep")?.node;
  if (image.origins[0] === "lookup") {
    problems.add(
      version.at,
      `image ${quoted(key)} is only looked up, and has no versions; leave version out.`,
    );
  } else if (current === undefined && !mayBeIncomplete) {
    problems.add(version.at, `image ${quoted(key)} has no version for the channel to name; give it one.`);
  } else if (
    current?.type === "scalar" &&
    current.value !== version.value &&
    (keep === undefined || (keep.type === "scalar" && keep.value === 0))
  ) {
    problems.add(
      version.at,
      `image ${quoted(key)} keeps no earlier generation, so the channel can only name its version, ${shown(current)}; keep says how many are kept.`,
    );
  }
}
