import { sanitize } from "../api/errors";
import { Connection } from "./connection";
import { failedAs, withAdvice } from "./errors";
import { S3Operations, type ListedObject, type ListedUpload, type StoredFile } from "./operations";
import { PartSlots } from "./parts";
import type { ObjectStoreSettings, StoragePatience } from "./settings";
import { Upload, type UploadOptions, type UploadRequest, type UploadResult } from "./upload";

export interface ObjectStoreOptions {
  /** What bounds the parts on their way at once, over all stores that are given the same. By default four for this store alone. */
  slots?: PartSlots;
  patience?: Partial<StoragePatience>;
  /** The usual size of a part in bytes, 5 MiB or more. By default 8 MiB. */
  partSize?: number;
}

/** Object Storage, by its S3-compatible interface. Every method throws `ObjectStorageError`. */
export class ObjectStore {
  private readonly connection: Connection;
  private readonly s3: S3Operations;
  private readonly slots: PartSlots;
  private readonly partSize?: number;

  /** @throws ObjectStorageError where the endpoint is none. Nothing is asked, and the AWS SDK is not loaded, before a method is called. */
  constructor(settings: ObjectStoreSettings, options: ObjectStoreOptions = {}) {
    this.connection = new Connection(settings, options.patience);
    this.s3 = new S3Operations(this.connection);
    this.slots = options.slots ?? new PartSlots();
    this.partSize = options.partSize;
  }

  /** Whether the bucket is there, in this region, and may be listed. The error says which it is not. */
  async checkBucket(bucket: string): Promise<void> {
    try {
      await this.s3.look(bucket, { operation: `Look at bucket ${bucket}` });
    } catch (error) {
      if (!failedAs(error, "noBucket", "forbidden")) {
        throw error;
      }
      const own = await this.buckets().catch(() => undefined);
      throw own === undefined ? error : withAdvice(error, aboutBuckets(bucket, own));
    }
  }

  /** What an object is; undefined only where the service itself says that the bucket has no such object. */
  async show(bucket: string, key: string): Promise<StoredFile | undefined> {
    return this.s3.show({ bucket, key }, { operation: `Look at ${bucket}/${key}` });
  }

  /**
   * Makes a file an object that nobody but the account can read. What is there already, by size and SHA-256, is not sent again; an
   * upload that was begun is gone on with. Given up because of the network or by `signal`, it stays for the next run; else it is aborted.
   */
  async upload(request: UploadRequest, options: UploadOptions = {}): Promise<UploadResult> {
    return Upload.run(this.s3, this.slots, request, this.partSize, options);
  }

  /** Lets everybody read the object. */
  async publish(bucket: string, key: string): Promise<void> {
    await this.s3.setAcl({ bucket, key }, "public-read", { operation: `Publish ${bucket}/${key}` });
  }

  /** Lets nobody but the account read the object. */
  async unpublish(bucket: string, key: string): Promise<void> {
    await this.s3.setAcl({ bucket, key }, "private", { operation: `Close ${bucket}/${key}` });
  }

  /** Whether the object's own ACL lets everybody read it. */
  async isPublic(bucket: string, key: string): Promise<boolean> {
    const grants = await this.s3.grants({ bucket, key }, { operation: `Read the ACL of ${bucket}/${key}` });
    return grants.some(
      ({ Grantee, Permission }) =>
        Grantee?.URI === "http://acs.amazonaws.com/groups/global/AllUsers" &&
        (Permission === "READ" || Permission === "FULL_CONTROL"),
    );
  }

  /** Removes the object if it was uploaded with this SHA-256; else it is another's, and stays. */
  async remove(bucket: string, key: string, sha256: string): Promise<"removed" | "gone" | "another's"> {
    const asking = { operation: `Remove ${bucket}/${key}` };
    const stored = await this.s3.show({ bucket, key }, asking);
    if (stored === undefined) {
      return "gone";
    }
    if (stored.sha256 !== sha256) {
      return "another's";
    }
    await this.s3.remove({ bucket, key }, asking);
    return "removed";
  }

  /** All objects under a prefix, and all uploads that are neither completed nor aborted. */
  async list(bucket: string, prefix: string): Promise<{ objects: ListedObject[]; uploads: ListedUpload[] }> {
    const asking = { operation: `List ${bucket}/${prefix}` };
    const objects = await this.s3.listObjects(bucket, prefix, asking);
    return { objects, uploads: await this.s3.listUploads(bucket, prefix, asking) };
  }

  /** Gives back what the parts of an upload take up. One that is not there any more is no error. */
  async abortUpload(bucket: string, key: string, id: string): Promise<void> {
    await this.s3.abort({ bucket, key }, id, { operation: `Abort the upload of ${bucket}/${key}` });
  }

  /** The names of the account's own buckets. */
  async buckets(): Promise<string[]> {
    return this.s3.listBuckets({ operation: "List the buckets" });
  }

  /** Closes connections that are kept open. The store can be used again. */
  close(): void {
    this.connection.close();
  }
}

function aboutBuckets(bucket: string, own: readonly string[]): string {
  if (own.includes(bucket)) {
    return `Bucket ${bucket} is the account's own: its user lacks the permission to list it.`;
  }
  const names = own.slice(0, 10).map((name) => sanitize(name, []));
  return own.length === 0
    ? "The account has no bucket."
    : `The account's own buckets: ${names.join(", ")}${own.length > names.length ? ", …" : ""}.`;
}
