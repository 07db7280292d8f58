import { randomUUID } from "node:crypto";
import type { dynamic } from "@pulumi/pulumi";
import { SettingsError } from "../api/settings";
import type { Properties } from "../properties";
import { cloudOfStack, configure, type Cloud, type CloudPlace, type OwnSettings } from "./cloud";
import { deleteLeft } from "./delete-image";
import { asCalledByPulumi } from "./hooks";
import { isPartOfImage } from "./marks";

/** The hooks of `Origin`: an id that is made once. In the cloud there is only what killed runs left under it. */
export function stackOrigin(cloud: Cloud) {
  return {
    check: (): Promise<dynamic.CheckResult> => Promise.resolve({ inputs: {} }),

    diff: (): Promise<dynamic.DiffResult> => Promise.resolve({ changes: false }),

    create: (): Promise<dynamic.CreateResult> => Promise.resolve({ id: randomUUID(), outs: {} }),

    read: (id: string, props: Properties = {}): Promise<dynamic.ReadResult> => Promise.resolve({ id, props }),

    update: (_id: string, olds: Properties): Promise<dynamic.UpdateResult> => Promise.resolve({ outs: olds }),

    /** All records depend on it, so now the stack has none any more: what bears its mark was left by runs that were killed. */
    delete: async (id: string): Promise<void> => {
      const left = await configuredPlace(cloud)?.marks.leftOf(id);
      for (const { srn, imageId, value } of left ?? []) {
        if (isPartOfImage(value)) {
          await deleteLeft(cloud.at(placeIn(srn)).client, cloud.clock, imageId);
        } else {
          console.warn(
            `Image ${imageId} was made by an ImageRecord of this stack, and is in no state. If nobody needs it, delete it by hand.`,
          );
        }
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

/** `srn:{environment}::{account}:{region}::…` */
function placeIn(srn: string): OwnSettings {
  const [, environment, , , region] = srn.split(":");
  return { environment, region };
}

const hooks = asCalledByPulumi(stackOrigin(cloudOfStack));
export const { check, diff, create, read, update } = hooks;
const remove = hooks.delete;
export { configure, remove as delete };
