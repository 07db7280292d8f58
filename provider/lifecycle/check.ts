import { isNotFound } from "../api/errors";
import { SettingsError, type Settings } from "../api/settings";
import { checkProperties, omitUndefined, withDefaults, type CheckFailure } from "../schema/check";
import type { Description, Properties } from "../schema/description";
import { changedProperties } from "../schema/diff";
import { profileName } from "../schema/kinds";
import { isUnknown } from "../schema/unknown";
import { foreignFile } from "./accounts";
import type { Location, ProviderContext } from "./context";
import { ImageError } from "./image-error";
import { isAnotherProfile, isNowhere } from "./profiles";
import type { Checked } from "./types";

/**
 * The program's properties with defaults, or what is wrong with them. The location is written down: a resource is read and deleted where
 * it was made, whatever the configuration says later. Where a program does not state it and the configured one changes, that is a change
 * like any other: it replaces. As long as the profile is not known that could tell it, it is taken to be where it was.
 */
export async function checkInputs(
  context: ProviderContext,
  description: Description,
  news: Properties,
  olds: Properties = {},
): Promise<Checked> {
  context.program.isSeen = true;
  const { settings, failures } = settingsOrFailures(context, news);
  const { region, environment } = settings ?? olds;
  const inputs = withDefaults(description, {
    region,
    environment,
    ...omitUndefined(news),
  });
  const all = [...failures, ...checkProperties(description, news, { place: settings })];
  return {
    inputs,
    failures: all.length > 0 || settings === undefined ? all : await accountFailures(context, news),
  };
}

function settingsOrFailures(
  context: ProviderContext,
  news: Properties,
): { settings?: Settings; failures: CheckFailure[] } {
  if (isNowhere(news) || isWrongProfile(news.profile)) {
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

/** What is wrong with the name of a profile, the check of the properties says. */
function isWrongProfile(profile: unknown): boolean {
  return profile !== undefined && profile !== null && profileName.check(profile, {}) !== undefined;
}

/** Where `scp:accountId` is set, keys of another account are refused before anything else is done. */
async function accountFailures(context: ProviderContext, news: Properties): Promise<CheckFailure[]> {
  try {
    await context.open(news);
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
  return reason === undefined ? foreignFileFailures(location, olds, news) : [{ property: "", reason }];
}

/** A file of another account is refused by SCP, whatever else is right. Of an image that is there already, what is said is whose it is. */
async function foreignFileFailures(
  { client }: Location,
  olds: Properties | undefined,
  news: Properties,
): Promise<CheckFailure[]> {
  const { url, imageId } = news;
  const isAsked =
    imageId === undefined && (olds === undefined || olds.url !== url || isAnotherProfile(olds, news));
  const reason =
    isAsked && typeof url === "string" && !isUnknown(url) ? await foreignFile(client, url) : undefined;
  return reason === undefined ? [] : [{ property: "url", reason }];
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
