import { isNotFound } from "../api/errors";
import { imageFields, type Image } from "../api/images";
import { SettingsError, type Settings } from "../api/settings";
import { checkProperties, omitUndefined, withDefaults, type CheckFailure } from "../schema/check";
import { imageNames, type Description, type Properties } from "../schema/description";
import { changedProperties } from "../schema/diff";
import { imageRecord } from "../schema/image-record";
import { parseDuration } from "../schema/kinds";
import { isUnknown } from "../schema/unknown";
import type { Location, Overrides, ProviderContext } from "./context";
import { deleteImage } from "./delete";
import { showUnlessGone } from "./gone";
import { ImageError } from "./image-error";
import type { Checked } from "./types";

/**
 * The program's properties with defaults, or what is wrong with them. The location is written down: a resource is read and deleted where
 * it was made, whatever the configuration says later. Where a program does not state it and the configured one changes, that is a change
 * like any other: it replaces.
 */
export async function checkInputs(
  context: ProviderContext,
  description: Description,
  news: Properties,
): Promise<Checked> {
  const { settings, failures } = settingsOrFailures(context, news);
  const inputs = withDefaults(description, {
    region: settings?.region,
    environment: settings?.environment,
    ...omitUndefined(news),
  });
  const all = [...failures, ...checkProperties(description, news, { place: settings })];
  return { inputs, failures: all.length > 0 ? all : await accountFailures(context, settings) };
}

function settingsOrFailures(
  context: ProviderContext,
  news: Properties,
): { settings?: Settings; failures: CheckFailure[] } {
  if (isUnknown(news.region) || isUnknown(news.environment)) {
    return { failures: [] };
  }
  try {
    return { settings: context.settings(news), failures: [] };
  } catch (error) {
    if (error instanceof SettingsError) {
      return { failures: error.problems.map((reason) => ({ property: "", reason })) };
    }
    throw error;
  }
}

/** Where `scp:accountId` is set, keys of another account are refused before anything else is done. */
async function accountFailures(
  context: ProviderContext,
  settings: Settings | undefined,
): Promise<CheckFailure[]> {
  if (settings === undefined) {
    return [];
  }
  try {
    await context.open(settings);
    return [];
  } catch (error) {
    if (error instanceof ImageError) {
      return [{ property: "", reason: error.message }];
    }
    throw error;
  }
}

/** Where something is to be made or changed, wrong keys are told in preview. A run without a change asks nothing. */
export async function keyFailures(
  location: Location,
  description: Description,
  olds: Properties | undefined,
  news: Properties,
): Promise<CheckFailure[]> {
  if (olds !== undefined && changedProperties(description, olds, news).length === 0) {
    return [];
  }
  const reason = await location.refusalOfKeys();
  return reason === undefined ? [] : [{ property: "", reason }];
}

/** What is wrong with an image that the program names, asked of the service: one that is not there is wrong. */
export async function failuresOfImage(ask: () => Promise<CheckFailure[]>): Promise<CheckFailure[]> {
  try {
    return await ask();
  } catch (error) {
    if (isNotFound(error)) {
      return [{ property: "imageId", reason: error.message }];
    }
    throw error;
  }
}

/** Where a resource is: as its state says, or, for one that is only being looked up, as the settings say. */
export function locationOf(
  context: ProviderContext,
  overrides: Overrides,
): { region: string; environment: string } {
  const { region, environment } = context.settings(overrides);
  return { region, environment };
}

/**
 * An image for a read. One that is only looked up must be there; one that the state knows may be gone, which must be proven.
 * @param olds what the state says; undefined for a look-up
 */
export async function readImage(
  id: string,
  olds: Properties | undefined,
  location: Location,
): Promise<Image | undefined> {
  if (olds === undefined) {
    return location.client.showImage(id);
  }
  const listed = await location.reader.listed(id);
  return listed !== undefined && tellsAll(listed, olds) ? listed : showUnlessGone(id, olds, location);
}

/** A list may tell less of an image than Show does. What cannot change need not be told again. */
function tellsAll(listed: Image, olds: Properties): boolean {
  const told: Properties = { ...listed };
  const unchanging: readonly string[] = imageNames(imageRecord, "replace");
  return Object.keys(imageFields).every(
    (name) => olds[name] === undefined || told[name] !== undefined || unchanging.includes(name),
  );
}

/**
 * What a read gives the state: all that was found. When that is nothing new, the time of the last change stays too, since it
 * also moves for what is no change of the resource's.
 */
export function withOldTime(now: Properties, before: Properties): Properties {
  const changed = Object.keys(now).some(
    (name) => name !== "updatedAt" && JSON.stringify(now[name]) !== JSON.stringify(before[name]),
  );
  return changed || before.updatedAt === undefined ? now : { ...now, updatedAt: before.updatedAt };
}

/** How long an import may take when the program does not say, in milliseconds. */
const defaultTimeout = 2 * 60 * 60_000;

/** How long a program lets an image take to become active, in milliseconds. */
export function createTimeout({ timeouts }: { timeouts?: { create?: string } }): number {
  return parseDuration(timeouts?.create) ?? defaultTimeout;
}

/** Deletes a resource's image, unless something else of this run holds it. */
export async function deleteUnlessHeld(
  context: ProviderContext,
  id: string,
  props: Properties,
): Promise<void> {
  const location = await context.open(props);
  location.reader.forget();
  if (location.holders.release(id, props.token)) {
    await deleteImage(id, props, location);
  } else {
    location.warn(`Image ${id} is kept: another resource of this program manages it.`);
  }
}
