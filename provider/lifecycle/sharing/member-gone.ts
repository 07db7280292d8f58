import { isSameAccount } from "../../api/account-id";
import type { ScpClient } from "../../api/client";
import type { ImageMember } from "../../api/members";
import { anotherEndpoint, foreignAccount, type MadeBy } from "../accounts";
import { askAgain } from "../ask-again";
import type { Location } from "../context";
import { shownAfter, showUnlessGone, undefinedIfNotFound } from "../gone";
import { ImageError } from "../image-error";

// When a member that is not found is gone, and when that proves nothing.

/** An image and an account. */
export interface Pair {
  imageId: string;
  memberId: string;
}

/** What a state tells of a membership that may be gone. */
export interface RememberedMember extends MadeBy {
  createdAt?: unknown;
}

/** A membership that nobody sees: its image is not shared any more. */
export const hidden = Symbol("hidden");

/**
 * A member as it is now; undefined when it is gone for sure, with its image or without. What is taken for gone is forgotten, so a 404 alone
 * does not do: it is asked again as long as a new member may be shown late, the keys must be those of the account that shared the image,
 * since to anybody else there is no such member, and the list of members must not have it.
 * @throws ImageError when the 404 proves nothing; ScpError of the service
 */
export async function showMemberUnlessGone(
  pair: Pair,
  remembered: RememberedMember,
  location: Location,
): Promise<ImageMember | typeof hidden | undefined> {
  const { client } = location;
  const { imageId, memberId } = pair;
  const show = () => undefinedIfNotFound(() => client.members.show(imageId, memberId));
  const shown = await show();
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
  const late = await askAgain(location, mayStillCome(remembered, client), show);
  if (late === undefined) {
    await proveUnlisted(pair, location);
  }
  return late;
}

/** How long a member may still be shown late, in milliseconds: no time for one that is not known to be new. */
function mayStillCome({ createdAt }: RememberedMember, client: ScpClient): number {
  const left = Date.parse(String(createdAt)) + shownAfter - client.serverNow();
  return left > 0 ? Math.min(left, shownAfter) : 0; // Bounded also where the service's clocks disagree.
}

const kept = "It stays in the state. If it is gone indeed, take it out with pulumi state delete.";

/** @throws ImageError where a 404, or another refusal, may come of the keys, or of the place that is asked */
export async function proveOurs(
  { imageId, memberId }: Pair,
  by: MadeBy,
  { client }: Location,
  status = 404,
): Promise<void> {
  const foreign = anotherEndpoint(by, client.settings) ?? (await foreignAccount(client, imageId, by));
  if (foreign !== undefined) {
    throw new ImageError(
      `That image ${imageId} is shared with ${memberId} is answered with ${status}, but ${foreign}. ${kept}`,
    );
  }
}

/**
 * Of an image that is shown as shared.
 * @throws ImageError where the list of members has one that is not found otherwise, or is not found itself; ScpError where it does not
 * answer
 */
export async function proveUnlisted({ imageId, memberId }: Pair, { client }: Location): Promise<void> {
  const members = await undefinedIfNotFound(() => client.members.list(imageId));
  if (members === undefined) {
    throw new ImageError(
      `Image ${imageId} is shown as shared, but its list of members is not found. Run again. ${kept}`,
    );
  }
  if (members.some((member) => isSameAccount(member.memberId, memberId))) {
    throw new ImageError(
      `Member ${memberId} of image ${imageId} is answered with 404, but the list of members has it. Run again. ${kept}`,
    );
  }
}
