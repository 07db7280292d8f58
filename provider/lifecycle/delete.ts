import type { ScpClient } from "../api/client";
import { isConflict, isForbidden, isNotFound, type ScpError } from "../api/errors";
import { explainForeign } from "./accounts";
import type { Properties } from "../schema/description";
import type { Clock } from "./clock";
import type { ProviderContext } from "./context";
import { ImageError } from "./image-error";
import { openAsKept } from "./profiles";
import { duration } from "./progress";
import { showUnlessGone, undefinedIfNotFound, type Remembered } from "./gone";

interface Services {
  client: ScpClient;
  clock: Clock;
}

/** How long a delete that is refused because the image is in use is tried again, in milliseconds. */
const inUse = { longest: 5 * 60_000, initialBackoff: 2_000, maxBackoff: 30_000 };

/**
 * Deletes an image. One that is gone already is fine: that is what was wanted, and a delete whose answer was lost looks the same.
 * @param remembered what the state tells of it, by which it is known to be gone and not only out of sight
 */
export async function deleteImage(id: string, remembered: Remembered, services: Services): Promise<void> {
  const { client, clock } = services;
  const since = clock.now();
  for (let pause = inUse.initialBackoff; ; pause = Math.min(pause * 2, inUse.maxBackoff)) {
    try {
      await client.deleteImage(id);
    } catch (error) {
      if (isNotFound(error)) {
        if ((await showUnlessGone(id, remembered, services)) === undefined) {
          return;
        }
      } else if (isForbidden(error)) {
        throw await explainRefusal(error, id, remembered, client);
      } else if (!isConflict(error)) {
        throw error;
      }
      if (clock.now() - since + pause > inUse.longest) {
        const waited = duration(clock.now() - since);
        throw new ImageError(`${error.message} It was still in use after ${waited}; free it and run again.`, {
          cause: error,
        });
      }
      await clock.sleep(pause);
      continue;
    }
    await seeGone(id, services);
    return;
  }
}

/** How long a deleted image may be shown, in milliseconds. */
const shownFor = 30_000;

/** What stands between us and the service may accept a delete too: it is believed when the service shows no such image any more. */
async function seeGone(id: string, { client, clock }: Services): Promise<void> {
  const since = clock.now();
  for (let pause = 500; ; pause *= 2) {
    const image = await undefinedIfNotFound(() => client.showImage(id));
    if (image === undefined || ["deleted", "pending_delete"].includes(image.status)) {
      return;
    }
    if (clock.now() - since + pause > shownFor) {
      throw new ImageError(
        `The delete of image ${id} was accepted, but the image is still shown, ${image.status}. It stays in the state; run again.`,
      );
    }
    await clock.sleep(pause);
  }
}

/** Why the service does not let an image be deleted, where that can be told: it is somebody else's, or protected. */
async function explainRefusal(
  error: ScpError,
  id: string,
  remembered: Remembered,
  client: ScpClient,
): Promise<Error> {
  const image = await client.showImage(id).catch(() => undefined);
  const foreign = image && (await explainForeign(error, image, client));
  const refused = image?.protected ? new ImageError(protectedText(id, remembered), { cause: error }) : error;
  return foreign ?? refused;
}

function protectedText(id: string, { protected: declared }: Remembered): string {
  if (declared === undefined) {
    return (
      `Image ${id} is protected, so it is not deleted. Lift its protection where it is declared, or in the console, and run again; ` +
      "or set deleteImage to false and run pulumi up: then deleting this resource leaves the image alone."
    );
  }
  return (
    `Image ${id} is protected, so it is not deleted. Set its property protected to false, run pulumi up, then delete it. If that says ` +
    "false already, pulumi up --refresh sees that it was protected since, and lifts that. " +
    "(An image that was replaced while it was protected is in no program any more: lift its protection in the console and run again, " +
    "or keep it, and take it out of the state with pulumi state delete.)"
  );
}

/** Deletes a resource's image, unless something else of this run holds it. */
export async function deleteUnlessHeld(
  context: ProviderContext,
  id: string,
  props: Properties,
): Promise<void> {
  const location = await openAsKept(context, `Image ${id}`, props);
  const { holders } = location;
  location.reader.forget();
  if (holders.wasDeleted(id)) {
    return;
  }
  if (holders.release(id, props.token)) {
    await deleteImage(id, props, location);
    holders.noteDeleted(id);
  } else {
    location.warn(`Image ${id} is kept: another resource of this program manages it.`);
  }
}
