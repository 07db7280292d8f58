import { isConflict, isForbidden, isNotFound, isServicesOwn, ScpError } from "../api/errors";
import type { ImageMember } from "../api/members";
import { anothersImage, anotherEndpoint, foreignAccount, type MadeBy } from "./accounts";
import type { Location } from "./context";
import { shownAfter, showUnlessGone, undefinedIfNotFound } from "./gone";
import { ImageError } from "./image-error";

// What the resources about members do to them. A membership is a relation and nothing more: who finds the one that he wants need not
// know who made it.

/** An image and an account. */
export interface Pair {
  imageId: string;
  memberId: string;
}

/** What a state tells of a membership that may be gone. */
export interface RememberedMember extends MadeBy {
  createdAt?: unknown;
}

/** How often the request that adds a member is sent when its answers get lost. */
const maxRequests = 3;

/** When to look for a member that may have been added, in milliseconds after the time before. */
const lookAfter = [0, 1_000, 3_000];

/** How long to wait between two tries, in milliseconds. */
const pause = 2_000;

/** The resource's id in the state. */
export function idOf({ imageId, memberId }: Pair): string {
  return `${imageId}/${memberId}`;
}

/** The other way round. */
export function pairOf(id: string): Pair {
  const [imageId = "", memberId = ""] = id.split("/");
  return { imageId, memberId };
}

/**
 * Shares an image with an account. One that it is shared with already is as good, whoever did that: so a run that was killed, or whose
 * answers were lost, shares nothing twice.
 * @throws ImageError that says what hinders it; ScpError of the service
 */
export async function addMember(pair: Pair, location: Location): Promise<ImageMember> {
  const { client, clock, created } = location;
  const since = clock.now();
  for (let lost = 0; ;) {
    try {
      return await client.members.add(pair.imageId, pair.memberId);
    } catch (error) {
      if (!(error instanceof ScpError)) {
        throw error;
      }
      const there = mayBeThere(error) ? await look(pair, location) : undefined;
      if (there !== undefined) {
        return there;
      }
      lost += error.mayHaveWorked ? 1 : 0;
      const isLate = isNotFound(error) && created.has(pair.imageId) && clock.now() - since < shownAfter;
      if (!isLate && !(error.mayHaveWorked && lost < maxRequests)) {
        throw (await explain(error, pair.imageId, location)) ?? error;
      }
      await clock.sleep(pause);
    }
  }
}

/** Whether there may be a member after a failure: before it, of a lost answer, or behind what something on the way made of it. */
function mayBeThere(error: ScpError): boolean {
  return error.mayHaveWorked || (error.status !== undefined && !isServicesOwn(error)) || isConflict(error);
}

async function look(
  { imageId, memberId }: Pair,
  { client, clock }: Location,
): Promise<ImageMember | undefined> {
  for (const wait of lookAfter) {
    await clock.sleep(wait);
    const member = await client.members.show(imageId, memberId).catch((error: unknown) => {
      if (error instanceof ScpError) {
        return undefined; // What was tried has failed, and says why: this was to mend it.
      }
      throw error;
    });
    if (member !== undefined) {
      return member;
    }
  }
  return undefined;
}

/** Why the service does not let an image's members be changed, where that can be told. */
async function explain(
  error: ScpError,
  imageId: string,
  { client }: Location,
): Promise<ImageError | undefined> {
  if (!isForbidden(error)) {
    return undefined;
  }
  const image = await client.showImage(imageId).catch(() => undefined);
  const foreign = image && (await anothersImage(client, image));
  const reason =
    foreign === undefined
      ? image && refusalOfVisibility(imageId, image.visibility)
      : foreignText(imageId, foreign);
  return reason === undefined
    ? undefined
    : new ImageError(`${error.message} ${capital(reason)}`, { cause: error });
}

/** Says that an image of this visibility has no members; undefined where it can have them. */
export function refusalOfVisibility(imageId: string, visibility: string | undefined): string | undefined {
  return visibility === undefined || visibility === "shared"
    ? undefined
    : `image ${imageId} is ${visibility}, and only shared images have members: set its visibility to "shared".`;
}

