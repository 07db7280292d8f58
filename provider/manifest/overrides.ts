import { isNull, leavesOf, member, membersOf, nodeAt, type Tree } from "./tree";
import type { Problems } from "./problems";

/** In an image itself, null takes a default out. Where no stack has such a default, a value was forgotten. */
export function checkOverrides(root: Tree, problems: Problems): void {
  const stacks = membersOf(member(root, "stacks")).map(([, { node }]) => node);
  const defaults = [root, ...stacks].flatMap((layer) => member(layer, "defaults") ?? []);
  for (const [, { node: image }] of membersOf(member(root, "images"))) {
    for (const [path, leaf] of leavesOf(image)) {
      const isThere = (layer: Tree) =>
        path.reduce<Tree | undefined>((node, key) => member(node, key), layer) !== undefined;
      if (isNull(leaf) && !defaults.some(isThere)) {
        problems.add(
          nodeAt(image, path).keyAt,
          `${path.join(".")} has no value; write one, or leave the line out. (null takes out a default, and there is none.)`,
        );
      }
    }
  }
}
