import { imageFields, type Image } from "../api/images";
import { imageNames, type Properties } from "../schema/description";
import { imageRecord } from "../schema/image-record";
import { endpointFound } from "./accounts";
import type { Location, Overrides, ProviderContext } from "./context";
import { showUnlessGone, type Remembered } from "./gone";
import { openAsKept } from "./profiles";

/** Where a resource is: as its state says, or, for one that is only being looked up, as the settings say. */
export function locationOf(
  context: ProviderContext,
  overrides: Overrides,
): { region: string; environment: string } {
  const { region, environment } = context.settings(overrides);
  return { region, environment };
}

/**
 * An image for a read. One that is only looked up must be there; one that the state knows may be gone, which must be proven.
 * @param olds what the state says; undefined for a look-up
 * @param remembered what of it tells, should the image be gone, whose keys can say so
 */
export async function readImage(
  id: string,
  olds: Properties | undefined,
  location: Location,
  remembered?: Remembered,
): Promise<Image | undefined> {
  if (olds === undefined) {
    return location.client.showImage(id);
  }
  const listed = await location.reader.listed(id);
  return listed !== undefined && tellsAll(listed, olds)
    ? listed
    : showUnlessGone(id, remembered ?? olds, location);
}

/** What the read of a resource begins with that is done when its image is active. */
export interface ActiveRead {
  image: Image;
  /** What the state says, with where the image is for sure. */
  olds: Properties;
}

/** An image that was active once; undefined when it is gone. One that is not active any more is told. */
export async function readActive(
  context: ProviderContext,
  id: string,
  known: Properties | undefined,
): Promise<ActiveRead | undefined> {
  const location = await openAsKept(context, `Image ${id}`, known ?? {});
  const image = await readImage(id, known, location);
  if (image === undefined) {
    return undefined;
  }
  if (image.status !== "active") {
    location.warn(`Image ${id} is ${image.status}, so no server can be made of it.`);
  }
  const endpoint = endpointFound(known ?? {}, location.client.settings);
  return { image, olds: { ...known, ...locationOf(context, known ?? {}), endpoint } };
}

/** A list may tell less of an image than Show does. What cannot change need not be told again. */
function tellsAll(listed: Image, olds: Properties): boolean {
  const told: Properties = { ...listed };
  const unchanging: readonly string[] = imageNames(imageRecord, "replace");
  return Object.keys(imageFields).every(
    (name) => olds[name] === undefined || told[name] !== undefined || unchanging.includes(name),
  );
}

/**
 * What a read gives the state: all that was found. When that is nothing new, the time of the last change stays too, since it
 * also moves for what is no change of the resource's.
 */
export function withOldTime(now: Properties, before: Properties): Properties {
  const changed = Object.keys(now).some(
    (name) => name !== "updatedAt" && JSON.stringify(now[name]) !== JSON.stringify(before[name]),
  );
  return changed || before.updatedAt === undefined ? now : { ...now, updatedAt: before.updatedAt };
}
