import type { ListImages, ScpClient } from "../api/client";
import { isInvalid, ScpError } from "../api/errors";
import type { Image } from "../api/images";

type Lister = Pick<ScpClient, "listImages">;

/** The largest page that there is. */
const pageSize = 1_000;
/** A page's size where none is asked for: no service gives less than it does unasked. */
const standardSize = 20;
/** More pages than any account's images fill. */
const mostPages = 1_000;
/** How often a list is begun where the image that its next page begins after is deleted meanwhile. */
const attempts = 5;

/** The longest page that a client has seen: a shorter one is the last of its list. */
const longestPages = new WeakMap<Lister, number>();

/**
 * All images that a query lists, at one call a page as far as that can be told: a service may give fewer a page than it is asked for, so
 * only a page that is shorter than one before, or than the standard size, is known to be the last.
 * @throws ScpError
 */
export async function listAll(query: Omit<ListImages, "limit" | "marker">, client: Lister): Promise<Image[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await listOnce(query, client);
    } catch (error) {
      if (!(error instanceof MarkerLost)) {
        throw error;
      }
      if (attempt === attempts) {
        throw error.cause;
      }
    }
  }
}

async function listOnce(query: ListImages, client: Lister): Promise<Image[]> {
  const found = new Map<string, Image>();
  let marker: string | undefined;
  for (let page = 0; page < mostPages; page += 1) {
    const images = await nextPage({ ...query, limit: pageSize, marker }, client);
    const before = found.size;
    images.forEach((image) => found.set(image.id, image));
    if (images.length < (longestPages.get(client) ?? standardSize) || found.size === before) {
      return [...found.values()];
    }
    longestPages.set(client, images.length);
    marker = images.at(-1)?.id;
  }
  throw new ScpError({
    failure: "unexpected",
    operation: "List images",
    detail: `The list does not end after ${mostPages} pages`,
    mayHaveWorked: false,
  });
}

/** A marker that is not there any more is refused, as whatever else is wrong with a request. */
async function nextPage(query: ListImages, client: Lister): Promise<Image[]> {
  return client.listImages(query).catch((error: unknown) => {
    throw query.marker !== undefined && isInvalid(error) ? new MarkerLost(error) : error;
  });
}

class MarkerLost extends Error {
  constructor(override readonly cause: ScpError) {
    super(cause.message);
  }
}
