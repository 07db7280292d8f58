import type * as pulumi from "@pulumi/pulumi";
import { pick } from "../schema/check";
import { rootOf } from "../schema/diff";

// What the components have in common that are several resources to Pulumi, and one to the program.

/**
 * Makes the outputs of a part outputs of the whole. What depends on an image must never see a half-made one, so they all wait
 * for the whole's id. Each is made when it is asked for: an output takes a program time and memory, and of many images few are
 * looked at. Enumerable, so that a program can export an image as it is.
 */
export function offer(
  whole: pulumi.ComponentResource & { id: pulumi.Output<string> },
  part: pulumi.CustomResource,
  names: readonly string[],
): void {
  for (const name of names) {
    Object.defineProperty(whole, name, {
      enumerable: true,
      get: () => whole.id.apply(() => Reflect.get(part, name) as pulumi.Output<unknown>),
    });
  }
}

/**
 * The options of a part: those that do not reach it through its parent, as far as they are about it.
 * @param keys the properties of the part, and `*`
 */
export function partOptions(
  parent: pulumi.Resource,
  opts: pulumi.CustomResourceOptions,
  keys: ReadonlySet<string>,
): pulumi.CustomResourceOptions {
  const about = (paths: string[] | undefined) => paths?.filter((path) => keys.has(rootOf(path)));
  return {
    parent,
    dependsOn: opts.dependsOn,
    deleteBeforeReplace: opts.deleteBeforeReplace,
    retainOnDelete: opts.retainOnDelete,
    deletedWith: opts.deletedWith,
    replacementTrigger: opts.replacementTrigger as unknown,
    replaceWith: opts.replaceWith,
    ignoreChanges: about(opts.ignoreChanges),
    replaceOnChanges: about(opts.replaceOnChanges),
    additionalSecretOutputs: about(opts.additionalSecretOutputs),
    hideDiffs: about(opts.hideDiffs),
    customTimeouts: opts.customTimeouts,
  };
}

/** The options of the component itself: those that its parts inherit, and those that concern its own place in the tree. */
export function componentOptions(opts: pulumi.CustomResourceOptions): pulumi.ComponentResourceOptions {
  return pick(opts, [
    "parent",
    "aliases",
    "protect",
    "dependsOn",
    "retainOnDelete",
    "deletedWith",
    "transformations",
    "transforms",
    "hooks",
  ]);
}
