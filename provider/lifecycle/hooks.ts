import type { dynamic } from "@pulumi/pulumi";
import { ScpError } from "../api/errors";
import { SettingsError, type Settings } from "../api/settings";
import type { Cloud, OwnSettings } from "./context";
import { ImageError } from "./image-error";
import { deleteImage } from "./delete";
import {
  checkProperties,
  isUnknown,
  parseDuration,
  withDefaults,
  type Properties,
  type PropertyTable,
} from "../schema/properties";

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
export async function inputsOrFailures(
  cloud: Cloud,
  table: PropertyTable,
  news: Properties,
): Promise<Required<dynamic.CheckResult<Properties>>> {
  const { settings, failures } = settingsOrFailures(cloud, news);
  const inputs = withDefaults(table, {
    region: settings?.region,
    environment: settings?.environment,
    ...stated(news),
  });
  const all = [...failures, ...checkProperties(table, news, { place: settings })];
  return { inputs, failures: all.length > 0 ? all : await accountFailures(cloud, settings) };
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

/** Where `scp:accountId` is set, keys of another account are refused before anything else is done. */
async function accountFailures(
  cloud: Cloud,
  settings: Settings | undefined,
): Promise<dynamic.CheckFailure[]> {
  if (settings === undefined) {
    return [];
  }
  try {
    await cloud.open(settings);
    return [];
  } catch (error) {
    if (error instanceof ImageError) {
      return [{ property: "", reason: error.message }];
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

/** Whether check is called for a resource that is to be made: then the engine has no old inputs to give. */
export function isNew(olds: Properties): boolean {
  return Object.keys(olds).every((key) => key === "__provider");
}

/** How long an import may take when the program does not say, in milliseconds. */
const defaultTimeout = 2 * 60 * 60_000;

/** How long a program lets an image take to become active, in milliseconds. */
export function createTimeout({ timeouts }: Properties): number {
  const { create } = (timeouts ?? {}) as { create?: unknown };
  return parseDuration(create) ?? defaultTimeout;
}

/** Deletes a resource's image, unless something else of this run holds it. */
export async function deleteUnlessHeld(cloud: Cloud, id: string, props: Properties): Promise<void> {
  const place = await cloud.open(props);
  if (place.holders.release(id, props.token)) {
    await deleteImage(id, props, place);
  } else {
    place.warn(`Image ${id} is kept: another resource of this program manages it.`);
  }
}
