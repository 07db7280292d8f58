import type { dynamic } from "@pulumi/pulumi";
import { systemClock } from "../lifecycle/clock";
import { createContext, type ProviderContext } from "../lifecycle/context";
import { engineProgress } from "./progress";

let context: ProviderContext | undefined;
let configured = false;

/**
 * Called by Pulumi with the stack's configuration before any other hook; by every resource type, since each brings a provider
 * of its own. The configuration is the same each time, and the first context stays: what it knows of the run, and how many requests
 * it has under way, is of all types together. It waits for nothing: a first call may already run beside it.
 */
export function configure({ config }: dynamic.ConfigureRequest): Promise<void> {
  if (!configured) {
    configured = true;
    context = createContext({ config: (key) => config.get(key) }, systemClock, engineProgress());
  }
  return Promise.resolve();
}

/** Without configuration, from a Pulumi that calls no configure, the environment and the vendor's files still count. */
function current(): ProviderContext {
  context ??= createContext({}, systemClock, engineProgress());
  return context;
}

/** The context of the stack that this process works for. */
export const stackContext: ProviderContext = {
  clock: systemClock,
  get progress() {
    return current().progress;
  },
  get digests() {
    return current().digests;
  },
  get program() {
    return current().program;
  },
  settings: (overrides) => current().settings(overrides),
  locate: (overrides) => current().locate(overrides),
  open: (overrides) => current().open(overrides),
  accounts: () => current().accounts(),
};
