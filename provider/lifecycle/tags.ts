import { isDeepStrictEqual } from "node:util";
import type { ScpClient } from "../api/client";
import { isForbidden } from "../api/errors";
import type { Image } from "../api/images";
import { ownTags, withoutOwnTags } from "../schema/own-tags";
import type { Location } from "./context";

/** How long tags may be shown late, in milliseconds since the image was created. */
const shownAfter = 10 * 60_000;

/**
 * An image's tags; those that the state knows, as long as a young image shows none at all, and where the user may not see them: who may
 * not must be able to refresh all the same.
 *
 * Of many images, the tags come by lists of all images' tags. A list is only believed where it says what the state says: what is
 * otherwise, or not in the list, the image itself is asked for.
 */
export async function readTags(
  image: Image,
  known: Record<string, string>,
  { client, reader, warnOnce }: Location,
): Promise<Record<string, string>> {
  const listed = await reader.listedTags(image.id);
  if (listed !== undefined && isDeepStrictEqual(withoutOwnTags(listed), { ...known })) {
    return known;
  }
  let tags: Record<string, string>;
  try {
    tags = await client.tags.list(image);
  } catch (error) {
    if (!isForbidden(error)) {
      throw error;
    }
    warnOnce("tags not shown", `${error.message} So a change of tags by somebody else is not seen.`);
    return known;
  }
  const shown = withoutOwnTags(tags);
  const age = client.serverNow() - Date.parse(image.createdAt ?? "");
  return Object.keys(shown).length === 0 && age < shownAfter ? known : shown;
}

/** Makes these the tags of an image that its user knows of. What this package has tagged it with stays. */
export async function declareTags(
  image: Image,
  tags: Record<string, string>,
  client: ScpClient,
): Promise<void> {
  await client.tags.set(image, { ...ownTags(await tagsFor(image, client)), ...tags });
}

/** The tags as they are: what is not listed here is taken off. No tags at all may be an answer that was lost on the way, so it is asked twice. */
export async function tagsFor(image: Image, client: ScpClient): Promise<Record<string, string>> {
  const listed = await client.tags.list(image);
  return Object.keys(listed).length > 0 ? listed : client.tags.list(image);
}
