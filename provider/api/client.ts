import type { Failure } from "./errors";
import { ScpError } from "./errors";
import { Http, type Patience } from "./http";
import {
  createRequest,
  imageFrom,
  isImageId,
  isObject,
  tagList,
  text,
  updateRequest,
  type CreateImage,
  type Image,
  type UpdateImage,
} from "./images";
import type { Settings } from "./settings";

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

/** An image that was found by a tag. */
export interface TaggedImage {
  /** The whole name of the tagged resource. */
  srn: string;
  /** Empty where the resource is no image. */
  imageId: string;
  /** The tag's value. */
  value: string;
}

/**
 * SCP's image API: one method an operation. Every method throws `ScpError` and nothing else.
 * @see https://docs.e.samsungsdscloud.com/ (Open API, Virtual Server, Images)
 */
export class ScpClient {
  private readonly http: Http;
  private account?: Promise<string>;

  constructor(
    readonly settings: Settings,
    patience: Partial<Patience> = {},
    now: () => number = Date.now,
  ) {
    this.http = new Http(settings, patience, now);
  }

  /** The service's clock, as far as its last answer told it. Milliseconds since 1970. */
  serverNow(): number {
    return this.http.serverNow();
  }

  /** `POST /v1/images`: makes a record, `queued` at first. Sent once: an answer that is lost may have made one all the same. */
  async createImage(image: CreateImage): Promise<Image> {
    return this.http.send({
      service: "virtualserver",
      method: "POST",
      path: "/v1/images",
      body: createRequest(image),
      tried: `Create image "${image.name}"`,
      repeatable: false,
      read: imageFrom,
      advice: (_, code) => urlAdvice(code, image.url),
    });
  }

  /**
   * `POST /v1/images/{id}/import`: starts the import of a file into a queued record. The answer, 202, only says that it was
   * accepted; how it ends is seen in `showImage` alone. A conflict says that the image is active, or an import under way.
   */
  async importImage(id: string, url: string): Promise<void> {
    await this.http.send({
      service: "virtualserver",
      method: "POST",
      path: `${imagePath(id)}/import`,
      body: { url },
      tried: `Import image ${id} from ${url}`,
      repeatable: false,
      read: () => accepted,
      advice: (failure, code) =>
        failure === "conflict"
          ? "An import needs an image that is queued and has no import under way; an active image cannot be imported into again."
          : (urlAdvice(code, url) ?? notFoundAdvice(failure)),
    });
  }

  /** `GET /v1/images/{id}`: the image as it is now. */
  async showImage(id: string): Promise<Image> {
    return this.http.send({
      service: "virtualserver",
      method: "GET",
      path: imagePath(id),
      tried: `Show image ${id}`,
      repeatable: true,
      read: imageFrom,
      advice: notFoundAdvice,
    });
  }

  /** `GET /v1/images`: one page of the images that this account can see, newest first. */
  async listImages(query: ListImages = {}): Promise<Image[]> {
    return this.http.send({
      service: "virtualserver",
      method: "GET",
      path: "/v1/images",
      query: {
        limit: query.limit,
        marker: query.marker,
        name: query.name,
        os_distro: query.osDistro,
        status: query.status,
        visibility: query.visibility,
        scp_image_type: query.scpImageType,
        scp_original_image_type: query.scpOriginalImageType,
        sort: query.sort,
      },
      tried: "List images",
      repeatable: true,
      read: imagesFrom,
    });
  }

  /** All pages of `listImages`, one after the other. */
  async *allImages(query: ListImages = {}): AsyncGenerator<Image> {
    const limit = query.limit ?? 200;
    let marker = query.marker;
    for (;;) {
      const page = await this.listImages({ ...query, limit, marker });
      yield* page;
      const last = page.at(-1)?.id;
      if (page.length < limit || last === undefined || last === marker) {
        return;
      }
      marker = last;
    }
  }

