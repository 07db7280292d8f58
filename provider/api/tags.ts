import { isInvalid, isNotFound, ScpError } from "./errors";
import type { Call, Http } from "./http";
import { isImageId, isObject, tagList, text, type Image } from "./images";
import type { Settings } from "./settings";

/** What a tag operation must know of an image, or can make use of. */
export type TaggedResource = Pick<Image, "id" | "scpGpuDriver" | "url">;

/** An image that was found by a tag. */
export interface TaggedImage {
  /** The whole name of the tagged resource, which says environment, account, region and service. */
  srn: string;
  imageId: string;
  /** The tag's value. */
  value: string;
}

/** The parts of a resource name that tell where an image is. */
export interface SrnPlace {
  environment: string;
  accountId: string;
  region: string;
}

/** `srn:{environment}::{account}:{region}::{service}:image/{id}` */
export function placeOfSrn(srn: string): SrnPlace | undefined {
  const [, environment, accountId, region] = /^srn:([^:]*)::([^:]*):([^:]*):/.exec(srn) ?? [];
  return environment && accountId && region ? { environment, accountId, region } : undefined;
}

/** The services that images belong to in a resource name. An image with a GPU driver is `gpuserver`'s. */
type Service = "virtualserver" | "gpuserver";

/** How many rows a page is asked for. A service may give fewer. */
const pageSize = 100;

/** The same for a list that may be of hundreds of images, and how many such pages are asked for at most. */
const longPage = 1_000;
const mostLongPages = 50;

/** Tags of images, which are the resource manager's. Every method throws `ScpError` and nothing else. */
export class TagClient {
  constructor(
    private readonly http: Pick<Http, "send">,
    private readonly settings: Settings,
    private readonly accountId: (url: string | undefined) => Promise<string>,
  ) {}

  /** `GET /v1/tags/{srn}`: an image's tags, which Show Image does not tell. An image without tags may be answered with a 404. */
  async list(image: TaggedResource): Promise<Record<string, string>> {
    const rows = await this.underEitherName(image, (path) =>
      allPages(`tags of image ${image.id}`, ([key]) => key, this.listed(image.id, path)),
    ).catch((error: unknown) => {
      if (isNotFound(error)) {
        return [];
      }
      throw error;
    });
    return Object.fromEntries(rows);
  }

  private listed(id: string, path: string): (page: number) => Promise<Page<[string, string]>> {
    return (page) =>
      this.http.send({
        ...tagCall("GET", path, `List tags of image ${id}`),
        query: { size: pageSize, page },
        read: tagsFrom,
      });
  }

  /** `PUT /v1/tags/{srn}/bulk`: makes these the image's tags, and no others. */
  async set(image: TaggedResource, tags: Record<string, string>): Promise<void> {
    await this.underEitherName(image, (path) =>
      this.http.send({
        ...tagCall("PUT", `${path}/bulk`, `Set tags of image ${image.id}`),
        body: { tags: tagList(tags) },
        read: () => accepted,
      }),
    );
  }

  /** `DELETE /v1/tags/{srn}/{key}`: takes one tag off an image. A 404 says that the image, or this tag of it, is not there. */
  async delete(image: TaggedResource, key: string): Promise<void> {
    await this.underEitherName(image, (path) =>
      this.http.send({
        ...tagCall("DELETE", `${path}/${key}`, `Delete tag ${key} of image ${image.id}`),
        bestEffort: true,
        read: () => accepted,
      }),
    );
  }

  /** `GET /v1/tags`: the images, in every region, that have a tag with this key. */
  async find(key: string): Promise<TaggedImage[]> {
    const rows = await allPages(`images tagged ${key}`, rowKey, (page) =>
      this.http.send({
        ...tagCall("GET", "/v1/tags", `Find images tagged ${key}`),
        bestEffort: true,
        query: { key, size: pageSize, page },
        read: taggedFrom,
      }),
    );
    return rows.filter((tag) => tag.key === key && isImageId(tag.imageId));
  }

  /**
   * `GET /v1/tags` without a key: the tags of all images that have any, by the images' ids.
   * @throws ScpError also where there are too many of them to be asked for
   */
  async all(): Promise<ReadonlyMap<string, Record<string, string>>> {
    const operation = "List the tags of all images";
    let longest = 0; // The last page is shorter, and tells nothing of how many there are to come.
    const rows = await allPages("the tags of all images", rowKey, async (page) => {
      const answer = await this.http.send({
        ...tagCall("GET", "/v1/tags", operation),
        bestEffort: true,
        query: { resource_type: "image", size: longPage, page },
        read: taggedFrom,
      });
      const {
        rows: { length },
        count = 0,
      } = answer;
      longest = Math.max(longest, length);
      if (page === mostLongPages || (length > 0 && count > mostLongPages * longest)) {
        throw tooMany(operation, answer.count);
      }
      return answer;
    });
    const images = new Map<string, Record<string, string>>();
    for (const { imageId, key, value } of rows) {
      images.set(imageId, { ...images.get(imageId), [key]: value });
    }
    return images;
  }

