import { isSameId, type Image } from "../api/images";
import type { CheckFailure } from "../schema/check";
import { asInputs, type Description, type Properties } from "../schema/description";
import { managedRecord } from "../schema/managed-image";
import { immutableMismatches } from "../schema/spelling";
import { isUnknown } from "../schema/unknown";
import { notOurs } from "./accounts";
import { failuresOfImage } from "./check";
import type { Location } from "./context";
import { ImageError } from "./image-error";
import { hiddenByTakeOver } from "./sharing/unshare";

// A record whose program gives an imageId manages that image instead of making one.

/** How one kind of record takes images over. */
export interface Adopter {
  description: Description;
  /** Why an image cannot be one of this kind's, beside what hinders all: a sentence's part each. */
  hindrances: (image: Image, inputs: Properties, location: Location) => Promise<string[]>;
}

/**
 * What is wrong with the image that a record names, asked once: when it is named newly. This run learns from here what records are to
 * manage, whatever the order in which they are checked.
 */
export async function takeOverFailures(
  adopter: Adopter,
  olds: Properties | undefined,
  inputs: Properties,
  location: Location,
): Promise<CheckFailure[]> {
  const { imageId, origin } = asInputs(managedRecord, inputs);
  const { holders } = location;
  if (imageId === undefined || isUnknown(imageId)) {
    return [];
  }
  if (typeof olds?.imageId === "string" && isSameId(olds.imageId, imageId)) {
    holders.want(olds.imageId);
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
  return refusedImage(imageId, adopter, inputs, location);
}

/** An image that is to be taken over is looked at in preview already: what hinders it, and always will. */
async function refusedImage(
  imageId: string,
  adopter: Adopter,
  inputs: Properties,
  location: Location,
): Promise<CheckFailure[]> {
  if (isUnknown({ ...inputs, origin: undefined })) {
    return [];
  }
  return failuresOfImage(async () => {
    const image = await location.client.showImage(imageId);
    const hindrances = await hindrancesOf(image, adopter, inputs, location);
    const reason = `image ${imageId} cannot be taken over: ${hindrances.join("; ")}.`;
    return hindrances.length === 0 ? [] : [{ property: "imageId", reason }];
  });
}

/**
 * The image that a record takes over, as it is now.
 * @throws ImageError where something hinders it
 */
export async function imageToTakeOver(
  adopter: Adopter,
  inputs: Properties,
  location: Location,
): Promise<Image> {
  const image = await location.client.showImage(String(inputs.imageId));
  const hindrances = await hindrancesOf(image, adopter, inputs, location);
  if (hindrances.length > 0) {
    throw new ImageError(`Image ${image.id} cannot be taken over: ${hindrances.join("; ")}.`);
  }
  return image;
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
async function hindrancesOf(
  image: Image,
  { description, hindrances }: Adopter,
  inputs: Properties,
  location: Location,
): Promise<string[]> {
  const all = immutableMismatches(description, image, inputs);
  if (!["queued", "saving", "uploading", "importing", "active"].includes(image.status)) {
    all.push(`it is ${image.status}`);
  }
  if (image.id !== inputs.imageId) {
    all.push(`its id is written ${image.id}`); // All that this run knows of images, it knows by their ids.
  }
  if (image.visibility === "public" || image.visibility === "community") {
    all.push(`it is ${image.visibility}`);
  }
  if (image.protected === true && inputs.protected !== true) {
    all.push(
      "it is protected, and the program says protected: false; say true to take it over, and change that afterwards",
    );
  }
  const foreign = await notOurs(location.client, image);
  if (foreign !== undefined) {
    all.push(foreign);
  }
  // What another account is told of its members is no matter then.
  const hidden = foreign === undefined ? await hiddenByTakeOver(image, inputs, location) : undefined;
  if (hidden !== undefined) {
    all.push(hidden);
  }
  return [...all, ...(await hindrances(image, inputs, location))];
}
