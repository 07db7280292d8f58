import { plainAccountId } from "./account-id";
import { isTransient, type Failure } from "./errors";
import { Http, type RetryPolicy } from "./http";
import {
  createdImageId,
  createRequest,
  imageFrom,
  isObject,
  isSameId,
  serverImageRequest,
  text,
  updateRequest,
  type CreateImage,
  type Image,
  type UpdateImage,
  type Wire,
} from "./images";
import { listAll, pagesOf, type ListImages, type Paging } from "./image-pages";
import { MemberClient } from "./members";
import { accountInUrl, otherPathForm } from "./object-url";
import { showObject, type StoredObject } from "./object-storage";
import { imagePath, serverPath } from "./paths";
import type { Settings } from "./settings";
import { TagClient } from "./tags";

/** What a list of offers is narrowed by. */
export type PendingImagesQuery = Pick<ListImages, "scpImageType" | "scpOriginalImageType">;

/**
 * SCP's image API: one method an operation. Every method throws `ScpError` and nothing else.
 * @see https://docs.e.samsungsdscloud.com/ (Open API, Virtual Server, Images)
 */
export class ScpClient {
  /** The tags of images, which are another service's. */
  readonly tags: TagClient;
  /** The accounts that images are shared with. */
  readonly members: MemberClient;
  private readonly http: Http;
  private account?: Promise<string>;

  constructor(
    readonly settings: Settings,
    retryPolicy: Partial<RetryPolicy> = {},
    now: () => number = Date.now,
  ) {
    this.http = new Http(settings, retryPolicy, now);
    this.members = new MemberClient(this.http);
    this.tags = new TagClient(this.http, settings, (url) => this.probableAccountId(url));
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
      operation: `Create image "${image.name}"`,
      idempotent: false,
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
      operation: `Import image ${id} from ${url}`,
      idempotent: false,
      read: () => accepted,
      advice: (failure, code) =>
        failure === "conflict"
          ? "An import needs an image that is queued and has no import under way; an active image cannot be imported into again."
          : (urlAdvice(code, url) ?? notFoundAdvice(failure)),
    });
  }

  /**
   * `POST /v1/servers/{id}/images`: begins to make an image of a server's disks, and answers its id. Sent once: an answer that is lost may
   * have made one all the same.
   */
  async createServerImage(serverId: string, name: string): Promise<string> {
    return this.http.send({
      service: "virtualserver",
      method: "POST",
      path: `${serverPath(serverId)}/images`,
      body: serverImageRequest(name),
      operation: `Create image "${name}" from server ${serverId}`,
      idempotent: false,
      read: createdImageId,
      advice: serverAdvice,
    });
  }

  /** `GET /v1/images/{id}`: the image as it is now. */
  async showImage(id: string): Promise<Image> {
    return this.http.send({
      service: "virtualserver",
      method: "GET",
      path: imagePath(id),
      operation: `Show image ${id}`,
      idempotent: true,
      read: (body) => ofId(imageFrom(body), id),
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
      operation: "List images",
      idempotent: true,
      read: imagesFrom,
    });
  }

  /** What `listImages` lists, page by page. Whoever stops early asks for no more pages. */
  pagesOfImages(query: ListImages = {}): AsyncGenerator<Image> {
    return pagesOf(query, this);
  }

  /** All that `listImages` lists. */
  allImages(query: ListImages = {}, paging?: Paging): Promise<Image[]> {
    return listAll(query, this, paging);
  }

  /** `GET /v1/pending-images`: the images that other accounts offer to this one, and that it has not answered yet. All in one answer. */
  async listPendingImages(query: PendingImagesQuery = {}): Promise<Image[]> {
    return this.http.send({
      service: "virtualserver",
      method: "GET",
      path: "/v1/pending-images",
      query: { scp_image_type: query.scpImageType, scp_original_image_type: query.scpOriginalImageType },
      operation: "List pending images",
      idempotent: true,
      read: imagesFrom,
    });
  }

  /** `PUT /v1/images/{id}`: changes what can change: minDisk, minRam, protected, visibility. */
  async updateImage(id: string, changes: UpdateImage): Promise<Image> {
    return this.http.send({
      service: "virtualserver",
      method: "PUT",
      path: imagePath(id),
      body: updateRequest(changes),
      operation: `Update image ${id}`,
      idempotent: true,
      read: (body) => ofId(imageFrom(body), id),
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
      operation: `Delete image ${id}`,
      idempotent: true,
      // Something on the way may answer everything with 200.
      read: (body, status) => (body === undefined && status !== 203 ? accepted : undefined),
      advice: notFoundAdvice,
    });
  }

  /**
   * An object of Object Storage, asked for without credentials, as the image service reads it.
   * Undefined where that cannot be told: it is not public, it is gone, or it is out of reach from here.
   */
  async showObject(url: string): Promise<StoredObject | undefined> {
    return showObject(url, this.settings);
  }

  /** `GET {iam}/v1/access-keys`: the account that the key pair belongs to. Asked once, unless there was passing trouble. */
  async accountId(): Promise<string> {
    this.account ??= this.findAccountId().catch((error: unknown) => {
      if (isTransient(error)) {
        this.account = undefined;
      }
      throw error;
    });
    return this.account;
  }

  /**
   * The account of the key pair, as far as IAM tells it; else the one in an image's url, since SCP takes files of the caller's own
   * account only.
   */
  async probableAccountId(url: string | undefined): Promise<string> {
    return this.accountId().catch((error: unknown) => {
      const account = url === undefined ? undefined : accountInUrl(url);
      if (account === undefined) {
        throw error;
      }
      return account;
    });
  }

  private async findAccountId(): Promise<string> {
    return this.http.send({
      service: "iam",
      method: "GET",
      path: "/v1/access-keys",
      operation: "List access keys",
      idempotent: true,
      bestEffort: true,
      read: (body) => accountFrom(body, this.settings.accessKey),
    });
  }
}

