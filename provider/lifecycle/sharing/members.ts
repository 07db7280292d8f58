import { isConflict, isForbidden, isNotFound, isServicesOwn, ScpError } from "../../api/errors";
import type { ScpClient } from "../../api/client";
import { isImageId } from "../../api/images";
import type { ImageMember } from "../../api/members";
import { isMemberId } from "../../api/paths";
import { anothersImage, undefinedIfRefused } from "../accounts";
import { askAgain } from "../ask-again";
import type { Location } from "../context";
import { shownAfter, undefinedIfNotFound } from "../gone";
import { ImageError } from "../image-error";
import { hidden, showMemberUnlessGone, type Pair, type RememberedMember } from "./member-gone";

// What the resources about members do to them. A membership is a relation and nothing more: who finds the one that he wants need not
// know who made it.

/** How often the request that adds a member is sent when its answers get lost. */
const maxRequests = 3;

/** How long to look for a member that may have been added, in milliseconds. */
const lookFor = 4_000;

/** How long to wait between two tries, in milliseconds. */
const pause = 2_000;

/** The resource's id in the state. */
export function idOf({ imageId, memberId }: Pair): string {
  return `${imageId}/${memberId}`;
}

/**
 * The other way round.
 * @throws ImageError for what is no such id: a look-up is given any
 */
export function pairOf(id: string): Pair {
  const [imageId = "", memberId = "", ...more] = id.split("/");
  if (!isImageId(imageId) || !isMemberId(memberId) || more.length > 0) {
    throw new ImageError(
      `${JSON.stringify(id)} is not the id of an image's member: that is IMAGE/ACCOUNT, the image's id, "/", and the account's id.`,
    );
  }
  return { imageId, memberId };
}

/** When a member was added. Where the answer does not tell, it is now: so it is not taken for gone before it is shown. */
export function addedAt({ createdAt }: ImageMember, client: ScpClient): string {
  return createdAt !== undefined && !Number.isNaN(Date.parse(createdAt))
    ? createdAt
    : new Date(client.serverNow()).toISOString();
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
      // A conflict means that it is there, and may be shown late.
      const there = mayBeThere(error)
        ? await look(pair, isConflict(error) ? shownAfter : lookFor, location)
        : undefined;
      if (there !== undefined) {
        if (isConflict(error) && lost === 0) {
          tellOfAdoption(pair, location);
        }
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

/** Whoever shared it counts on it: the delete of the one resource takes it away from the other. */
function tellOfAdoption({ imageId, memberId }: Pair, { memberships, warnOnce }: Location): void {
  if (!memberships.isHeld({ of: "owner", imageId, memberId })) {
    warnOnce(
      `adopted ${idOf({ imageId, memberId })}`,
      `Image ${imageId} is shared with account ${memberId} already: by somebody, by another stack, or by an entry of this one. ` +
        "It is taken as it is, and taken back when the resource here is deleted.",
    );
  }
}

/** Whether there may be a member after a failure: before it, of a lost answer, or behind what something on the way made of it. */
function mayBeThere(error: ScpError): boolean {
  return error.mayHaveWorked || (error.status !== undefined && !isServicesOwn(error)) || isConflict(error);
}

/** What else fails is no matter: what was tried has failed, and says why; this was to mend it. */
async function look(
  { imageId, memberId }: Pair,
  longest: number,
  location: Location,
): Promise<ImageMember | undefined> {
  const show = async () => {
    try {
      return await location.client.members.show(imageId, memberId);
    } catch (error) {
      undefinedIfRefused(error);
      return isForbidden(error) ? null : undefined; // What is forbidden does not pass, and is asked no more.
    }
  };
  return (await askAgain(location, longest, show)) ?? undefined;
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

export function hiddenText({ imageId, memberId }: Pair): string {
  return (
    `Image ${imageId} is not shared at the moment, so account ${memberId} does not see it, and SCP does not show whether it still is a ` +
    "member. If the image is made shared again, the account may see it again."
  );
}

/** How often a removal is tried that is answered with 404 although the member is shown. */
const maxRemovals = 3;

/**
 * Takes an image back from an account. Where it has none any more, that is what was wanted. A member that is hidden, since its image is not
 * shared, is not taken for removed: SCP takes out none as it is, and the account would see the image when it is shared the next time. Where
 * a whole stack is destroyed, and so the image as a rule, that is told, and no more.
 * @throws ImageError that says what hinders it; ScpError of the service
 */
export async function removeMember(
  pair: Pair,
  remembered: RememberedMember,
  location: Location,
): Promise<void> {
  if ((await removeShown(pair, remembered, location)) !== hidden) {
    return;
  }
  if (location.program.isSeen) {
    throw new ImageError(stuckText(pair));
  }
  location.warn(hiddenText(pair));
}

function stuckText({ imageId, memberId }: Pair): string {
  return (
    `Account ${memberId} cannot be taken out of image ${imageId}, which is not shared at the moment: SCP hides its members, and the account ` +
    'would see it again when it is shared. The member stays in the state. Where the program says visibility "shared", pulumi up --refresh ' +
    "makes it so, and takes the account out; else make it shared, and run again. To leave the account in, use pulumi state delete."
  );
}

/** Undefined when the member is removed, or gone. */
async function removeShown(
  pair: Pair,
  remembered: RememberedMember,
  location: Location,
): Promise<typeof hidden | undefined> {
  for (let tried = 1; ; tried += 1) {
    try {
      await location.client.members.remove(pair.imageId, pair.memberId);
      await seeRemoved(pair, location);
      return undefined;
    } catch (error) {
      const now = await afterRefusal(error, pair, remembered, location);
      if (now === undefined || now === hidden) {
        return now;
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

/** How long a removed member may be shown, in milliseconds. */
const shownFor = 30_000;

/** What stands between us and the service may accept a removal too: it is believed when the service shows no such member any more. */
async function seeRemoved(pair: Pair, { client, clock }: Location): Promise<void> {
  const { imageId, memberId } = pair;
  const since = clock.now();
  for (let wait = 500; await isStillShown(pair, client); wait *= 2) {
    if (clock.now() - since + wait > shownFor) {
      throw new ImageError(
        `That image ${imageId} is no longer shared with ${memberId} was accepted, but it is still shown as a member. It stays in the state; run again.`,
      );
    }
    await clock.sleep(wait);
  }
}

/** Whom members are not shown at all, the answer to the removal is all there is. */
async function isStillShown({ imageId, memberId }: Pair, { members }: ScpClient): Promise<boolean> {
  try {
    return (await undefinedIfNotFound(() => members.show(imageId, memberId))) !== undefined;
  } catch (error) {
    if (isForbidden(error) && isServicesOwn(error)) {
      return false;
    }
    throw error;
  }
}
