import type { ScpClient } from "../api/client";
import { SettingsError } from "../api/settings";
import type { Properties } from "../schema/description";
import { isUnknown } from "../schema/unknown";
import { compareAccounts, makerOf, type MadeBy, type Maker } from "./accounts";
import type { Location, Overrides, ProviderContext } from "./context";
import { ImageError } from "./image-error";

// A profile says whose keys are used, and not whose the image is: that says the state. Another profile of the same account is nothing to
// the image; with one of another account, the image would be out of reach, so it is made anew there. Which of the two it is, is asked, and
// never guessed.

/** Whether it is not known yet where a resource is to be, or with whose keys: then nothing can be asked. */
export function isNowhere({ region, environment, profile }: Properties): boolean {
  return isUnknown([region, environment, profile]);
}

/** Whether the program names another profile than the state. */
export function isAnotherProfile(olds: Overrides, news: Overrides): boolean {
  return (olds.profile ?? undefined) !== (news.profile ?? undefined);
}

/**
 * What works for a resource where its state says, with the keys that its state says.
 * @param what the resource in words: `Image 70a5…`
 * @throws SettingsError that names the profile which the state names, where its keys are not configured any more
 */
export async function openAsKept(context: ProviderContext, what: string, olds: Overrides): Promise<Location> {
  const { profile } = olds;
  try {
    return await context.open(olds);
  } catch (error) {
    if (!(error instanceof SettingsError) || typeof profile !== "string") {
      throw error;
    }
    throw new SettingsError([
      `${what} is read and deleted with the keys of profile "${profile}", as its state says.`,
      ...error.problems,
      "Set what is missing; or name a profile of the same account in the program, and run pulumi up.",
    ]);
  }
}

/** A resource of the state whose profile may have changed. */
export interface Kept {
  /** The resource in words: `Image 70a5…`. */
  what: string;
  /** What its state is of: an image, or an object. */
  id: string;
  by: MadeBy & Maker;
}

/** With whose keys a diff asks about a resource, and whether the program moves it to another account. */
export interface Keys {
  location: Location;
  moves: boolean;
}

/**
 * Of a resource that is replaced anyway, nothing is asked: the old keys delete the old one, and the new ones make the new one.
 * @throws ImageError where the profile changed and it cannot be told whether the account did; SettingsError
 */
export async function keysForDiff(
  context: ProviderContext,
  { what, id, by }: Kept,
  [olds, news]: readonly [Properties, Properties],
  isReplaced: boolean,
): Promise<Keys> {
  if (isReplaced || isNowhere(news) || !isAnotherProfile(olds, news)) {
    return { location: await openAsKept(context, what, olds), moves: false };
  }
  const next = await context.open(news);
  if (isSameKey(context, olds, next.client)) {
    return { location: next, moves: false };
  }
  const { verdict, reason } = await compareAccounts(next.client, id, by);
  if (verdict === "untold") {
    throw new ImageError(
      `${what}: the program names ${wordsFor(news)} in place of ${wordsFor(olds)}, and ${reason}. Another account's keys could only make ` +
        "it anew, so nothing is done. Allow the user to list IAM access keys; or, if it is to be made anew with these keys, run pulumi up " +
        "with --replace and the resource's URN.",
    );
  }
  // What stays is asked about with the new keys: the old ones may be gone already.
  return verdict === "same"
    ? { location: next, moves: false }
    : { location: await openAsKept(context, what, olds), moves: true };
}

/** The same access key, whatever profile names it. */
function isSameKey(context: ProviderContext, olds: Overrides, { settings }: ScpClient): boolean {
  return locationIfConfigured(context, olds)?.client.settings.accessKey === settings.accessKey;
}

/** Undefined where the keys are not configured, or not any more. */
export function locationIfConfigured(context: ProviderContext, overrides: Overrides): Location | undefined {
  try {
    return context.locate(overrides);
  } catch (error) {
    if (error instanceof SettingsError) {
      return undefined;
    }
    throw error;
  }
}

/**
 * What the state is to say of an image's maker after an update. With another profile, the fingerprint is that of the new key.
 * @throws ImageError where the keys are not known to be of the same account: no diff lets that through
 */
export async function makerAfter(
  context: ProviderContext,
  { what, id, by }: Kept,
  [olds, news]: readonly [Properties, Properties],
): Promise<Maker> {
  const { accountId, madeWith, endpoint } = by;
  if (!isAnotherProfile(olds, news)) {
    return { accountId, madeWith, endpoint };
  }
  const { client } = await context.open(news);
  if (!isSameKey(context, olds, client)) {
    const { verdict, reason } = await compareAccounts(client, id, by);
    if (verdict !== "same") {
      throw new ImageError(`${what} is not changed: ${reason}.`);
    }
  }
  const now = await makerOf(client, id);
  return { accountId: now.accountId ?? accountId, madeWith: now.madeWith, endpoint };
}

/** Whose keys, in words. */
function wordsFor({ profile }: Overrides): string {
  return typeof profile === "string" ? `profile "${profile}"` : "the stack's own keys";
}

/** Says that an image cannot go with a program that names another account's keys for it. */
export function immovableText(imageId: string, [olds, news]: readonly [Properties, Properties]): string {
  return (
    `Image ${imageId} belongs to the account of ${wordsFor(olds)}, and ${wordsFor(news)} is of another: an image cannot move between ` +
    `accounts. Leave profile as it is, or name an image of that account as imageId.`
  );
}
