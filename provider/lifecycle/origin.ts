import { randomUUID } from "node:crypto";
import { SettingsError } from "../api/settings";
import type { Location, ProviderContext } from "./context";
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
      await configuredLocation(context)?.orphans.tellOfAll(id);
    },
  };
}

/** Where tags of all regions can be asked for. Undefined where each resource states its own location, and none is configured. */
function configuredLocation(context: ProviderContext): Location | undefined {
  try {
    return context.locate({});
  } catch (error) {
    if (error instanceof SettingsError) {
      return undefined;
    }
    throw error;
  }
}
