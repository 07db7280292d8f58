import type { dynamic } from "@pulumi/pulumi";
import { otherPathForm, type ScpClient } from "../api/client";
import { ScpError } from "../api/errors";
import type { Image } from "../api/images";
import { SettingsError, type Settings } from "../api/settings";
import type { Cloud, OwnSettings } from "./cloud";
import { ImageError } from "./image-error";
import { unlessGone } from "./unless-gone";
import { checkProperties, isUnknown, withDefaults, type Properties, type PropertyTable } from "../properties";

type Hooks = Record<string, (...args: never[]) => Promise<unknown>>;

/**
 * The hooks as Pulumi calls them. Its dynamic provider hands an error's message on, which is shown at the resource; but for some
 * hooks it also prints the error itself and its stack, in the middle of the user's output. Of an expected error, which says all
 * there is to say, only a pointer to that message is left there. An unexpected one keeps its stack.
 */
export function asCalledByPulumi<H extends Hooks>(hooks: H): H {
  const wrapped = Object.entries(hooks).map(([name, hook]) => [
    name,
    (...args: never[]) =>
      hook(...args).catch((error: unknown) => {
        throw isExpected(error) ? new HookError(error.message) : error;
      }),
  ]);
  return Object.fromEntries(wrapped) as H;
}

function isExpected(error: unknown): error is Error {
  return error instanceof ScpError || error instanceof SettingsError || error instanceof ImageError;
}

class HookError extends Error {
  override readonly name = "HookError";
  override readonly stack = "what failed is said at the resource";

  override toString(): string {
    return "pulumi-scp-images";
  }
}

/**
 * What check answers: the program's properties with defaults, or what is wrong with them. The place is written down, so that a
 * resource stays where it was made whatever the configuration says later.
 */
export function inputsOrFailures(
  cloud: Cloud,
  table: PropertyTable,
  news: Properties,
): Required<dynamic.CheckResult<Properties>> {
  const { settings, failures } = settingsOrFailures(cloud, news);
  const inputs = withDefaults(table, {
    region: settings?.region,
    environment: settings?.environment,
    ...stated(news),
  });
  return { inputs, failures: [...failures, ...checkProperties(table, news, { place: settings })] };
}

function settingsOrFailures(
  cloud: Cloud,
  news: Properties,
): { settings?: Settings; failures: dynamic.CheckFailure[] } {
  if (isUnknown(news.region) || isUnknown(news.environment)) {
    return { failures: [] };
  }
  try {
    return { settings: cloud.settings(news), failures: [] };
  } catch (error) {
    if (error instanceof SettingsError) {
      return { failures: error.problems.map((reason) => ({ property: "", reason })) };
    }
    throw error;
  }
}

/** The properties that have a value. */
export function stated(properties: Properties): Properties {
  return Object.fromEntries(
    Object.entries(properties).filter(([, value]) => value !== undefined && value !== null),
  );
}

/** Where a resource is: as its state says, or, for one that is only being looked up, as the settings say. */
export function placeOf(cloud: Cloud, properties: Properties): OwnSettings {
  const { region, environment } = cloud.settings(properties);
  return { region, environment };
}

/** The image for a read: undefined when it is gone. Whoever only looks one up that is not there gets the error. */
export async function imageToRead(
  client: ScpClient,
  id: string,
  props: Properties,
): Promise<Image | undefined> {
  const show = () => client.showImage(id);
  return isNew(props) ? show() : unlessGone(show);
}

/** What read answers for an image that is gone. */
export const gone: dynamic.ReadResult = { id: "", props: {} };

/**
 * What a read gives the state: all that was found. When that is nothing new, the time of the last change stays too, since it
 * also moves for what is no change of the resource's.
 */
export function found<P extends Properties>(now: P, before: Properties): P {
  const changed = Object.keys(now).some(
    (key) => key !== "updatedAt" && JSON.stringify(now[key]) !== JSON.stringify(before[key]),
  );
  return changed || before.updatedAt === undefined ? now : { ...now, updatedAt: before.updatedAt };
}

/** The URL of an image as the program writes it, as long as the service's own says the same. */
export function urlOf(image: Image, declared: unknown): unknown {
  const shown = image.url;
  if (shown === undefined || (typeof declared === "string" && shown === otherPathForm(declared))) {
    return declared;
  }
  return shown;
}

/** Whether check is called for a resource that is to be made: then the engine has no old inputs to give. */
export function isNew(olds: Properties): boolean {
  return Object.keys(olds).every((key) => key === "__provider");
}
