import type { ScpClient } from "../api/client";
import { isConflict, isForbidden } from "../api/errors";
import type { Properties } from "../properties";
import type { Clock } from "./clock";
import type { Cloud } from "./cloud";
import { ImageError } from "./image-error";
import { duration } from "./progress";
import { unlessGone } from "./unless-gone";

/** How long a delete that is refused because the image is in use is tried again, in milliseconds. */
const inUse = { longest: 5 * 60_000, firstPause: 2_000, longestPause: 30_000 };

/**
 * Deletes an image. One that is gone already is fine: that is what was wanted, and a delete whose answer was lost looks the same.
 */
export async function deleteImageOf(client: ScpClient, clock: Clock, id: string): Promise<void> {
  const since = clock.now();
  for (let pause = inUse.firstPause; ; pause = Math.min(pause * 2, inUse.longestPause)) {
    try {
      await unlessGone(() => client.deleteImage(id));
      return;
    } catch (error) {
      if (isForbidden(error) && (await client.showImage(id).catch(() => undefined))?.protected) {
        throw new ImageError(
          `Image ${id} is protected, so it is not deleted. Set its property protected to false, run pulumi up, then delete it. ` +
            "(An image that was replaced while it was protected is in no program any more: lift its protection in the console.)",
          { cause: error },
        );
      }
      if (!isConflict(error)) {
        throw error;
      }
      if (clock.now() - since + pause > inUse.longest) {
        const waited = duration(clock.now() - since);
        throw new ImageError(`${error.message} It was still in use after ${waited}; free it and run again.`, {
          cause: error,
        });
      }
    }
    await clock.sleep(pause);
  }
}

/** Deletes an image that a killed run left. Nobody has it in a program, so nobody else could lift its protection. */
export async function deleteLeft(client: ScpClient, clock: Clock, id: string): Promise<void> {
  const image = await unlessGone(() => client.showImage(id));
  if (image?.protected) {
    await client.updateImage(id, { protected: false });
  }
  if (image !== undefined) {
    await deleteImageOf(client, clock, id);
  }
}

/**
 * Deletes a resource's image, unless another resource holds it: when one is replaced although its image stays the same, the old
 * one is deleted after the new one was made.
 */
export async function deleteUnlessHeld(cloud: Cloud, id: string, props: Properties): Promise<void> {
  const { client, marks } = cloud.at(props);
  if (marks.release(id, props.token)) {
    await deleteImageOf(client, cloud.clock, id);
  }
}
