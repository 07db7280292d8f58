import { isForbidden, isNotFound } from "../../api/errors";
import type { Image } from "../../api/images";
import type { ImageMember } from "../../api/members";
import type { MadeBy } from "../accounts";
import type { Location } from "../context";
import { showUnlessGone, undefinedIfNotFound } from "../gone";
import { proveOurs, proveUnlisted, type Pair } from "./member-gone";

// When an offer that an account has answered is gone. Only the account's own keys are told so, and they need not be allowed to list members.

/** How long to wait before a 404 is asked for once more, in milliseconds. */
const pause = 2_000;

/**
 * An offer as it is now; undefined when there is none any more.
 * @throws ImageError when that is not proven; ScpError of the service
 */
export async function showOfferUnlessGone(
  pair: Pair,
  by: MadeBy,
  location: Location,
): Promise<ImageMember | undefined> {
  try {
    return await location.client.members.show(pair.imageId, pair.memberId);
  } catch (error) {
    return offerAfter(error, pair, by, location);
  }
}

/**
 * What there is after the service refused what was asked of an offer; undefined where that is no offer any more: the image is not shown to
 * the account that it was offered to, or is open to everybody, or is shared with others alone.
 * @throws the refusal, where it is about something else; ImageError where it proves nothing
 */
export async function offerAfter(
  refusal: unknown,
  pair: Pair,
  by: MadeBy,
  location: Location,
): Promise<ImageMember | undefined> {
  if (!isNotFound(refusal) && !isForbidden(refusal)) {
    throw refusal;
  }
  const image = await imageOf(pair, by, location, refusal.status);
  if (image === undefined) {
    location.warn(notShownText(pair));
    return undefined;
  }
  const isOpen = isOpenToAll(image);
  if (isForbidden(refusal) && !isOpen) {
    throw refusal;
  }
  await proveOurs(pair, by, location, refusal.status);
  if (isOpen) {
    location.warn(openText(pair, image));
  }
  return isOpen ? undefined : offerOfShared(pair, location);
}

/**
 * The image; undefined where it is not shown to this account any more: not found twice, and not listed.
 * @throws ImageError, or ScpError, where that is not proven
 */
async function imageOf(
  pair: Pair,
  by: MadeBy,
  location: Location,
  status?: number,
): Promise<Image | undefined> {
  const image = await undefinedIfNotFound(() => location.client.showImage(pair.imageId));
  if (image !== undefined) {
    return image;
  }
  await proveOurs(pair, by, location, status);
  await location.clock.sleep(pause);
  return showUnlessGone(pair.imageId, by, location);
}

/** To this account, an image that was deleted, one that is private now, and one that is shared with others alone are the same. */
function notShownText({ imageId, memberId }: Pair): string {
  return (
    `Image ${imageId} is not shown to account ${memberId} any more, so the answer to its offer leaves the state; if its owner shares it again, ` +
    "the answer may still be accepted."
  );
}

function isOpenToAll({ visibility }: Image): boolean {
  return visibility === "public" || visibility === "community";
}

function openText({ imageId, memberId }: Pair, { visibility = "" }: Image): string {
  return (
    `Image ${imageId} is ${visibility} now, so there is no offer to account ${memberId} any more that could be answered: ` +
    "take the ImageMemberAcceptance out of the program. If the image is made shared again, the answer may still be what it was."
  );
}

/** Who is no member is told 404, which is all there is to know where the list is refused; so it is asked for once more. */
async function offerOfShared(pair: Pair, location: Location): Promise<ImageMember | undefined> {
  const { client, clock } = location;
  try {
    await proveUnlisted(pair, location);
    return undefined;
  } catch (error) {
    if (!isForbidden(error)) {
      throw error;
    }
    await clock.sleep(pause);
    return undefinedIfNotFound(() => client.members.show(pair.imageId, pair.memberId));
  }
}
