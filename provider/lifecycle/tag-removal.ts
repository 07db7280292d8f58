import type { ScpClient } from "../api/client";
import { isNotFound, isTransient, ScpError } from "../api/errors";
import type { TaggedResource } from "../api/tags";
import { creationTagKey } from "../schema/creation-tag";
import type { Clock } from "./clock";

/** What came of removing a creation tag. */
export type TagRemoval =
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
export async function removeCreationTag(image: TaggedResource, services: Services): Promise<TagRemoval> {
  const { client, warnOnce } = services;
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

/** The same, as long as the tag may only be shown late; once, where it is the service that is in trouble. */
export async function removeCreationTagPatiently(
  image: TaggedResource,
  services: Services,
): Promise<TagRemoval> {
  let outcome = await removeCreationTag(image, services);
  for (const pause of pauses) {
    if (outcome !== "not shown") {
      return outcome;
    }
    await services.clock.sleep(pause);
    outcome = await removeCreationTag(image, services);
  }
  return outcome;
}
