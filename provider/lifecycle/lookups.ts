import { isSameAccount } from "../api/account-id";
import { cutShort, sanitize, ScpError, unfitToShow } from "../api/errors";
import type { ListImages } from "../api/image-pages";
import { writtenName, type Image } from "../api/images";
import { checkProperties, omitUndefined, pick, type CheckFailure } from "../schema/check";
import { propertyOf, type CallArgs, type Description, type Properties } from "../schema/description";
import { imageFilters, type imageLookup } from "../schema/image-lookup";
import type { Location } from "./context";
import { ImageError } from "./image-error";

/** What images are looked up by. Where it is asked is not part of it. */
export type ImageFilters = Omit<CallArgs<typeof imageFilters>, "region" | "environment" | "profile">;
export type ImageQuery = ImageFilters & Pick<CallArgs<typeof imageLookup>, "id" | "mostRecent">;

type Services = Pick<Location, "client"> & Partial<Pick<Location, "created">>;

/** The filters that the service applies. */
const ofService = [
  "name",
  "osDistro",
  "status",
  "visibility",
  "scpImageType",
  "scpOriginalImageType",
] as const satisfies readonly (keyof ListImages & keyof ImageFilters)[];

/** As far as that can be told: a look-up decides about no image's life. */
const onePageACall = { shortIsLast: true };

/** All filters, each with how it is told whether an image is as it says. */
const filterNames = [...ofService, "owner", "nameRegex"] as const satisfies readonly (keyof ImageFilters)[];

/** What is wrong with the arguments of a look-up. Nothing is asked for that. */
export function lookupFailures(description: Description, args: Properties): CheckFailure[] {
  const failures = checkProperties(description, args, {});
  const beside = filterNames.filter((name) => args[name] !== undefined);
  if (failures.length > 0 || args.id === undefined || beside.length === 0) {
    return failures;
  }
  const reason = `id is the image that it names; leave ${beside.join(", ")} out, or look up without id.`;
  return [{ property: "id", reason }];
}

/**
 * All images that a query matches, the newest first: by `createdAt`, then by id.
 * @throws ScpError
 */
export async function findImages(query: ImageFilters, { client }: Services): Promise<Image[]> {
  const listed = await client.allImages(pick(query, ofService), onePageACall);
  return listed.filter((image) => mismatches(image, query).length === 0).sort(newestFirst);
}

/**
 * The one image that a query matches: the one of its id, else an active one, unless the query says which status.
 * @throws ImageError where there is none, or more than one and not the newest is asked for; ScpError
 */
export async function findImage(query: ImageQuery, location: Services): Promise<Image> {
  const { id, mostRecent, ...given } = query;
  if (id !== undefined) {
    return location.client.showImage(id);
  }
  const filters: ImageFilters = { ...given, status: given.status ?? "active" };
  const [newest, ...others] = await findImages(filters, location);
  if (newest === undefined) {
    throw new ImageError(await noneText(filters, location));
  }
  if (others.length > 0 && mostRecent !== true) {
    throw new ImageError(manyText(filters, [newest, ...others], location));
  }
  return newest;
}

/** The service's own order. Of images without a time nobody knows, so they come last. */
function newestFirst(one: Image, other: Image): number {
  const age = timeOf(other) - timeOf(one);
  return age !== 0 ? age : one.id < other.id ? 1 : -1;
}

function timeOf({ createdAt = "" }: Image): number {
  const time = Date.parse(createdAt);
  return Number.isNaN(time) ? 0 : time;
}

type FilterName = (typeof filterNames)[number];

/** Which of the filters an image does not match. The service is not relied on to know them all; what it does not tell, it is believed in. */
function mismatches(image: Image, query: ImageFilters): FilterName[] {
  return filterNames.filter((name) => {
    const wanted = query[name];
    if (wanted === undefined) {
      return false;
    }
    if (name === "nameRegex") {
      return !new RegExp(wanted).test(nameOf(image) ?? "");
    }
    const has = name === "name" ? nameOf(image) : image[name];
    const believed = has === undefined && name !== "owner";
    return !believed && !isSame(name, has, wanted);
  });
}

/** Signs that are not shown count too: to the service, and to servers, it is another name. */
function nameOf(image: Image): string | undefined {
  return image[writtenName] ?? image.name;
}

