import type { Image, UpdateImage } from "../api/images";
import { pick, type CheckFailure } from "../schema/check";
import { imageNames, type Inputs, type Properties } from "../schema/description";
import { imageRecord } from "../schema/image-record";
import { immutableMismatches } from "../schema/spelling";
import { isUnknown } from "../schema/unknown";
import { anothersImage } from "./accounts";
import { failuresOfImage } from "./check";
import type { Location } from "./context";
import { ImageError } from "./image-error";
import { madeOfAnother } from "./made-of";
import { removeCreationTag } from "./tag-removal";
import { updateImage } from "./update";

// A record whose program gives an imageId manages that image instead of making one.

type RecordInputs = Inputs<typeof imageRecord>;

/**
 * What is wrong with the image that a record names, asked once: when it is named newly. This run learns from here what records are to
 * manage, whatever the order in which they are checked.
 */
export async function takeOverFailures(
  olds: Properties | undefined,
  inputs: RecordInputs,
  location: Location,
): Promise<CheckFailure[]> {
  const { imageId, origin } = inputs;
  const { holders } = location;
  if (imageId === undefined || isUnknown(imageId)) {
    return [];
  }
  if (olds?.imageId === imageId) {
    holders.want(imageId);
    return [];
  }
  // A record that is replaced is checked again, as a new one.
  const again = olds === undefined && origin !== undefined && location.checked.has(origin);
  if (!again && !isUnknown(origin)) {
    if (holders.isOthers(imageId, origin)) {
      return [{ property: "imageId", reason: othersText(imageId) }];
    }
    if (holders.isOfImport(imageId)) {
      return [{ property: "imageId", reason: importsText(imageId) }];
    }
    holders.wantAsNewcomer(imageId, origin);
  }
  holders.want(imageId);
  return refusedImage(imageId, inputs, location);
}

/** An image that is to be taken over is looked at in preview already: what hinders it, and always will. */
async function refusedImage(
  imageId: string,
  inputs: RecordInputs,
  location: Location,
): Promise<CheckFailure[]> {
  if (isUnknown({ ...inputs, origin: undefined })) {
    return [];
  }
  return failuresOfImage(async () => {
    const hindrances = await hindrancesOf(await location.client.showImage(imageId), inputs, location);
    const reason = `image ${imageId} cannot be taken over: ${hindrances.join("; ")}.`;
    return hindrances.length === 0 ? [] : [{ property: "imageId", reason }];
  });
}

/** Makes an image that exists already the record's own: what can change is brought to what is declared. */
export async function takeOver(inputs: RecordInputs, location: Location): Promise<Image> {
  const { client } = location;
  const image = await client.showImage(String(inputs.imageId));
  const hindrances = await hindrancesOf(image, inputs, location);
  if (hindrances.length > 0) {
    throw new ImageError(`Image ${image.id} cannot be taken over: ${hindrances.join("; ")}.`);
  }
  const different = imageNames(imageRecord, "update").filter((name) => image[name] !== inputs[name]);
  const changes: UpdateImage = pick(inputs, different);
  if (inputs.tags !== undefined) {
    await client.tags.set(image, inputs.tags);
  } else {
    await removeCreationTag(image, location); // What a killed run left can be taken over by its id.
  }
  const updated = different.length === 0 ? image : await updateImage(image.id, changes, client);
  location.created.set(image.id, { tagged: false });
  return updated;
}

export function othersText(id: string): string {
  return (
    `Image ${id} is managed by another resource of this program already, and can be managed by one alone. ` +
    "Take the other one out, or give it an image of its own, and run pulumi up first."
  );
}

export function importsText(id: string): string {
  return (
    `Image ${id} is managed by an ImageImport of this program, which would delete it too. ` +
    "Set deleteImage to false on that one, and run pulumi up first."
  );
}

/** Why an image cannot be taken over: a sentence's part each. */
async function hindrancesOf(image: Image, inputs: RecordInputs, { client }: Location): Promise<string[]> {
  const hindrances = immutableMismatches(imageRecord, image, inputs);
  if (!["queued", "saving", "uploading", "importing", "active"].includes(image.status)) {
    hindrances.push(`it is ${image.status}`);
  }
  if (image.visibility === "public" || image.visibility === "community") {
    hindrances.push(`it is ${image.visibility}`);
  }
  if (image.protected && !inputs.protected) {
    hindrances.push(
      "it is protected, and the program says protected: false; say true to take it over, and change that afterwards",
    );
  }
  const foreign = await anothersImage(client, image);
  if (foreign !== undefined) {
    hindrances.push(foreign);
  }
  const made =
    image.status === "active" && image.url === undefined
      ? await madeOfAnother(image, inputs.url, client)
      : undefined;
  return made === undefined ? hindrances : [...hindrances, `it is ${made}`];
}
