import type { LineCounter } from "yaml";
import { pick } from "../schema/check";
import type { ImageProperties } from "../schema/manifest";
import { manifestImage } from "../schema/manifest-image";
import type { CheckedImage } from "./check-all";
import type { Effective } from "./effective";
import type { Position } from "./problems";
import { entry, leavesOf, plain, type Tree } from "./tree";
import type { ChannelEntry, ImageEntry, Manifest } from "./types";

/** What a manifest without mistakes says, as values. */
export function entriesOf(
  images: readonly CheckedImage[],
  channels: readonly Effective[],
  lines: LineCounter,
): Manifest {
  const position = (at: number) => {
    const { line, col: column } = lines.linePos(at);
    return { line, column };
  };
  return {
    images: images.map((image) => imageEntry(image, position(image.keyAt))),
    channels: channels.map(({ key, keyAt, node }) => ({
      ...position(keyAt),
      name: key,
      secrets: secretsOf(node),
      // The schema, the kinds and the rules have let it through: it is what its type says.
      ...(plain(node) as Omit<ChannelEntry, "line" | "column" | "name" | "secrets">),
    })),
  };
}

/** What the schema, the kinds and the rules have let through. */
type Stated = ImageProperties & {
  name: string;
  osDistro: NonNullable<ImageProperties["osDistro"]>;
  version?: string;
  keep?: number;
  sharedWith?: string[];
  renamedFrom?: string[];
  server: string;
  lookup: string;
};

function imageEntry({ key, node, origins: [origin = "url"] }: CheckedImage, position: Position): ImageEntry {
  const stated = { name: key, ...(plain(node) as object) } as Stated;
  const { version, keep = manifestImage.keep.default ?? 0, sharedWith, renamedFrom = [], ...others } = stated;
  const { server, lookup, ...properties } = others;
  const common = {
    ...position,
    key,
    keep,
    renamedFrom,
    secrets: secretsOf(node),
    ...(version !== undefined && { version }),
    ...(sharedWith && { sharedWith }),
  };
  if (origin === "lookup") {
    return { ...common, origin, lookup, properties: pick(properties, givenOf(node, placeNames)) };
  }
  const isShared = sharedWith !== undefined && sharedWith.length > 0;
  const image = isShared ? { ...properties, visibility: "shared" as const } : properties;
  return origin === "server"
    ? { ...common, origin, server, properties: image }
    : { ...common, origin, properties: image };
}

const placeNames = ["region", "environment", "profile"] as const;

function givenOf<K extends string>(node: Tree, names: readonly K[]): K[] {
  return names.filter((name) => entry(node, name) !== undefined);
}

function secretsOf(node: Tree): string[] {
  const secret = [...leavesOf(node)].filter(([, leaf]) => leaf.type === "scalar" && leaf.isSecret === true);
  return [...new Set(secret.map(([[name = ""]]) => name))];
}
