import { asCalledByPulumi, hooksOf } from "../dynamic/hooks";
import { configure, stackContext } from "../dynamic/stack";
import { fileLifecycle } from "../lifecycle/source/image-file";

// States name this module: it never moves, and goes on exporting these.
const hooks = asCalledByPulumi(hooksOf(fileLifecycle(stackContext)));
export const { check, diff, create, read, update } = hooks;
const remove = hooks.delete;
export { configure, remove as delete };
