import { asCalledByPulumi, hooksOf } from "../dynamic/hooks";
import { configure, stackContext } from "../dynamic/stack";
import { serverImageRecordLifecycle } from "../lifecycle/server/server-image-record";

// States name this module: it never moves, and goes on exporting these.
const hooks = asCalledByPulumi(hooksOf(serverImageRecordLifecycle(stackContext)));
export const { check, diff, create, read, update } = hooks;
const remove = hooks.delete;
export { configure, remove as delete };
