import { ScpError } from "../../api/errors";
import type { Image } from "../../api/images";
import { createOnce, type CreationServices } from "../creation";
import { describeImage } from "../orphans";
import { notOfServer } from "./server-made";

/** How long ago an image was made that a killed run may have left, in milliseconds. */
const lately = 24 * 60 * 60_000;

/**
 * Begins to make an image of a server. The request can be told from no other afterwards, neither by a tag nor by the image's server: what
 * may be left of an earlier run is told before, and what may have come of a lost answer is told with the error. Nothing is adopted.
 * @throws ScpError of the service, also when nobody knows whether the request worked
 */
export async function createServerImage(
  { serverId, name }: { serverId: string; name: string },
  services: CreationServices,
): Promise<Image> {
  const { client } = services;
  const before = await earlierImages(name, services);
  tellOfLeft(before, services);
  const known = new Set(before.map(({ id }) => id));
  return createOnce(
    {
      name,
      operation: `Create image "${name}" from server ${serverId}`,
      send: async () => {
        const createdAt = new Date(client.serverNow()).toISOString();
        return { id: await client.createServerImage(serverId, name), status: "queued", name, createdAt };
      },
      mayBe: (image) => mayBeOfServer(image, name) && !known.has(image.id),
    },
    services,
  );
}

/** Images of this name that were made from servers, so far. What cannot be asked for is not told: the main job does not depend on it. */
async function earlierImages(name: string, { client }: CreationServices): Promise<Image[]> {
  const found: Image[] = [];
  try {
    for await (const image of client.pagesOfImages({ name })) {
      found.push(image);
    }
  } catch (error) {
    if (!(error instanceof ScpError)) {
      throw error;
    }
  }
  return found.filter((image) => mayBeOfServer(image, name));
}

function tellOfLeft(images: readonly Image[], services: CreationServices): void {
  const { client, holders, created, warnOnce } = services;
  const now = client.serverNow();
  for (const image of images) {
    const isOld = now - Date.parse(image.createdAt ?? "") > lately;
    if (!isOld && !holders.wasHeld(image.id) && !created.has(image.id)) {
      warnOnce(
        `left ${image.id}`,
        `There is an image of this name already: ${describeImage(image, now)}. A run that was killed may have left it, or something else ` +
          "manages it; it is left alone, and another one is made. To manage it with this program, give its id as imageId.",
      );
    }
  }
}

/** An image does not tell which server it was made from. One that is in the making need not tell yet that it was made from any. */
function mayBeOfServer(image: Image, name: string): boolean {
  return (image.name ?? name).trim() === name.trim() && notOfServer(image) === undefined;
}
