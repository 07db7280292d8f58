import { isSameAccount } from "../../api/account-id";
import { isTransient, ScpError } from "../../api/errors";
import type { Image } from "../../api/images";
import type { Properties } from "../../schema/description";
import { anothersImage } from "../accounts";
import type { Location } from "../context";
import { ImageError } from "../image-error";

/**
 * Refuses, in preview, to make an image private as long as it has members: SCP would hide them, so that nobody could take them out any
 * more, and they would see the image again when it is shared the next time.
 * @throws ImageError that names them, and says the way out
 */
export async function refuseToHideMembers(imageId: string, location: Location): Promise<void> {
  const members = await membersOf(imageId, location);
  // To another account, a member is all that there is, itself; the update says whose the image is.
  if (
    members.length === 0 ||
    (await anothersImage(location.client, await location.client.showImage(imageId))) !== undefined
  ) {
    return;
  }
  throw new ImageError(
    `Image ${imageId} is shared with ${inWords(members)}, and cannot be made private before ` +
      `${members.length === 1 ? "that one is" : "these are"} taken out. Leave its visibility "shared", take the ImageMember of each out of its program, ` +
      "and run pulumi up; then make it private. A member that no program has is taken out in the console.",
  );
}

/** Says that an image which is taken over has members that would be hidden, and the way out: a sentence's part. Undefined where none would be. */
export async function hiddenByTakeOver(
  { id, visibility: now }: Image,
  { visibility }: Properties,
  location: Location,
): Promise<string | undefined> {
  const members = now === "shared" && visibility === "private" ? await membersOf(id, location) : [];
  return members.length === 0
    ? undefined
    : `it is shared with ${inWords(members)}, and the program would make it private; say visibility: "shared" to take it over`;
}

/** The members of an image, each as a user knows it. */
async function membersOf(imageId: string, { client, memberships, warn }: Location): Promise<string[]> {
  const members = await client.members.list(imageId).catch((error: unknown) => {
    const reason = error instanceof ScpError ? error.message : undefined;
    if (reason === undefined || isTransient(error)) {
      throw error;
    }
    warn(`${reason} So it is not known whether image ${imageId} has members, whom making it private hides.`);
    return [];
  });
  const listed = members.map(({ memberId }) => memberId);
  // One that was added a moment ago may be listed late.
  const late = memberships
    .heldOf(imageId)
    .filter((one) => !listed.some((memberId) => isSameAccount(memberId, one)));
  return [...listed, ...late].map((memberId) => {
    const name = memberships.nameOf({ of: "owner", imageId, memberId });
    return name === undefined ? memberId : `${memberId} (the ImageMember ${name} of this program)`;
  });
}

function inWords(members: readonly string[]): string {
  return `${members.length === 1 ? "account" : "accounts"} ${members.join(", ")}`;
}