  /** `PUT /v1/images/{id}`: changes what can change: minDisk, minRam, protected, visibility. */
  async updateImage(id: string, changes: UpdateImage): Promise<Image> {
    return this.http.send({
      service: "virtualserver",
      method: "PUT",
      path: imagePath(id),
      body: updateRequest(changes),
      tried: `Update image ${id}`,
      repeatable: true,
      read: imageFrom,
      advice: (failure, code) =>
        code === "Image.InvalidVolumeOnMinDiskUpdate"
          ? "An image that was made from a server cannot have its minDisk changed; leave it as it is."
          : notFoundAdvice(failure),
    });
  }

  /** `DELETE /v1/images/{id}`. */
  async deleteImage(id: string): Promise<void> {
    await this.http.send({
      service: "virtualserver",
      method: "DELETE",
      path: imagePath(id),
      tried: `Delete image ${id}`,
      repeatable: true,
      read: () => accepted,
      advice: notFoundAdvice,
    });
  }

  /** `GET {resourcemanager}/v1/tags/{srn}`: the tags of an image, which Show Image does not tell. */
  async listTags(image: Image): Promise<Record<string, string>> {
    const path = await this.tagsPath(image);
    const tags = new Map<string, string>();
    const size = 100;
    for (let page = 0; ; page += 1) {
      const known = tags.size;
      const found = await this.http.send({
        service: "resourcemanager",
        method: "GET",
        path,
        query: { size, page },
        tried: `List tags of image ${image.id}`,
        repeatable: true,
        read: tagsFrom,
      });
      found.forEach(([key, value]) => tags.set(key, value));
      // A server that counts its pages otherwise answers with what is known already.
      if (found.length < size || tags.size === known) {
        return Object.fromEntries(tags);
      }
    }
  }

  /** `PUT {resourcemanager}/v1/tags/{srn}/bulk`: makes these the image's tags, and no others. */
  async setTags(image: Image, tags: Record<string, string>): Promise<void> {
    await this.http.send({
      service: "resourcemanager",
      method: "PUT",
      path: `${await this.tagsPath(image)}/bulk`,
      body: { tags: tagList(tags) },
      tried: `Set tags of image ${image.id}`,
      repeatable: true,
      read: () => accepted,
    });
  }

  /** `DELETE {resourcemanager}/v1/tags/{srn}/{key}`: takes one tag off an image. */
  async deleteTag(image: Pick<Image, "id" | "scpGpuDriver">, key: string): Promise<void> {
    await this.http.send({
      service: "resourcemanager",
      method: "DELETE",
      path: `${await this.tagsPath(image)}/${key}`,
      tried: `Delete tag ${key} of image ${image.id}`,
      repeatable: true,
      read: () => accepted,
    });
  }

  /** `GET {resourcemanager}/v1/tags`: the images, in every region, that have a tag with this key, with the tag's value. */
  async findTags(key: string): Promise<TaggedImage[]> {
    const all = new Map<string, TaggedImage & { key: string }>();
    const size = 100;
    for (let page = 0; ; page += 1) {
      const known = all.size;
      const found = await this.http.send({
        service: "resourcemanager",
        method: "GET",
        path: "/v1/tags",
        query: { key, size, page },
        tried: `Find images tagged ${key}`,
        repeatable: true,
        read: taggedFrom,
      });
      found.forEach((tag) => all.set(`${tag.srn} ${tag.key}`, tag));
      if (found.length < size || all.size === known) {
        return [...all.values()].filter((tag) => tag.key === key && tag.imageId !== "");
      }
    }
  }

  /** `GET {iam}/v1/access-keys`: the account that the key pair belongs to. Asked once. */
  async accountId(): Promise<string> {
    this.account ??= this.findAccountId().catch((error: unknown) => {
      this.account = undefined; // A failure is not kept: the next call asks again.
      throw error;
    });
    return this.account;
  }

