import { asCalledByPulumi, hooksOf } from "../dynamic/hooks";
import { configure, stackContext } from "../dynamic/stack";
import { generationsLifecycle } from "../lifecycle/pipeline/image-generations";

// States name this module: it never moves, and goes on exporting these.
const hooks = asCalledByPulumi(hooksOf(generationsLifecycle(stackContext)));
export const { check, diff, create, read, update } = hooks;
const remove = hooks.delete;
export { configure, remove as delete };
