import { randomUUID } from "node:crypto";
import type { dynamic } from "@pulumi/pulumi";
import { SettingsError } from "../api/settings";
import type { Properties } from "../schema/properties";
import { cloudOfStack, configure, type Cloud, type CloudPlace } from "../lifecycle/context";
import { asCalledByPulumi } from "../lifecycle/hooks";

/** The hooks of `Origin`: an id that is made once. In the cloud there is nothing of it. */
export function stackOrigin(cloud: Cloud) {
  return {
    check: (): Promise<dynamic.CheckResult> => Promise.resolve({ inputs: {} }),

    diff: (): Promise<dynamic.DiffResult> => Promise.resolve({ changes: false }),

    create: (): Promise<dynamic.CreateResult> => Promise.resolve({ id: randomUUID(), outs: {} }),

    read: (id: string, props: Properties = {}): Promise<dynamic.ReadResult> => Promise.resolve({ id, props }),

    update: (_id: string, olds: Properties): Promise<dynamic.UpdateResult> => Promise.resolve({ outs: olds }),

    /** All records depend on it, so it is the last to go: time to say which images carry the stack's creation tag all the same. */
    delete: async (id: string): Promise<void> => {
      const place = configuredPlace(cloud);
      const left = (await place?.orphans.tagged())?.filter(({ tag }) => tag?.stackId === id) ?? [];
      if (left.length > 0) {
        place?.warn(
          `Images were created for this stack that it does not manage: ${left.map(({ imageId }) => imageId).join(", ")}. A killed run may have ` +
            "left them, or they were let go of on purpose. Nothing was done to them; npx pulumi-scp-images orphans tells more.",
        );
      }
    },
  };
}

/** Where tags of all regions can be asked for. Undefined where each resource states its own place, and none is configured. */
function configuredPlace(cloud: Cloud): CloudPlace | undefined {
  try {
    return cloud.at({});
  } catch (error) {
    if (error instanceof SettingsError) {
      return undefined;
    }
    throw error;
  }
}

const hooks = asCalledByPulumi(stackOrigin(cloudOfStack));
export const { check, diff, create, read, update } = hooks;
const remove = hooks.delete;
export { configure, remove as delete };