  private async findAccountId(): Promise<string> {
    return this.http.send({
      service: "iam",
      method: "GET",
      path: "/v1/access-keys",
      tried: "List access keys",
      repeatable: true,
      read: (body) => accountFrom(body, this.settings.accessKey),
    });
  }

  /** Tags are addressed by the Base64 of a resource name. Its characters never yield a `/` or `+`. */
  private async tagsPath({ id, scpGpuDriver }: Pick<Image, "id" | "scpGpuDriver">): Promise<string> {
    const { environment, region } = this.settings;
    const service = scpGpuDriver === undefined ? "virtualserver" : "gpuserver";
    const srn = `srn:${environment}::${await this.accountId()}:${region}::${service}:image/${id}`;
    return `/v1/tags/${Buffer.from(srn).toString("base64")}`;
  }
}

function imagePath(id: string): string {
  if (!isImageId(id)) {
    throw new ScpError({
      failure: "invalid",
      tried: "Address an image",
      detail: `"${id}" is no image id`,
      mayHaveWorked: false,
    });
  }
  return `/v1/images/${id}`;
}

/** What a call without a result reads out of its answer: that it was accepted is all there is to know. */
const accepted = true;

function imagesFrom(body: unknown): Image[] | undefined {
  const images = isObject(body) && Array.isArray(body.images) ? body.images.map(imageFrom) : undefined;
  return images?.every((image) => image !== undefined) ? images : undefined;
}

function accountFrom(body: unknown, accessKey: string): string | undefined {
  const keys = isObject(body) && Array.isArray(body.access_keys) ? body.access_keys.filter(isObject) : [];
  const own = keys.find((key) => key.access_key === accessKey) ?? keys[0];
  return text(own?.account_id);
}

function tagsFrom(body: unknown): [string, string][] | undefined {
  const content = isObject(body) ? body.content : undefined;
  const tags = isObject(content) ? content.tags : undefined;
  return Array.isArray(tags)
    ? tags
        .filter(isObject)
        .flatMap(({ key, value }) => (typeof key === "string" ? [[key, text(value) ?? ""]] : []))
    : undefined;
}

function taggedFrom(body: unknown): (TaggedImage & { key: string })[] | undefined {
  const content = isObject(body) ? body.content : undefined;
  return Array.isArray(content)
    ? content.filter(isObject).map((tag) => {
        const srn = text(tag.srn) ?? "";
        const imageId = /:image\/([^/]+)$/.exec(srn)?.[1] ?? "";
        return { srn, imageId, key: text(tag.key) ?? "", value: text(tag.value) ?? "" };
      })
    : undefined;
}

function notFoundAdvice(failure: Failure): string | undefined {
  return failure === "notFound" ? "It was deleted, or belongs to another account or region." : undefined;
}

/** What may be wrong with a URL that the service refuses, with the URL's other path form. */
function urlAdvice(code: string | undefined, url: string): string | undefined {
  if (code !== "Image.InvalidObjectStorageUrl") {
    return undefined;
  }
  const other = otherPathForm(url);
  return (
    (other === undefined ? "" : `If the path form is what it refuses, try ${other}. `) +
    "It may also be that the object does not exist or is not public (its own ACL must be public-read; the bucket's is not enough), " +
    "that the bucket is in another region than the image, or that the account in the path is not the caller's."
  );
}

/**
 * The same Object Storage URL in the other of its two path forms, `/account/bucket/object` and `/account:bucket/object`;
 * undefined where the URL has neither.
 */
export function otherPathForm(url: string): string | undefined {
  const [, origin, path] = /^(https?:\/\/[^/]+\/)(.*)$/.exec(url) ?? [];
  if (origin === undefined || path === undefined) {
    return undefined;
  }
  const colon = /^([^/:]+):([^/]+\/.+)$/.exec(path);
  if (colon) {
    return `${origin}${colon[1]}/${colon[2]}`;
  }
  const slash = /^([^/:]+)\/([^/]+\/.+)$/.exec(path);
  return slash ? `${origin}${slash[1]}:${slash[2]}` : undefined;
}
