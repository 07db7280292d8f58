import * as pulumi from "@pulumi/pulumi";
import type { ProviderContext } from "../lifecycle/context";

const contexts = new WeakMap<pulumi.Resource, ProviderContext>();

/** What asks SCP from within the program's own process: one for each stack, loaded when something asks. */
export function programContext(): Promise<ProviderContext> {
  const stack = pulumi.runtime.getStackResource();
  const known = stack && contexts.get(stack);
  const context = known ?? load();
  if (stack !== undefined) {
    contexts.set(stack, context);
  }
  return Promise.resolve(context);
}

/* eslint-disable @typescript-eslint/no-require-imports -- loaded when first needed: a program that only declares has no use for the client */
function load(): ProviderContext {
  const { createContext } = require("../lifecycle/context") as typeof import("../lifecycle/context");
  const { systemClock } = require("../lifecycle/clock") as typeof import("../lifecycle/clock");
  const silent = { show: () => () => undefined };
  return createContext({ config: (key) => pulumi.runtime.getConfig(key) }, systemClock, silent);
}
/* eslint-enable @typescript-eslint/no-require-imports */
