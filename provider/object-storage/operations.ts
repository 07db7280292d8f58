import type * as S3 from "@aws-sdk/client-s3";
import { failedAs, ObjectStorageError, advice } from "./errors";
import type { Connection } from "./connection";

/** Where an object is, or is to be. */
export interface ObjectPlace {
  bucket: string;
  key: string;
}

/** What Object Storage tells of an object. */
export interface StoredFile {
  /** Bytes. */
  size: number;
  /** Without quotation marks. */
  etag?: string;
  /** Milliseconds since 1970, in whole seconds. */
  lastModified?: number;
  /** The SHA-256 that was uploaded with it, in hexadecimal; undefined for an object of another kind. */
  sha256?: string;
}

export interface ListedObject {
  key: string;
  size: number;
  etag?: string;
  lastModified?: number;
}

/** A multipart upload that is neither completed nor aborted. */
export interface ListedUpload {
  key: string;
  id: string;
  /** Milliseconds since 1970. */
  initiated?: number;
}

export interface ListedPart {
  number: number;
  size: number;
  etag: string;
}

interface UploadMarker {
  KeyMarker?: string;
  UploadIdMarker?: string;
}

/** Who asks: the beginning of the message should it fail, and how to give up. */
export interface Asking {
  operation: string;
  signal?: AbortSignal;
}

/** One method for each operation of S3. Nothing else knows its names on the wire. */
export class S3Operations {
  constructor(readonly connection: Connection) {}

  /** Undefined only where the service itself says that the bucket has no such object. */
  async show(place: ObjectPlace, asking: Asking): Promise<StoredFile | undefined> {
    const request = named(place);
    try {
      const head = await this.connection.send({
        ...asking,
        send: (client, { HeadObjectCommand }, options) =>
          client.send(new HeadObjectCommand(request), options),
      });
      return storedFile(head, head.ContentLength, asking);
    } catch (error) {
      // The answer to a HEAD has no body: what was refused, and whether the service did it, is told by a GET only.
      if (!failedAs(error, "invalid", "forbidden", "credentials", "region", "unexpected")) {
        throw error;
      }
    }
    try {
      const got = await this.connection.send({
        ...asking,
        send: (client, { GetObjectCommand }, options) =>
          client
            .send(new GetObjectCommand({ ...request, Range: "bytes=0-0" }), options)
            .then(async (answer) => ({ ...answer, bytes: await answer.Body?.transformToByteArray() })),
      });
      return storedFile(got, Number(/\/(\d+)$/.exec(got.ContentRange ?? "")?.[1] ?? NaN), asking);
    } catch (error) {
      if (failedAs(error, "noObject")) {
        return undefined;
      }
      throw error;
    }
  }

  async create(place: ObjectPlace, sha256: string, asking: Asking): Promise<string> {
    const { UploadId } = await this.connection.send({
      ...asking,
      send: (client, { CreateMultipartUploadCommand }, options) =>
        client.send(
          new CreateMultipartUploadCommand({
            ...named(place),
            ACL: "private",
            ContentType: "application/octet-stream",
            Metadata: { sha256 },
          }),
          options,
        ),
    });
    return present(UploadId, "the id of the upload", asking);
  }

  /** @returns the ETag. @param md5 lets the service check what came. */
  async uploadPart(
    place: ObjectPlace,
    id: string,
    part: { number: number; body: Buffer; md5?: Buffer },
    asking: Asking,
  ): Promise<string> {
    const { ETag } = await this.connection.send({
      ...asking,
      send: (client, { UploadPartCommand }, options) =>
        client.send(
          new UploadPartCommand({
            ...named(place),
            UploadId: id,
            PartNumber: part.number,
            Body: part.body,
            ContentLength: part.body.length,
            ContentMD5: part.md5?.toString("base64"),
          }),
          options,
        ),
    });
    return bare(present(ETag, "the ETag of the part", asking));
  }

  /** Tried once: whether an upload whose answer was lost is complete, a look at the object tells. */
  async complete(place: ObjectPlace, id: string, etags: readonly string[], asking: Asking): Promise<void> {
    const Parts = etags.map((etag, index) => ({ PartNumber: index + 1, ETag: `"${etag}"` }));
    await this.connection.send({
      ...asking,
      once: true,
      slow: true,
      send: (client, { CompleteMultipartUploadCommand }, options) =>
        client.send(
          new CompleteMultipartUploadCommand({ ...named(place), UploadId: id, MultipartUpload: { Parts } }),
          options,
        ),
    });
  }

  /** An upload that is not there any more is no error. */
  async abort(place: ObjectPlace, id: string, asking: Asking): Promise<void> {
    try {
      await this.connection.send({
        ...asking,
        send: (client, { AbortMultipartUploadCommand }, options) =>
          client.send(new AbortMultipartUploadCommand({ ...named(place), UploadId: id }), options),
      });
    } catch (error) {
      if (!failedAs(error, "noUpload")) {
        throw error;
      }
    }
  }

  async listParts(place: ObjectPlace, id: string, asking: Asking): Promise<ListedPart[]> {
    const pages = allPages(
      asking,
      (PartNumberMarker?: string) =>
        this.connection.send({
          ...asking,
          send: (client, { ListPartsCommand }, options) =>
            client.send(new ListPartsCommand({ ...named(place), UploadId: id, PartNumberMarker }), options),
        }),
      (page) => page.NextPartNumberMarker,
    );
    return (await pages).flatMap(({ Parts = [] }) =>
      Parts.map(({ PartNumber = 0, Size = -1, ETag = "" }) => ({
        number: PartNumber,
        size: Size,
        etag: bare(ETag),
      })),
    );
  }

