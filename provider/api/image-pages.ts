import { isInvalid, ScpError } from "./errors";
import type { Image } from "./images";

/** What a list of images is narrowed by. Each must match exactly. */
export interface ListImages {
  name?: string;
  osDistro?: string;
  status?: string;
  visibility?: string;
  scpImageType?: string;
  scpOriginalImageType?: string;
  /** Images a page: 1..1000, by default 20. */
  limit?: number;
  /** The last id of the page before. */
  marker?: string;
  /** By default `created_at:desc`. */
  sort?: string;
}

/** What gives a page of images. */
export interface Lister {
  listImages: (query: ListImages) => Promise<Image[]>;
}

/** How all pages of a list are gone through. */
export interface Paging {
  /**
   * Whether a page that is shorter than one before, or than the standard size, counts as the last: it saves a call. By default only a page
   * that brings nothing new is the end, which is true of any service, and what a decision about an image's life needs.
   */
  shortIsLast?: boolean;
}

/** A page's size where none is asked for: no service gives less than it does unasked. */
const standardSize = 20;
/** The largest page that there is. */
const largestPage = 1_000;
/** More pages than any account's images fill: a list that goes on is no list. */
const mostPages = 1_000;
/** How often a list is begun where the image that its next page begins after is deleted meanwhile. */
const attempts = 5;

/** The longest page that a client has seen: a service may give fewer than it is asked for. */
const longestPages = new WeakMap<Lister, number>();

/**
 * The images that a query lists, page by page, each once. Whoever stops early asks for no more pages.
 * @throws ScpError
 */
export async function* pagesOf(
  query: ListImages,
  client: Lister,
  { shortIsLast = false }: Paging = {},
): AsyncGenerator<Image> {
  const { limit = largestPage } = query;
  const seen = new Set<string>();
  let { marker } = query;
  for (let page = 0; page < mostPages; page += 1) {
    const images = await client.listImages({ ...query, limit, marker });
    const fresh = images.filter(({ id }) => !seen.has(id));
    fresh.forEach(({ id }) => seen.add(id));
    yield* fresh;
    const full = Math.min(limit, longestPages.get(client) ?? standardSize);
    if (fresh.length === 0 || (shortIsLast && images.length < full)) {
      return;
    }
    longestPages.set(client, Math.max(images.length, longestPages.get(client) ?? 0));
    marker = images.at(-1)?.id;
  }
  throw new ScpError({
    failure: "unexpected",
    operation: "List images",
    detail: `The list does not end after ${mostPages} pages`,
    mayHaveWorked: false,
  });
}

/**
 * All images that a query lists. Where the image that a page begins after is deleted meanwhile, which is refused as whatever else is wrong
 * with a request, the list is begun anew.
 * @throws ScpError
 */
export async function listAll(query: ListImages, client: Lister, paging?: Paging): Promise<Image[]> {
  for (let attempt = 1; ; attempt += 1) {
    const found: Image[] = [];
    try {
      for await (const image of pagesOf(query, client, paging)) {
        found.push(image);
      }
      return found;
    } catch (error) {
      if (!isInvalid(error) || found.length === 0 || attempt === attempts) {
        throw error;
      }
    }
  }
}
