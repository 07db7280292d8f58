import type { ScpClient } from "../api/client";
import { isForbidden, isInvalid, isServicesOwn, isTransient, ScpError } from "../api/errors";
import type { CreateImage, Image } from "../api/images";
import type { Clock } from "./clock";
import { creationTagKey } from "../schema/creation-tag";
import type { ImageHolders } from "./holders";
import { describeImage } from "./orphans";
import { imageRecord } from "../schema/image-record";
import { immutableMismatches } from "../schema/spelling";

interface Services {
  client: ScpClient;
  clock: Clock;
  holders: ImageHolders;
  /** Images that this run created or took over, by their ids. */
  created: ReadonlyMap<string, unknown>;
  warn: (text: string) => void;
  warnOnce: (topic: string, text: string) => void;
}

/** How often the request that creates an image is sent when its answers get lost. */
const maxRequests = 3;

/** When to look for what a request created whose answer was lost, in milliseconds after the time before: the service may still be at it. */
const lookAfter = [0, 1_000, 3_000, 6_000, 10_000];

/** When to look again while something is there that may be it, but shows no tag yet. */
const tagShownAfter = [2_000, 5_000, 10_000, 15_000];

/** An image that was just created, and whether it carries the creation tag. */
export interface Created {
  image: Image;
  tagged: boolean;
}

/**
 * Creates one image. The request carries the creation tag, so that what it created is found when its answer is lost. Where the image
 * cannot have the tag, it is created without.
 *
 * @throws ScpError of the service, also when nobody knows whether the request worked
 */
export async function createImage(declared: CreateImage, tag: string, services: Services): Promise<Created> {
  if (!(await canBeTagged(declared.url, services))) {
    return { image: await send(declared, undefined, services), tagged: false };
  }
  const request = { ...declared, tags: { ...declared.tags, [creationTagKey]: tag } };
  try {
    return { image: await send(request, tag, services), tagged: true };
  } catch (error) {
    if (!mayMeanTheTag(error)) {
      throw error;
    }
    const image = await send(declared, undefined, services);
    services.warnOnce(
      "creation tag refused",
      `${error.message} Without the tag ${creationTagKey} the service took it, so images are created without. ${withoutTag}`,
    );
    return { image, tagged: false };
  }
}

const withoutTag =
  "What a run leaves that is killed at the moment of a creation will not be found. To be rid of this message, set scp:creationTag to false.";

/** Tags are addressed by the account. Who cannot tell it could never remove the tag again; passing trouble is no reason. */
async function canBeTagged(url: string, { client, warnOnce }: Services): Promise<boolean> {
  if (!client.settings.creationTag) {
    return false;
  }
  try {
    await client.probableAccountId(url);
    return true;
  } catch (error) {
    if (!(error instanceof ScpError)) {
      throw error;
    }
    const passing: boolean = isTransient(error);
    if (passing) {
      return true;
    }
    warnOnce(
      "account unknown",
      `${error.message} So the keys' account is not known, and images are created without the tag ${creationTagKey}. ${withoutTag}`,
    );
    return false;
  }
}

/**
 * Whether a refusal, after which nothing was created, may be about the tag. Codes of the image service's own are about the image; and
 * what is not the service's own answer does not say that nothing was created.
 */
function mayMeanTheTag(error: unknown): error is ScpError {
  return (
    isServicesOwn(error) && (isInvalid(error) || isForbidden(error)) && !error.code?.startsWith("Image.")
  );
}

/** Sends the request until it is known what came of it. */
async function send(request: CreateImage, tag: string | undefined, services: Services): Promise<Image> {
  const { client, clock } = services;
  const begun = clock.now();
  for (let sent = 1; ; sent += 1) {
    try {
      return asRequested(await client.createImage(request), request);
    } catch (error) {
      if (!(error instanceof ScpError) || !(error.mayHaveWorked || isAnothersRefusal(error))) {
        throw error;
      }
      const image = await findCreated(request, tag, begun, error, services);
      if (image !== undefined) {
        return image;
      }
      if (sent === maxRequests || !error.mayHaveWorked) {
        throw error;
      }
      services.warn(sentAgainText(request, begun, error, services));
    }
  }
}

/** Whether something on the way refused: before the service got the request, or instead of its answer. Who is throttled was turned away. */
function isAnothersRefusal(error: ScpError): boolean {
  return error.status !== undefined && !isServicesOwn(error) && error.failure !== "throttled";
}

