import { randomUUID } from "node:crypto";
import type { ProviderContext } from "./context";
import type { Lifecycle } from "./types";

/** The life of `Origin`: an id that is made once. In the cloud there is nothing of it. */
export function originLifecycle(context: ProviderContext): Lifecycle {
  return {
    check: () => Promise.resolve({ inputs: {}, failures: [] }),

    diff: () => Promise.resolve({ changes: false, replaces: [] }),

    create: () => Promise.resolve({ id: randomUUID(), outputs: {} }),

    read: (id, olds = {}) => Promise.resolve({ id, outputs: olds, inputs: {} }),

    update: (id, olds) => Promise.resolve({ id, outputs: olds }),

    /** All records depend on it, so it is the last to go: time to say which images carry the stack's creation tag all the same. */
    async delete(id) {
      const { found, left } = context.accounts();
      await Promise.all(found.map(({ orphans }) => orphans.tellOfAll(id)));
      if (left.length > 0) {
        console.warn(
          `${left.join(" ")} So images that killed runs may have left with these keys are not looked for.`,
        );
      }
    },
  };
}
