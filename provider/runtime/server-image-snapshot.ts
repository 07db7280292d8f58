import { asCalledByPulumi, hooksOf } from "../dynamic/hooks";
import { configure, stackContext } from "../dynamic/stack";
import { serverImageSnapshotLifecycle } from "../lifecycle/server/server-image-snapshot";

// States name this module: it never moves, and goes on exporting these.
const hooks = asCalledByPulumi(hooksOf(serverImageSnapshotLifecycle(stackContext)));
export const { check, diff, create, read, update } = hooks;
const remove = hooks.delete;
export { configure, remove as delete };