export function foreignText(imageId: string, foreign: string): string {
  return `image ${imageId} cannot be shared with these keys: ${foreign}. Only its owner shares it.`;
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

/** A membership that nobody sees: its image is not shared any more. */
export const hidden = Symbol("hidden");

/**
 * A member as it is now; undefined when it is gone for sure, with its image or without. What is taken for gone is forgotten, so a 404 alone
 * does not do: the keys must be those of the account that shared the image, since to anybody else there is no such member, and the list
 * of members must not have it.
 * @throws ImageError when the 404 proves nothing; ScpError of the service
 */
export async function showMemberUnlessGone(
  pair: Pair,
  remembered: RememberedMember,
  location: Location,
): Promise<ImageMember | typeof hidden | undefined> {
  const { client } = location;
  const { imageId, memberId } = pair;
  const shown = await undefinedIfNotFound(() => client.members.show(imageId, memberId));
  if (shown !== undefined) {
    return shown;
  }
  await proveOurs(pair, remembered, location);
  const image = await showUnlessGone(imageId, remembered, location);
  if (image === undefined) {
    return undefined;
  }
  if (image.visibility !== undefined && image.visibility !== "shared") {
    return hidden;
  }
  await proveUnlisted(pair, location);
  return undefined;
}

const kept = "It stays in the state. If it is gone indeed, take it out with pulumi state delete.";

/** @throws ImageError where a 404 may come of the keys, or of the place that is asked */
export async function proveOurs(pair: Pair, by: MadeBy, { client }: Location): Promise<void> {
  const foreign = anotherEndpoint(by, client.settings) ?? (await foreignAccount(client, pair.imageId, by));
  if (foreign !== undefined) {
    throw new ImageError(
      `That image ${pair.imageId} is shared with ${pair.memberId} is answered with 404, but ${foreign}. ${kept}`,
    );
  }
}

/** @throws ImageError where the list of members has one that is not found otherwise; ScpError where it does not answer */
export async function proveUnlisted({ imageId, memberId }: Pair, { client }: Location): Promise<void> {
  const members = (await undefinedIfNotFound(() => client.members.list(imageId))) ?? [];
  if (members.some((member) => member.memberId.toLowerCase() === memberId.toLowerCase())) {
    throw new ImageError(
      `Member ${memberId} of image ${imageId} is answered with 404, but the list of members has it. Run again. ${kept}`,
    );
  }
}

/** How often a removal is tried that is answered with 404 although the member is shown. */
const maxRemovals = 3;

/** Takes an image back from an account. Where it has none any more, that is what was wanted. */
export async function removeMember(
  pair: Pair,
  remembered: RememberedMember,
  location: Location,
): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      await location.client.members.remove(pair.imageId, pair.memberId);
      await seeRemoved(pair, location);
      return;
    } catch (error) {
      const now = await afterRefusal(error, pair, remembered, location);
      if (now === hidden) {
        location.warn(hiddenText(pair));
      }
      if (now === undefined || now === hidden) {
        return;
      }
      if (tried === maxRemovals) {
        throw error;
      }
    }
    await location.clock.sleep(pause);
  }
}

/** What is there after a removal that failed. @throws what it failed with, or a better word for it, where that is the end of it */
async function afterRefusal(
  error: unknown,
  pair: Pair,
  remembered: RememberedMember,
  location: Location,
): Promise<ImageMember | typeof hidden | undefined> {
  if (isForbidden(error) && (await isHiddenNow(error, pair, location))) {
    return hidden;
  }
  if (!isNotFound(error)) {
    throw error;
  }
  return showMemberUnlessGone(pair, remembered, location);
}

/** @throws ImageError where the image is another account's */
async function isHiddenNow(error: ScpError, { imageId }: Pair, location: Location): Promise<boolean> {
  const image = await location.client.showImage(imageId).catch(() => undefined);
  const foreign = image && (await anothersImage(location.client, image));
  if (foreign !== undefined) {
    throw new ImageError(`${error.message} ${capital(foreignText(imageId, foreign))}`, { cause: error });
  }
  return refusalOfVisibility(imageId, image?.visibility) !== undefined;
}

export function hiddenText({ imageId, memberId }: Pair): string {
  return (
    `Image ${imageId} is not shared at the moment, so account ${memberId} does not see it, and SCP does not show whether it still is a ` +
    "member. If the image is made shared again, the account may see it again."
  );
}

/** How long a removed member may be shown, in milliseconds. */
const shownFor = 30_000;

/** What stands between us and the service may accept a removal too: it is believed when the service shows no such member any more. */
async function seeRemoved({ imageId, memberId }: Pair, { client, clock }: Location): Promise<void> {
  const since = clock.now();
  for (let wait = 500; ; wait *= 2) {
    if ((await undefinedIfNotFound(() => client.members.show(imageId, memberId))) === undefined) {
      return;
    }
    if (clock.now() - since + wait > shownFor) {
      throw new ImageError(
        `That image ${imageId} is no longer shared with ${memberId} was accepted, but it is still shown as a member. It stays in the state; run again.`,
      );
    }
    await clock.sleep(wait);
  }
}
