import { isNotFound } from "../../api/errors";
import { messageOf } from "../accounts";
import type { Location } from "../context";
import { ImageError } from "../image-error";
import { hidden, type Pair } from "./member-gone";
import { updateImage } from "../update";

// A member of an image that is not shared is hidden, and not gone: it sees the image when that is shared the next time. So it is never taken
// for removed. SCP lets nobody take it out as it is, so its image is shared for as long as that takes.

/** What a removal came to: the member is hidden, or there is none any more. */
type Removal = () => Promise<typeof hidden | undefined>;

/**
 * Takes a member out that is hidden. To be called for one member of an image at a time: what one has made shared, another one must not make
 * private.
 * @throws ImageError that says what hinders it; ScpError of the service
 */
export async function removeHidden(pair: Pair, location: Location, remove: Removal): Promise<void> {
  const { visibility } = await location.client.showImage(pair.imageId);
  if (visibility === "private") {
    await removeWhileShared(pair, location, remove);
    return;
  }
  // Shared by now, or open to everybody: nobody can make it that again.
  if (visibility !== "shared" || (await remove()) === hidden) {
    throw new ImageError(keptText(pair, `it is ${visibility ?? "not shared"}.`));
  }
}

async function removeWhileShared(pair: Pair, location: Location, remove: Removal): Promise<void> {
  location.warn(
    `Image ${pair.imageId} is private, and SCP lets no account be taken out of it: it is made shared for as long as it takes to take out ` +
      `account ${pair.memberId}, then private again.`,
  );
  location.reader.forget();
  await share(pair, location);
  let failure: unknown;
  try {
    if ((await remove()) === hidden) {
      failure = new ImageError(keptText(pair, "it is private again."));
    }
  } catch (error) {
    failure = error;
  }
  await hide(pair, location, failure);
  if (failure !== undefined) {
    throw failure as Error;
  }
}

async function share(pair: Pair, { client }: Location): Promise<void> {
  try {
    await updateImage(pair.imageId, { visibility: "shared" }, client);
  } catch (error) {
    const message = error instanceof ImageError ? error.message : messageOf(error);
    throw new ImageError(keptText(pair, `it cannot be made shared for that. ${message}`), { cause: error });
  }
}

/** @throws ImageError where the image stays shared, with what failed before */
async function hide({ imageId }: Pair, { client }: Location, before: unknown): Promise<void> {
  let reason = "";
  try {
    const { visibility } = await updateImage(imageId, { visibility: "private" }, client);
    if (visibility === "private") {
      return;
    }
  } catch (error) {
    if (isNotFound(error)) {
      return;
    }
    reason = error instanceof ImageError ? error.message : messageOf(error);
  }
  const left = `Image ${imageId} was private, was made shared to take a member out, and still is. Make it private.`;
  const failed = before instanceof Error ? before.message : "";
  throw new ImageError([failed, left, reason].filter((part) => part !== "").join(" "), { cause: before });
}

function keptText({ imageId, memberId }: Pair, reason: string): string {
  return (
    `Account ${memberId} cannot be taken out of image ${imageId} as long as that is not shared: ${reason} ` +
    'The member stays in the state. Set the image\'s visibility to "shared", and run again; then set it back.'
  );
}
