import * as pulumi from "@pulumi/pulumi";
import type { ProviderContext } from "../lifecycle/context";
import { perStack } from "./per-stack";

/* eslint-disable @typescript-eslint/no-require-imports -- a program that looks nothing up does not load what talks to the cloud */

/** What look-ups are made with in a program's own process, and how they are. */
export function lookups() {
  const { findImage, findImages, lookupFailures } =
    require("../lifecycle/lookups") as typeof import("../lifecycle/lookups");
  const { findChannel } =
    require("../lifecycle/pipeline/channels") as typeof import("../lifecycle/pipeline/channels");
  const { isExpected } = require("../lifecycle/expected") as typeof import("../lifecycle/expected");
  return { findChannel, findImage, findImages, lookupFailures, isExpected, context: programContext() };
}

/** What asks again for what may be shown late. */
export function patience() {
  const { askAgain } = require("../lifecycle/ask-again") as typeof import("../lifecycle/ask-again");
  const { undefinedIfNotFound } = require("../lifecycle/gone") as typeof import("../lifecycle/gone");
  return { askAgain, undefinedIfNotFound };
}

/** What asks SCP from within a program's own process: the context of the stack whose program runs, with its settings. */
export const programContext = perStack((): ProviderContext => {
  const { createContext } = require("../lifecycle/context") as typeof import("../lifecycle/context");
  const { systemClock } = require("../lifecycle/clock") as typeof import("../lifecycle/clock");
  const config = (key: string) => pulumi.runtime.getConfig(key);
  return createContext({ config }, systemClock, { show: () => () => undefined });
});