/** What a call without a result reads out of its answer: that it was accepted is all there is to know. */
const accepted = true;

/** What is not the image that was asked for is no answer. Its id is what the service calls it: paths are made of that. */
function ofId(image: Image | undefined, id: string): Image | undefined {
  return isSameId(image?.id, id) ? image : undefined;
}

function imagesFrom(body: unknown): Image[] | undefined {
  const images = isObject(body) && Array.isArray(body.images) ? body.images.map(imageFrom) : undefined;
  return images?.every((image) => image !== undefined) ? images : undefined;
}

function accountFrom(body: unknown, accessKey: string): string | undefined {
  const keys = isObject(body) && Array.isArray(body.access_keys) ? body.access_keys.filter(isObject) : [];
  const accountOf = (key: Wire | undefined) => plainAccountId(text(key?.account_id) ?? "") || undefined;
  const own = accountOf(keys.find((key) => key.access_key === accessKey));
  const accounts = new Set(keys.map(accountOf));
  // A key that is not in the list is of the account whose keys these are.
  return own ?? (accounts.size === 1 ? [...accounts][0] : undefined);
}

function notFoundAdvice(failure: Failure): string | undefined {
  return failure === "notFound" ? "It was deleted, or belongs to another account or region." : undefined;
}

function serverAdvice(failure: Failure): string | undefined {
  if (failure === "notFound") {
    return "The server was deleted, or belongs to another account or region.";
  }
  return failure === "conflict"
    ? "The server is busy, for one with another image of it: run again when that is done. Where a program makes several images of one server, dependsOn has them made one after the other."
    : undefined;
}

/** What may be wrong with a URL that the service refuses, with the URL's other path form. */
function urlAdvice(code: string | undefined, url: string): string | undefined {
  if (code !== "Image.InvalidObjectStorageUrl") {
    return undefined;
  }
  const other = otherPathForm(url);
  return (
    "As a rule the object does not exist, or is not public (its own ACL must be public-read; the bucket's is not enough). It may also be " +
    "that the bucket is in another region than the image, or that the account in the path is not the caller's." +
    (other === undefined ? "" : ` If the path form is what it refuses, try ${other}.`)
  );
}