/** The service may show late what the first request made: then there are two. */
function sentAgainText({ name }: CreateImage, begun: number, lost: ScpError, services: Services): string {
  const at = new Date(serverTime(begun, services)).toISOString();
  return (
    `${lost.message} No image shows that it worked, so image "${name}" is created by another request. If a second image of this name ` +
    `turns up, made at about ${at}, the first request made it, and no state holds it.`
  );
}

/** An answer that tells of another image is as good as none. */
function asRequested(image: Image, request: CreateImage): Image {
  if (mayBe(image, request)) {
    return image;
  }
  throw new ScpError({
    failure: "unexpected",
    operation: `Create image "${request.name}"`,
    detail: `The answer tells of another image, ${image.id} ("${image.name}")`,
    mayHaveWorked: true,
  });
}

/**
 * What a request created whose answer was lost; undefined where it created nothing.
 * @throws the request's own error where that cannot be told: sending it again could create a second image
 */
async function findCreated(
  request: CreateImage,
  tag: string | undefined,
  begun: number,
  lost: ScpError,
  services: Services,
): Promise<Image | undefined> {
  const { client, clock } = services;
  const untagged = new Map<string, Image>();
  const look = async (): Promise<Image | undefined> => {
    untagged.clear();
    const requested = requestTime(begun, services);
    let seen = 0;
    for await (const image of client.allImages({ limit: pageSize })) {
      seen += 1;
      const created = Date.parse(image.createdAt ?? "");
      // They come newest first; of the first page all are looked at, whatever the clocks say.
      if (seen > pageSize && created < requested - oldest) {
        break;
      }
      if (!mayBe(image, request) || isKnown(image.id, services)) {
        continue;
      }
      const value = tag === undefined ? undefined : (await client.tags.list(image))[creationTagKey];
      if (value !== undefined && value === tag) {
        return image;
      }
      if (value === undefined && !(created < requested - (tag === undefined ? oldest : clockTolerance))) {
        untagged.set(image.id, image);
      }
    }
    return undefined;
  };
  try {
    for (const pause of lookAfter) {
      await clock.sleep(pause);
      const image = await look();
      if (image !== undefined) {
        return image;
      }
    }
    for (const pause of tag === undefined ? [] : tagShownAfter) {
      if (untagged.size === 0) {
        break;
      }
      await clock.sleep(pause);
      const image = await look();
      if (image !== undefined) {
        return image;
      }
    }
  } catch (error) {
    if (error instanceof ScpError) {
      throw lost;
    }
    throw error;
  }
  if (untagged.size > 0) {
    const now = client.serverNow();
    const found = [...untagged.values()].map((image) => describeImage(image, now)).join(", ");
    throw new ScpError({
      failure: lost.failure,
      status: lost.status,
      mayHaveWorked: lost.mayHaveWorked,
      operation: `Create image "${request.name}"`,
      detail: `${lost.detail ?? "No answer came"}. It may have created one of these, which nothing tells from others`,
      advice: `${found}. Nothing was done to them. If one is this resource's, give its id as imageId; if not, run again.`,
    });
  }
  return undefined;
}

/** How many images a page is asked for. */
const pageSize = 200;

/** Images that this run knows already are not what was just created. */
function isKnown(id: string, { created, holders }: Services): boolean {
  return created.has(id) || holders.isHeld(id);
}

/** When the first request was sent, by the service's clock. */
function serverTime(begun: number, { client, clock }: Services): number {
  return begun + client.serverNow() - clock.now();
}

/** The same, or by our own clock, whichever is earlier: the service's may be off from those of its images. */
function requestTime(begun: number, services: Services): number {
  return Math.min(begun, serverTime(begun, services));
}

/** How far the clocks of requests and images may lie apart, in milliseconds: where nothing but the time tells them apart. */
const clockTolerance = 60_000;

/** How far back images are looked through, in milliseconds: further than any clock is wrong. */
const oldest = 24 * 60 * 60_000;

function mayBe(image: Image, request: CreateImage): boolean {
  const { name } = request;
  return (
    (image.name ?? name).trim() === name.trim() &&
    immutableMismatches(imageRecord, { ...image, name }, { ...image, ...request }).length === 0
  );
}
