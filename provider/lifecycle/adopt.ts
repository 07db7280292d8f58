import type { ScpClient } from "../api/client";
import { ScpError } from "../api/errors";
import type { CreateImage, Image, UpdateImage } from "../api/images";
import { placeOfSrn } from "../api/tags";
import type { Clock } from "./clock";
import { claim } from "./confirm";
import { newCreationTag } from "../schema/creation-tag";
import { showLate } from "./gone";
import type { ImageHolders } from "./holders";
import { describeImage, type OrphanFinder, type Tagged } from "./orphans";
import { imageNames } from "../schema/description";
import { imageRecord } from "../schema/image-record";
import { immutableMismatches } from "../schema/spelling";

export interface AdoptionServices {
  client: ScpClient;
  clock: Clock;
  holders: ImageHolders;
  orphans: OrphanFinder;
  warn: (text: string) => void;
}

/** States out of which an image becomes active by itself, or by being imported into. */
const onItsWay = new Set(["queued", "saving", "uploading", "importing"]);

/** How far the time in a creation tag and the image's own may lie apart, in milliseconds: a request may be turned away for a while first. */
const requestTime = { before: 2 * 60_000, after: 15 * 60_000 };

/**
 * The image that a killed run created for this very resource, made this run's own; undefined where there is none that can be nobody
 * else's. Every other image that carries the resource's creation tag is told to the user, and left alone.
 *
 * @param origin the stack and the resource that images are looked for
 * @param youngerThan the age up to which an image that is active already can be one that nobody uses yet, in milliseconds
 */
export async function adoptOrphan(
  declared: CreateImage,
  origin: string,
  youngerThan: number,
  services: AdoptionServices,
): Promise<Image | undefined> {
  const { client, warn } = services;
  let adopted: Image | undefined;
  for (const candidate of await candidatesFor(origin, services)) {
    const image = await showLate(candidate.imageId, candidate.tag?.createdAt ?? 0, services);
    if (image === undefined) {
      continue;
    }
    const reason =
      adopted === undefined
        ? ((await objection(image, candidate, declared, youngerThan, services)) ??
          (await refusedClaim(image, candidate, declared, client)))
        : `image ${adopted.id} was adopted already`;
    if (reason === undefined) {
      adopted = image;
    } else {
      warn(orphanText(image, reason, client.serverNow()));
    }
  }
  return adopted === undefined ? undefined : updateToDeclared(adopted, declared, client);
}

/** The images that were created for the same resource of the same stack, without those that are known to be in use. */
async function candidatesFor(origin: string, { orphans, holders }: AdoptionServices): Promise<Tagged[]> {
  return (await orphans.tagged()).filter(
    ({ tag, imageId }) => tag?.origin === origin && !holders.isHeld(imageId),
  );
}

/** Why an image may be somebody's, or is not what is declared; undefined where it can be nobody else's. */
async function objection(
  image: Image,
  candidate: Tagged,
  declared: CreateImage,
  youngerThan: number,
  { client, orphans }: AdoptionServices,
): Promise<string | undefined> {
  const [mismatch] = immutableMismatches(imageRecord, image, declared);
  if (mismatch !== undefined) {
    return mismatch;
  }
  if (candidate.tag?.createdAs !== "image") {
    return "it was created by an ImageRecord alone, so that it may be in use";
  }
  if (placeOfSrn(candidate.srn)?.region !== client.settings.region) {
    return "it is in another region";
  }
  if ((await orphans.tagged()).filter(({ value }) => value === candidate.value).length > 1) {
    return "another image carries the very same tag";
  }
  const created = Date.parse(image.createdAt ?? "");
  const since = created - candidate.tag.createdAt;
  if (Number.isNaN(since) || since < -requestTime.before || since > requestTime.after) {
    return "it was not created when its tag says";
  }
  return stateObjection(image, created, youngerThan, client);
}

async function stateObjection(
  image: Image,
  created: number,
  youngerThan: number,
  client: ScpClient,
): Promise<string | undefined> {
  const isActive = image.status === "active";
  if (!isActive && !onItsWay.has(image.status)) {
    return `it is ${image.status}`;
  }
  if (isActive && client.serverNow() - created > youngerThan) {
    return "it has been there for longer than an import may take, so that it may be in use";
  }
  const object = image.url === undefined ? undefined : await client.showObject(image.url);
  if (object === undefined) {
    return isActive ? "it cannot be told whether its object is still the same" : undefined;
  }
  if (object.lastModified > created) {
    return "its object was written anew since";
  }
  const differs = object.size !== image.size || (object.md5 !== undefined && object.md5 !== image.checksum);
  return isActive && differs ? "its object has another content by now" : undefined;
}

/**
 * Gives the image a creation tag of this run, and says why that cannot be. Who cannot change the tag of an image cannot know whether a run
 * before could: then the tag proves nothing.
 */
async function refusedClaim(
  image: Image,
  { value: from, tag }: Tagged,
  declared: CreateImage,
  client: ScpClient,
): Promise<string | undefined> {
  if (tag === undefined) {
    return "its creation tag does not tell whose it is";
  }
  const to = newCreationTag(tag.origin, tag.createdAs, tag.createdAt);
  try {
    return (await claim(image, { from, to, tags: declared.tags }, client))
      ? undefined
      : "its creation tag has changed meanwhile";
  } catch (error) {
    if (error instanceof ScpError) {
      return `its creation tag cannot be changed (${error.message})`;
    }
    throw error;
  }
}

function orphanText(image: Image, reason: string, now: number): string {
  return (
    `Image ${describeImage(image, now)} was created for this resource, perhaps by a run that was killed. It is not adopted: ${reason}. ` +
    "Nothing was done to it. If no stack holds it: npx pulumi-scp-images orphans."
  );
}

/** Brings what can change to what is declared. */
export async function updateToDeclared(
  image: Image,
  declared: Partial<CreateImage>,
  client: ScpClient,
): Promise<Image> {
  const changed = imageNames(imageRecord, "update").filter(
    (name) => declared[name] !== undefined && image[name] !== declared[name],
  );
  const changes: UpdateImage = Object.fromEntries(changed.map((name) => [name, declared[name]]));
  return changed.length === 0 ? image : client.updateImage(image.id, changes);
}
