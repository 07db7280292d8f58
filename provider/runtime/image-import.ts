import { asCalledByPulumi, hooksOf } from "../dynamic/hooks";
import { configure, stackContext } from "../dynamic/stack";
import { importLifecycle } from "../lifecycle/image-import";

// States name this module: it never moves, and goes on exporting these.
const hooks = asCalledByPulumi(hooksOf(importLifecycle(stackContext)));
export const { check, diff, create, read, update } = hooks;
const remove = hooks.delete;
export { configure, remove as delete };