  /**
   * Calls an operation under the name that the image probably has, and where nothing is found under that, under the other: API
   * versions before 1.2 do not tell whether an image has a GPU driver.
   */
  private async underEitherName<T>(image: TaggedResource, call: (path: string) => Promise<T>): Promise<T> {
    const [likely, other] = await this.paths(image);
    try {
      return await call(likely);
    } catch (error) {
      if (!isNotFound(error)) {
        throw error;
      }
      return call(other).catch((second: unknown) => {
        throw isNotFound(second) ? error : second;
      });
    }
  }

  /** Tags are addressed by the Base64 of a resource name. Its characters never yield a `/` or `+`. */
  private async paths({ id, scpGpuDriver, url }: TaggedResource): Promise<[string, string]> {
    const { environment, region } = this.settings;
    const account = await this.accountId(url);
    const path = (service: Service) => {
      const srn = `srn:${environment}::${account}:${region}::${service}:image/${id}`;
      return `/v1/tags/${Buffer.from(srn).toString("base64")}`;
    };
    const both = [path("virtualserver"), path("gpuserver")] as [string, string];
    return scpGpuDriver === undefined ? both : (both.reverse() as [string, string]);
  }
}

/** What a call without a result reads out of its answer: that it was accepted is all there is to know. */
const accepted = true;

function tagCall(method: Call<unknown>["method"], path: string, operation: string) {
  return { service: "resourcemanager", method, path, operation, idempotent: true } as const;
}

type TagRow = TaggedImage & { key: string };

function rowKey({ srn, key }: TagRow): string {
  return `${srn} ${key}`;
}

function tooMany(operation: string, count: number | undefined): ScpError {
  const detail = `There are too many pages${count === undefined ? "" : `, of ${count} tags in all`}`;
  return new ScpError({ failure: "unexpected", operation, detail, mayHaveWorked: true });
}

interface Page<T> {
  rows: T[];
  /** How many rows all pages have together. */
  count?: number;
}

/** More pages than any list has: an endless one ends here. */
const mostPages = 10_000;

/** How often a list is begun again that turns out to be incomplete: somebody may have changed it meanwhile. */
const attempts = 3;

/**
 * All rows of all pages. A service may give fewer rows a page than it was asked for, and count its pages from 0 or from 1, so that the
 * end is where `count` says it is, or, without a count, where nothing new comes.
 * @throws ScpError also where rows are missing: who acts on a list must not take a part of it for the whole
 */
async function allPages<T>(
  what: string,
  keyOf: (row: T) => string,
  read: (page: number) => Promise<Page<T>>,
): Promise<T[]> {
  let missing = "";
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const { rows, count } = await readPages(keyOf, read);
    if (count === undefined || rows.length >= count) {
      return rows;
    }
    missing = `${rows.length} of ${count}`;
  }
  throw new ScpError({
    failure: "unexpected",
    operation: `List ${what}`,
    detail: `The pages have ${missing} rows`,
    advice: "Run again; if it stays like this, the service pages its lists in a way that is not known here.",
    mayHaveWorked: true,
  });
}

async function readPages<T>(
  keyOf: (row: T) => string,
  read: (page: number) => Promise<Page<T>>,
): Promise<Page<T>> {
  const all = new Map<string, T>();
  let withoutNews = 0;
  let count: number | undefined;
  for (let page = 0; ; page += 1) {
    const answer = await read(page).catch((error: unknown): Page<T> => {
      // The first page may be 1; what is beyond the last one may be not found.
      if ((page === 0 && isInvalid(error)) || (page > 0 && isNotFound(error))) {
        return { rows: [] };
      }
      throw error;
    });
    const known = all.size;
    answer.rows.forEach((row) => all.set(keyOf(row), row));
    count = answer.count ?? count;
    withoutNews = all.size === known ? withoutNews + 1 : 0;
    // Where pages count from 1, the first may come twice.
    if ((count !== undefined && all.size >= count) || withoutNews === 2 || page === mostPages) {
      return { rows: [...all.values()], count };
    }
  }
}

function tagsFrom(body: unknown): Page<[string, string]> | undefined {
  const content = isObject(body) ? body.content : undefined;
  const tags = isObject(content) ? content.tags : undefined;
  if (!Array.isArray(tags)) {
    return undefined;
  }
  const rows = tags
    .filter(isObject)
    .flatMap(({ key, value }): [string, string][] =>
      typeof key === "string" ? [[key, text(value) ?? ""]] : [],
    );
  return { rows, count: countFrom(body) };
}

function taggedFrom(body: unknown): Page<TagRow> | undefined {
  const content = isObject(body) ? body.content : undefined;
  if (!Array.isArray(content)) {
    return undefined;
  }
  const rows = content.filter(isObject).map((tag) => {
    const srn = text(tag.srn) ?? "";
    const imageId = /:image\/([^/]+)$/.exec(srn)?.[1] ?? "";
    return { srn, imageId, key: text(tag.key) ?? "", value: text(tag.value) ?? "" };
  });
  return { rows, count: countFrom(body) };
}

function countFrom(body: unknown): number | undefined {
  const count = isObject(body) ? body.count : undefined;
  return typeof count === "number" && Number.isInteger(count) && count >= 0 ? count : undefined;
}
