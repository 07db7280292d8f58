import type { ScpClient } from "../api/client";
import { isNotFound, isTransient, ScpError } from "../api/errors";
import type { TaggedResource } from "../api/tags";
import type { Clock } from "./clock";
import { undefinedIfNotFound } from "./gone";
import { creationTagKey, withoutCreationTag } from "../schema/creation-tag";

/** What came of removing a creation tag. */
export type Confirmation =
  | "removed"
  | "not shown" // the resource manager knows of no such tag: not yet, or not any more
  | "refused" // the user may not change tags: it stays
  | "failed"; // for now

interface Services {
  client: ScpClient;
  clock: Clock;
  /** Says something to the user, once a run. */
  warnOnce: (topic: string, text: string) => void;
}

/** When to look again for a tag that is not shown, in milliseconds after the time before. */
const pauses = [1_000, 2_000, 4_000];

/**
 * Removes an image's creation tag: the state knows the image now. That is best effort: an image that keeps the tag is no worse, and no
 * deployment fails for it.
 */
export async function confirm(image: TaggedResource, services: Services): Promise<Confirmation> {
  const { client, warnOnce } = services;
  if (!client.settings.creationTag) {
    return "removed";
  }
  try {
    await client.tags.delete(image, creationTagKey);
    return "removed";
  } catch (error) {
    if (!(error instanceof ScpError)) {
      throw error;
    }
    const passing = outcomeOf(error);
    if (passing !== undefined) {
      return passing;
    }
    const rewritten = await rewriteWithout(image, client);
    if (rewritten !== undefined) {
      return rewritten;
    }
    warnOnce(
      "creation tag stays",
      `${error.message} So an image that has the tag ${creationTagKey} keeps it. That harms nothing, but pulumi-scp-images orphans ` +
        "lists it. To create images without the tag, set scp:creationTag to false.",
    );
    return "refused";
  }
}

/** Of a failure after which it is worth trying again. */
function outcomeOf(error: ScpError): "not shown" | "failed" | undefined {
  if (isNotFound(error)) {
    return "not shown";
  }
  return isTransient(error) ? "failed" : undefined;
}

/** The same, again and again for some seconds: a tag may be shown late. */
export async function confirmPatiently(image: TaggedResource, services: Services): Promise<Confirmation> {
  for (const pause of pauses) {
    const outcome = await confirm(image, services);
    if (outcome === "removed" || outcome === "refused") {
      return outcome;
    }
    await services.clock.sleep(pause);
  }
  return confirm(image, services);
}

/** Who may not delete a tag may still be allowed to set tags. Undefined where that is refused as well. */
async function rewriteWithout(
  image: TaggedResource,
  client: ScpClient,
): Promise<"removed" | "not shown" | undefined> {
  try {
    const tags = await client.tags.list(image);
    if (!Object.hasOwn(tags, creationTagKey)) {
      return "not shown";
    }
    await client.tags.set(image, withoutCreationTag(tags));
    return "removed";
  } catch (error) {
    if (error instanceof ScpError) {
      return undefined; // The refusal of the delete is what the user gets to see.
    }
    throw error;
  }
}

/** Puts another creation tag onto an image, in place of this one. Answers whether it is there, and not somebody else's. */
export async function claim(
  image: TaggedResource,
  { from, to, tags }: { from: string; to: string; tags?: Record<string, string> },
  client: ScpClient,
): Promise<boolean> {
  const now = await undefinedIfNotFound(() => client.tags.list(image));
  if (now?.[creationTagKey] !== from) {
    return false;
  }
  await client.tags.set(image, { ...(tags ?? now), [creationTagKey]: to });
  return (await client.tags.list(image))[creationTagKey] === to;
}
