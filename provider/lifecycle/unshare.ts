import { isTransient, ScpError } from "../api/errors";
import { anothersImage } from "./accounts";
import type { Location } from "./context";
import { ImageError } from "./image-error";

/**
 * Refuses, in preview, to make an image private as long as it has members: SCP would hide them, so that nobody could take them out any
 * more, and they would see the image again when it is shared the next time.
 * @throws ImageError that names them, and says the way out
 */
export async function refuseToHideMembers(imageId: string, location: Location): Promise<void> {
  const { client, memberships, warn } = location;
  const members = await client.members.list(imageId).catch((error: unknown) => {
    const reason = error instanceof ScpError ? error.message : undefined;
    if (reason === undefined || isTransient(error)) {
      throw error;
    }
    warn(`${reason} So it is not known whether image ${imageId} has members, whom making it private hides.`);
    return [];
  });
  // To another account, a member is all that there is, itself; the update says whose the image is.
  if (members.length === 0 || (await anothersImage(client, await client.showImage(imageId))) !== undefined) {
    return;
  }
  const named = members.map(({ memberId }) => {
    const name = memberships.nameOf({ of: "owner", imageId, memberId });
    return name === undefined ? memberId : `${memberId} (the ImageMember ${name} of this program)`;
  });
  const one = members.length === 1;
  throw new ImageError(
    `Image ${imageId} is shared with ${one ? "account" : "accounts"} ${named.join(", ")}, and cannot be made private before ` +
      `${one ? "that one is" : "these are"} taken out. Leave its visibility "shared", take the ImageMember of each out of its program, ` +
      "and run pulumi up; then make it private. A member that no program has is taken out in the console.",
  );
}