/** A service may write a word in capitals. Names differ by them. */
function isSame(name: FilterName, has: string | undefined, wanted: string): boolean {
  if (name === "owner") {
    return has !== undefined && isSameAccount(has, wanted);
  }
  const { kind } = propertyOf(imageFilters, name);
  return name.startsWith("scp") ? has?.toLowerCase() === wanted.toLowerCase() : kind.same(has, wanted);
}

const longestShown = 400;
const mostNamed = 10;
const mostNear = 5;

function manyText(query: ImageFilters, images: readonly Image[], { created }: Services): string {
  const some = images.slice(0, mostNamed).map(candidate);
  const more = images.length > some.length ? ` and ${images.length - some.length} more` : "";
  return (
    `${images.length} images have ${inWords(query)}: ${some.join("; ")}${more}. ` +
    `Set mostRecent to take the newest, narrow the filters, or use the id of the one that is meant.${ofReplacement(images, created)}`
  );
}

/** A replacement makes the new image first. A look-up that fails then ends the run, and with it what would delete the old one. */
function ofReplacement(images: readonly Image[], created: Services["created"]): string {
  const made = images.find(({ id }) => created?.has(id));
  const isOneName = new Set(images.map(nameOf)).size < images.length;
  const way = "A program looks its own image up by its id, or with mostRecent: true.";
  if (made !== undefined) {
    return ` ${made.id} was made in this run, and an image that it replaces stays until the run's end. ${way}`;
  }
  return isOneName
    ? ` An image that is replaced stays beside the new one until the end of a run. ${way}`
    : "";
}

async function noneText(query: ImageFilters, { client }: Services): Promise<string> {
  const { region, environment } = client.settings;
  const none = `No image has ${inWords(query)} in region ${region}, environment ${environment}.`;
  const near = (await visibleImages(query, client)).flatMap((image) => nearness(image, query));
  const some = near.slice(0, mostNear);
  const more = near.length > some.length ? ` and ${near.length - some.length} more` : "";
  return some.length === 0 ? none : `${none} Near: ${some.join("; ")}${more}.`;
}

/** For a better message alone, so no failure counts. */
async function visibleImages({ visibility }: ImageFilters, client: Services["client"]): Promise<Image[]> {
  const listed = await client.allImages({ visibility }, onePageACall).catch((error: unknown) => {
    if (error instanceof ScpError) {
      return [];
    }
    throw error;
  });
  return listed.sort(newestFirst);
}

/** An image that does not match by one filter alone: what it has instead. Of names, one that is spelt much the same. */
function nearness(image: Image, query: ImageFilters): string[] {
  const [only, ...others] = mismatches(image, query);
  if (only === undefined || others.length > 0) {
    return [];
  }
  if (only === "nameRegex") {
    return new RegExp(query.nameRegex ?? "", "i").test(image.name ?? "") ? [candidate(image)] : [];
  }
  const isAlike = only !== "name" || plain(image.name) === plain(query.name);
  return isAlike
    ? [
        `${candidate(image)}, whose ${only} is ${shown((only === "name" ? nameOf(image) : image[only]) ?? "not told")}`,
      ]
    : [];
}

function plain(name = ""): string {
  return name.toLowerCase().replace(/[^\p{L}\p{Nd}]/gu, "");
}

/** An image by which a user can tell it from others. */
export function candidate(image: Image): string {
  const { id, status, createdAt } = image;
  const made = createdAt === undefined ? "" : `, created ${sanitize(createdAt, [])}`;
  return `${id} (${shown(nameOf(image) ?? "")}, ${sanitize(status, [])}${made})`;
}

/** Filters in words. */
function inWords(query: ImageFilters): string {
  const given: Properties = omitUndefined(pick(query, filterNames));
  return Object.entries(given)
    .map(([name, value]) => `${name} ${shown(String(value))}`)
    .join(", ");
}

/** Signs that are not fit to be shown as what they are: two texts that differ by them alone would look the same. */
function shown(text: string): string {
  const escape = (sign: string) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(cutShort(text, longestShown)).replace(unfitToShow, (signs) =>
    Array.from(signs, escape).join(""),
  );
}
