import type { ScpClient } from "../api/client";
import { isServicesOwn, ScpError } from "../api/errors";
import type { Image } from "../api/images";
import { creationTagKey } from "../schema/creation-tag";
import type { Clock } from "./clock";
import type { ImageHolders } from "./holders";
import { describeImage } from "./orphans";

/** What a creation works with. */
export interface CreationServices {
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

/** The creation of one image, and how what it created is known when its answer is lost. */
export interface Creation {
  /** The image's name. */
  name: string;
  /** As the beginning of a sentence: `Create image "golden"`. */
  operation: string;
  /** The creation tag that the request carries, if it does. */
  tag?: string;
  send: () => Promise<Image>;
  /** Whether an image may be what the request creates. */
  mayBe: (image: Image) => boolean;
}

/**
 * Creates an image: sends the request until it is known what came of it.
 * @throws ScpError of the service, also when nobody knows whether the request worked: then it tells what it may have created
 */
export async function createOnce(creation: Creation, services: CreationServices): Promise<Image> {
  const begun = services.clock.now();
  for (let sent = 1; ; sent += 1) {
    try {
      return await creation.send();
    } catch (error) {
      if (!(error instanceof ScpError) || !(error.mayHaveWorked || isAnothersRefusal(error))) {
        throw error;
      }
      const image = await findCreated(creation, begun, error, services);
      if (image !== undefined) {
        return image;
      }
      if (sent === maxRequests || !error.mayHaveWorked) {
        throw error;
      }
      services.warn(sentAgainText(creation, begun, error, services));
    }
  }
}

/** Whether something on the way refused: before the service got the request, or instead of its answer. Who is throttled was turned away. */
function isAnothersRefusal(error: ScpError): boolean {
  return error.status !== undefined && !isServicesOwn(error) && error.failure !== "throttled";
}

/** The service may show late what the first request made: then there are two. */
function sentAgainText(
  { name }: Creation,
  begun: number,
  lost: ScpError,
  services: CreationServices,
): string {
  const at = new Date(serverTime(begun, services)).toISOString();
  return (
    `${lost.message} No image shows that it worked, so image "${name}" is created by another request. If a second image of this name ` +
    `turns up, made at about ${at}, the first request made it, and no state holds it.`
  );
}

/**
 * What a request created whose answer was lost; undefined where it created nothing.
 * @throws the request's own error where that cannot be told: sending it again could create a second image
 */
async function findCreated(
  { operation, tag, mayBe }: Creation,
  begun: number,
  lost: ScpError,
  services: CreationServices,
): Promise<Image | undefined> {
  const { client, clock } = services;
  const untagged = new Map<string, Image>();
  const look = async (): Promise<Image | undefined> => {
    untagged.clear();
    const requested = requestTime(begun, services);
    let seen = 0;
    for await (const image of client.pagesOfImages({ limit: pageSize })) {
      seen += 1;
      const created = Date.parse(image.createdAt ?? "");
      // They come newest first; of the first page all are looked at, whatever the clocks say.
      if (seen > pageSize && created < requested - oldest) {
        break;
      }
      if (!mayBe(image) || isKnown(image.id, services)) {
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
      throw tag === undefined ? unfindable(operation, lost, error) : lost;
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
      operation,
      detail: `${lost.detail ?? "No answer came"}. It may have created one of these, which nothing tells from others`,
      advice: `${found}. Nothing was done to them. If one is this resource's, give its id as imageId; if not, run again.`,
    });
  }
  return undefined;
}

/** Without a tag, nothing says later whose an image is. */
function unfindable(operation: string, lost: ScpError, hindrance: ScpError): ScpError {
  const { failure, status, mayHaveWorked, detail } = lost;
  const advice =
    `It may have created an image all the same, which could not be looked for: ${hindrance.message} Look whether there is one before you ` +
    "run again; if there is, give its id as imageId.";
  return new ScpError({ operation, failure, status, mayHaveWorked, detail, advice });
}

/** How many images a page is asked for. */
const pageSize = 200;

/** Images that this run knows already are not what was just created. */
function isKnown(id: string, { created, holders }: CreationServices): boolean {
  return created.has(id) || holders.isHeld(id);
}

/** When the first request was sent, by the service's clock. */
function serverTime(begun: number, { client, clock }: CreationServices): number {
  return begun + client.serverNow() - clock.now();
}

/** The same, or by our own clock, whichever is earlier: the service's may be off from those of its images. */
function requestTime(begun: number, services: CreationServices): number {
  return Math.min(begun, serverTime(begun, services));
}

/** How far the clocks of requests and images may lie apart, in milliseconds: where nothing but the time tells them apart. */
const clockTolerance = 60_000;

/** How far back images are looked through, in milliseconds: further than any clock is wrong. */
const oldest = 24 * 60 * 60_000;
