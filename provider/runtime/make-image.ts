import { isDeepStrictEqual } from "node:util";
import type { ScpClient } from "../api/client";
import { ScpError } from "../api/errors";
import type { CreateImage, Image, UpdateImage } from "../api/images";
import type { Properties } from "../properties";
import type { Clock } from "./clock";
import { deleteLeft } from "./delete-image";
import { urlOf } from "./hooks";
import { ImageError } from "./image-error";
import { unlessGone } from "./unless-gone";
import { markKey, type Marks } from "./marks";

interface Surroundings {
  client: ScpClient;
  marks: Marks;
  clock: Clock;
}

/** How often the request that makes an image is sent when its answers get lost. */
const mostRequests = 3;

/** When to look for what a request made whose answer was lost, in milliseconds after the loss: the service may still be at it. */
const lookTimes = [0, 1_000, 3_000];

/**
 * Makes one image for a record, whatever was lost before: an earlier run's knowledge of an image that it made, or the answer to a
 * request of this one. The request carries a token, so that what it made is found again for sure.
 */
export async function makeImage(inputs: Properties, surroundings: Surroundings): Promise<Image> {
  const { client } = surroundings;
  const { token } = inputs;
  if (typeof token !== "string") {
    return client.createImage(inputs as unknown as CreateImage);
  }
  const left = await leftImages(token, surroundings);
  const [image, ...others] = left.filter((one) => differences(one, inputs).length === 0);
  const superfluous = [...others, ...left.filter((one) => differences(one, inputs).length > 0)];
  const made = await (image === undefined
    ? createSurely(inputs, token, surroundings)
    : takeOverLeft(image, inputs, token, client));
  for (const one of superfluous) {
    await discard(one, inputs, surroundings);
  }
  return made;
}

/** Makes an image that a killed run left the record's own. */
async function takeOverLeft(
  image: Image,
  inputs: Properties,
  token: string,
  client: ScpClient,
): Promise<Image> {
  const mended = await bringTo(image, inputs, client);
  await client.setTags(mended, { ...(inputs.tags as CreateImage["tags"]), [markKey]: token });
  return mended;
}

/** Makes an image that exists already the record's own. */
export async function takeOver(inputs: Properties, { client }: Surroundings): Promise<Image> {
  const image = await client.showImage(String(inputs.imageId));
  const different = differences(image, inputs);
  if (different.length > 0) {
    throw new ImageError(`Image ${image.id} cannot be taken over: ${different.join("; ")}.`);
  }
  const mended = await bringTo(image, inputs, client);
  if (inputs.tags !== undefined) {
    await client.setTags(mended, { ...(inputs.tags as CreateImage["tags"]) });
  }
  return mended;
}

/** What of an image is not as declared and can never be: one sentence's part each. */
export function differences(image: Image, declared: Properties): string[] {
  const fixed = {
    name: image.name,
    osDistro: image.osDistro ?? declared.osDistro,
    url: urlOf(image, declared.url),
    diskFormat: image.diskFormat ?? declared.diskFormat,
    containerFormat: image.containerFormat ?? declared.containerFormat,
  };
  return Object.entries(fixed)
    .filter(([key, value]) => value !== declared[key])
    .map(([key, value]) => `its ${key} is ${JSON.stringify(value)}, not ${JSON.stringify(declared[key])}`);
}

async function leftImages(token: string, { client, marks }: Surroundings): Promise<Image[]> {
  const ids = await marks.leftFor(token);
  const images = await Promise.all(ids.map((id) => unlessGone(() => client.showImage(id))));
  return images.filter((image) => image !== undefined);
}

/**
 * An image that a killed run made for this record as it was declared then. As a part of an `Image` it never was active for anybody,
 * so it goes. A record by itself may have been given on to somebody, so it is only named.
 */
async function discard(image: Image, inputs: Properties, { client, clock }: Surroundings): Promise<void> {
  if (inputs.settledByImport === true) {
    await deleteLeft(client, clock, image.id);
  } else {
    console.warn(
      `Image ${image.id} (${image.name}) was made for this record before, perhaps by a run that was killed. If no state has it, delete it by hand.`,
    );
  }
}

/** Brings what can change to what is declared. */
async function bringTo(image: Image, declared: Properties, client: ScpClient): Promise<Image> {
  const changeable = ["minDisk", "minRam", "protected", "visibility"] as const;
  const changed = changeable.filter((key) => !isDeepStrictEqual(image[key], declared[key]));
  const changes: UpdateImage = Object.fromEntries(changed.map((key) => [key, declared[key]]));
  return changed.length === 0 ? image : client.updateImage(image.id, changes);
}

/** Sends the request that makes an image until it is certain what came of it. */
async function createSurely(inputs: Properties, token: string, surroundings: Surroundings): Promise<Image> {
  const { client } = surroundings;
  const request = {
    ...inputs,
    tags: { ...(inputs.tags as CreateImage["tags"]), [markKey]: token },
  } as unknown as CreateImage;
  for (let sent = 1; ; sent += 1) {
    try {
      const image = await client.createImage(request);
      if (sent > 1) {
        await deleteOthers(image.id, token, surroundings);
      }
      return image;
    } catch (error) {
      if (!(error instanceof ScpError) || !error.mayHaveWorked) {
        throw error;
      }
      const image = await findMade(token, surroundings).catch(() => {
        throw error; // Where it cannot be looked for, nobody knows whether to send it again.
      });
      if (image !== undefined) {
        return image;
      }
      if (sent === mostRequests) {
        throw error;
      }
    }
  }
}

async function findMade(token: string, { client, marks, clock }: Surroundings): Promise<Image | undefined> {
  for (const time of lookTimes) {
    await clock.sleep(time);
    const [id] = await marks.madeWith(token);
    const image = id === undefined ? undefined : await unlessGone(() => client.showImage(id));
    if (image !== undefined) {
      return image;
    }
  }
  return undefined;
}

/** An earlier request may have worked after all, too late to be found. */
async function deleteOthers(
  kept: string,
  token: string,
  { client, marks, clock }: Surroundings,
): Promise<void> {
  for (const id of await marks.madeWith(token)) {
    if (id !== kept) {
      await deleteLeft(client, clock, id);
    }
  }
}
