import { isSameId, type Image } from "../api/images";
import type { CheckFailure } from "../schema/check";
import { asInputs, type Inputs, type Properties } from "../schema/description";
import { imageRecord } from "../schema/image-record";
import { creationTagKey } from "../schema/creation-tag";
import { ownTags } from "../schema/own-tags";
import { isUnknown } from "../schema/unknown";
import { failuresOfImage } from "./check";
import type { Location } from "./context";
import { madeOfAnother } from "./made-of";
import { changesFor } from "./managed-image";
import { isOfServer } from "./server/server-made";
import { removeCreationTag } from "./tag-removal";
import { tagsFor } from "./tags";
import { imageToTakeOver, type Adopter } from "./take-over";
import { updateImage } from "./update";

type RecordInputs = Inputs<typeof imageRecord>;

/** How an `ImageRecord` takes an image over: one that is made of the file at its url. */
export const recordAdopter: Adopter = {
  description: imageRecord,
  async hindrances(image, inputs, { client }) {
    const { url, minDisk } = asInputs(imageRecord, inputs);
    const fixed = fixedDisk(image, minDisk);
    const made =
      image.status === "active" && image.url === undefined
        ? await madeOfAnother(image, url, client)
        : undefined;
    return [fixed, made && `it is ${made}`].filter((one) => one !== undefined);
  },
};

/** Makes an image that exists already the record's own: what can change is brought to what is declared. */
export async function takeOverRecord(inputs: RecordInputs, location: Location): Promise<Image> {
  const { client } = location;
  const image = await imageToTakeOver(recordAdopter, inputs, location);
  if (inputs.tags !== undefined) {
    const own = Object.entries(ownTags(await tagsFor(image, client)));
    const channels = Object.fromEntries(own.filter(([key]) => key !== creationTagKey));
    await client.tags.set(image, { ...channels, ...inputs.tags });
  } else {
    await removeCreationTag(image, location); // What a killed run left can be taken over by its id.
  }
  const changes = changesFor(imageRecord, image, inputs);
  const updated = Object.keys(changes).length === 0 ? image : await updateImage(image.id, changes, client);
  location.created.set(image.id, { tagged: false });
  return updated;
}

/** A change of minDisk that SCP would refuse, of an image that was taken over. */
export async function fixedDiskFailures(
  olds: Properties | undefined,
  { imageId, minDisk }: RecordInputs,
  { client }: Location,
): Promise<CheckFailure[]> {
  const isAsked = imageId !== undefined && isSameId(imageId, olds?.imageId) && minDisk !== olds?.minDisk;
  if (!isAsked || isUnknown([imageId, minDisk])) {
    return [];
  }
  return failuresOfImage(async () => {
    const fixed = fixedDisk(await client.showImage(imageId), minDisk);
    return fixed === undefined ? [] : [{ property: "minDisk", reason: `of image ${imageId}, ${fixed}.` }];
  });
}

/** Why an image cannot have this minDisk: a sentence's part. */
function fixedDisk(image: Image, minDisk: number): string | undefined {
  return isOfServer(image) && image.minDisk !== undefined && image.minDisk !== minDisk
    ? `its minDisk is ${image.minDisk}, not ${minDisk}, and cannot change, since it was made from a server: see ServerImage`
    : undefined;
}
