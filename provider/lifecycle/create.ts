import { isForbidden, isInvalid, isServicesOwn, isTransient, ScpError } from "../api/errors";
import type { CreateImage, Image } from "../api/images";
import { creationTagKey } from "../schema/creation-tag";
import { imageRecord } from "../schema/image-record";
import { immutableMismatches } from "../schema/spelling";
import { createOnce, type CreationServices } from "./creation";

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
export async function createImage(
  declared: CreateImage,
  tag: string,
  services: CreationServices,
): Promise<Created> {
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
async function canBeTagged(url: string, { client, warnOnce }: CreationServices): Promise<boolean> {
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

/** One request, with this tag or without, and what came of it. */
function send(request: CreateImage, tag: string | undefined, services: CreationServices): Promise<Image> {
  return createOnce(
    {
      name: request.name,
      operation: `Create image "${request.name}"`,
      tag,
      send: async () => asRequested(await services.client.createImage(request), request),
      mayBe: (image) => mayBe(image, request),
    },
    services,
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

function mayBe(image: Image, request: CreateImage): boolean {
  const { name } = request;
  return (
    (image.name ?? name).trim() === name.trim() &&
    immutableMismatches(imageRecord, { ...image, name }, { ...image, ...request }).length === 0
  );
}