  async listUploads(bucket: string, prefix: string, asking: Asking): Promise<ListedUpload[]> {
    const pages = allPages(
      asking,
      (marker?: UploadMarker) =>
        this.connection.send({
          ...asking,
          send: (client, { ListMultipartUploadsCommand }, options) =>
            client.send(
              new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...marker }),
              options,
            ),
        }),
      ({ NextKeyMarker, NextUploadIdMarker }) =>
        NextKeyMarker === undefined
          ? undefined
          : { KeyMarker: NextKeyMarker, UploadIdMarker: NextUploadIdMarker },
    );
    return (await pages).flatMap(({ Uploads = [] }) =>
      Uploads.flatMap(({ Key, UploadId, Initiated }) =>
        // Some servers do not take a prefix to be one.
        Key === undefined || UploadId === undefined || !Key.startsWith(prefix)
          ? []
          : [{ key: Key, id: UploadId, initiated: Initiated?.getTime() }],
      ),
    );
  }

  async listObjects(bucket: string, prefix: string, asking: Asking): Promise<ListedObject[]> {
    const pages = allPages(
      asking,
      (ContinuationToken?: string) =>
        this.connection.send({
          ...asking,
          send: (client, { ListObjectsV2Command }, options) =>
            client.send(
              new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken }),
              options,
            ),
        }),
      (page) => page.NextContinuationToken,
    );
    return (await pages).flatMap(({ Contents = [] }) =>
      Contents.map(({ Key = "", Size = 0, ETag, LastModified }) => ({
        key: Key,
        size: Size,
        etag: ETag === undefined ? undefined : bare(ETag),
        lastModified: LastModified?.getTime(),
      })),
    );
  }

  /** Whether the bucket can be listed: an error tells why not. */
  async look(bucket: string, asking: Asking): Promise<void> {
    await this.connection.send({
      ...asking,
      send: (client, { ListObjectsV2Command }, options) =>
        client.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 }), options),
    });
  }

  async listBuckets(asking: Asking): Promise<string[]> {
    const { Buckets = [] } = await this.connection.send({
      ...asking,
      send: (client, { ListBucketsCommand }, options) => client.send(new ListBucketsCommand({}), options),
    });
    return Buckets.flatMap(({ Name }) => (Name === undefined ? [] : [Name]));
  }

  async setAcl(place: ObjectPlace, acl: "public-read" | "private", asking: Asking): Promise<void> {
    await this.connection.send({
      ...asking,
      send: (client, { PutObjectAclCommand }, options) =>
        client.send(new PutObjectAclCommand({ ...named(place), ACL: acl }), options),
    });
  }

  async grants(place: ObjectPlace, asking: Asking): Promise<S3.Grant[]> {
    const { Grants } = await this.connection.send({
      ...asking,
      send: (client, { GetObjectAclCommand }, options) =>
        client.send(new GetObjectAclCommand(named(place)), options),
    });
    return present(Grants, "the grants", asking);
  }

  async remove(place: ObjectPlace, asking: Asking): Promise<void> {
    await this.connection.send({
      ...asking,
      send: (client, { DeleteObjectCommand }, options) =>
        client.send(new DeleteObjectCommand(named(place)), options),
    });
  }
}

function named({ bucket, key }: ObjectPlace): { Bucket: string; Key: string } {
  return { Bucket: bucket, Key: key };
}

function storedFile(
  answer: Pick<S3.HeadObjectCommandOutput, "ETag" | "LastModified" | "Metadata">,
  size: number | undefined,
  asking: Asking,
): StoredFile {
  return {
    size: present(Number.isNaN(size) ? undefined : size, "the object's size", asking),
    etag: answer.ETag === undefined ? undefined : bare(answer.ETag),
    lastModified: answer.LastModified?.getTime(),
    sha256: answer.Metadata?.sha256?.toLowerCase(),
  };
}

/** What an answer of the service's has. Without it, it is somebody else's. */
function present<T>(value: T | undefined, name: string, { operation }: Asking): T {
  if (value === undefined || value === "") {
    throw new ObjectStorageError({
      failure: "unexpected",
      operation,
      detail: `The answer lacks ${name}`,
      advice: advice.unexpected,
    });
  }
  return value;
}

function bare(etag: string): string {
  return etag.replace(/^"|"$/g, "");
}

/** All pages of a listing. One that never ends is an error. */
async function allPages<Page extends { IsTruncated?: boolean }, Marker>(
  { operation }: Asking,
  read: (marker?: Marker) => Promise<Page>,
  nextOf: (page: Page) => Marker | undefined,
): Promise<Page[]> {
  const pages: Page[] = [];
  let marker: Marker | undefined;
  for (;;) {
    const page = await read(marker);
    pages.push(page);
    if (page.IsTruncated !== true) {
      return pages;
    }
    const next = nextOf(page);
    if (next === undefined || JSON.stringify(next) === JSON.stringify(marker)) {
      throw new ObjectStorageError({
        failure: "unexpected",
        operation,
        detail: "A page of the listing says that there is more, but not where",
        advice: advice.unexpected,
      });
    }
    marker = next;
  }
}
