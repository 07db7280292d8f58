import { isSameAccount } from "../../api/account-id";
import type { ScpClient } from "../../api/client";
import { isForbidden, isNotFound } from "../../api/errors";
import type { ImageMember, MemberStatus } from "../../api/members";
import { accountInUrl } from "../../api/object-url";
import type { MadeBy } from "../accounts";
import { askAgain } from "../ask-again";
import type { Location } from "../context";
import { ImageError } from "../image-error";
import type { Pair } from "./member-gone";
import { offerAfter } from "./offer-gone";
import { duration } from "../progress";

// What an account answers to the offer of an image.

export function answerOf(accept: boolean): MemberStatus {
  return accept ? "accepted" : "rejected";
}

/** How long an offer is waited for that may be shown late, in milliseconds. */
const longestWait = 60_000;

/**
 * Gives the answer. An offer that is not there yet may be shown late: it is asked for again, for a minute.
 * @throws ImageError that says who must do what; ScpError of the service
 */
export async function answerPatiently(pair: Pair, accept: boolean, location: Location): Promise<ImageMember> {
  const { client, clock } = location;
  const since = clock.now();
  for (let pause = 1_000; ; pause = Math.min(pause * 2, 10_000)) {
    try {
      return await answer(pair, answerOf(accept), location);
    } catch (error) {
      if (!isNotFound(error) && !isForbidden(error)) {
        throw error;
      }
      if (await isOwner(pair, client)) {
        throw new ImageError(ownersText(pair), { cause: error });
      }
      if (isForbidden(error)) {
        throw error;
      }
      if (clock.now() - since + pause > longestWait) {
        throw new ImageError(notOfferedText(pair, clock.now() - since), { cause: error });
      }
      await clock.sleep(pause);
    }
  }
}

/** How often an answer is taken back that is refused although the offer is shown. */
const maxTries = 3;

/** The offer waits for an answer again. Where there is none any more, there is nothing to do. */
export async function takeAnswerBack(pair: Pair, by: MadeBy, location: Location): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      await answer(pair, "pending", location);
      return;
    } catch (error) {
      const offer = await offerAfter(error, pair, by, location);
      if (offer === undefined) {
        return;
      }
      if (tried === maxTries) {
        throw error;
      }
    }
  }
}

/** How long an answer may not be shown yet that was given, in milliseconds. */
const shownWithin = 30_000;

/** An answer of the service that tells what was before is not believed: it is asked again, since what was given may be shown late. */
async function answer(
  { imageId, memberId }: Pair,
  status: MemberStatus,
  location: Location,
): Promise<ImageMember> {
  const { members } = location.client;
  let member = await members.setStatus(imageId, memberId, status);
  if (member.status === status) {
    return member;
  }
  const given = await askAgain(location, shownWithin, async () => {
    member = await members.show(imageId, memberId);
    return member.status === status ? member : undefined;
  });
  if (given === undefined) {
    const what = status === "pending" ? "has no answer to" : `has ${status}`;
    throw new ImageError(
      `That account ${memberId} ${what} image ${imageId} was taken, but SCP shows ${member.status}. Run again.`,
    );
  }
  return given;
}

async function isOwner({ imageId, memberId }: Pair, client: ScpClient): Promise<boolean> {
  const image = await client.showImage(imageId).catch(() => undefined);
  const owners = [image?.owner, accountInUrl(image?.url ?? "")];
  return owners.some((owner) => owner !== undefined && isSameAccount(owner, memberId));
}

function ownersText({ imageId, memberId }: Pair): string {
  return (
    `Image ${imageId} is account ${memberId}'s own, and the owner of an image has no offer to answer: ` +
    "use the keys of the account that it is shared with, by the property profile."
  );
}

function notOfferedText({ imageId, memberId }: Pair, waited: number): string {
  return (
    `Image ${imageId} is not offered to account ${memberId}, also not after ${duration(waited)}. Its owner must share it: with the ` +
    `visibility "shared", and an ImageMember of this account. In one program, give the imageId of that ImageMember, so that the answer waits for it.`
  );
}
