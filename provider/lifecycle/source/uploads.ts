import { resolve } from "node:path";
import { objectAddress, publicHost } from "../../api/object-url";
import { hashFile } from "../../file/digest";
import { FileError } from "../../file/file-error";
import { quote } from "../../file/shell";
import { failedAs, ObjectStorageError } from "../../object-storage/errors";
import type { ObjectStore } from "../../object-storage/store";
import type { UploadProgress } from "../../object-storage/upload";
import type { StagedObject } from "../../schema/image-file";
import type { Clock } from "../clock";
import { ImageError } from "../image-error";
import { uploadDetail, type Progress, type Waiting } from "../progress";

/** The first part of the key of all objects of this package. */
export const keyPrefix = "pulumi-scp-images/";

/** Which object. Its url names the account too: buckets of two accounts may have one name. */
export type ObjectName = Pick<StagedObject, "bucket" | "key" | "url">;

/** The text that an object is known by, and found by in the console. */
export function nameOf({ bucket, key }: Pick<ObjectName, "bucket" | "key">): string {
  return `${bucket}/${key}`;
}

/** The same among the objects of all accounts and regions. */
export function placeOf({ bucket, key, url }: ObjectName): string {
  const { host = "", account = "" } = objectAddress(url) ?? {};
  return [publicHost(host), account, bucket, key].join("/");
}

export interface Services {
  store: ObjectStore;
  clock: Clock;
  progress: Progress;
  warn: (text: string) => void;
}

/** Uploads of files, each once, however many ask for it. */
export class FileUploads {
  /**
   * @param running by place, what is under way, whichever keys of the account upload it
   * @param isWanted whether somebody will still need an object in this run
   */
  constructor(
    private readonly services: Services,
    private readonly running: Map<string, Promise<void>>,
    private readonly isWanted: (object: ObjectName) => boolean,
  ) {}

  /** Whether the object is there, by what it says of itself. */
  async isThere({ bucket, key, sha256, size }: StagedObject): Promise<boolean> {
    const there = await this.services.store.show(bucket, key);
    return there?.sha256 === sha256 && there.size === size;
  }

  /**
   * Sees to it that an object is there, by uploading the file if need be.
   * @throws ObjectStorageError; ImageError
   */
  async ensure(object: StagedObject, path: string | undefined): Promise<void> {
    const place = placeOf(object);
    let upload = this.running.get(place);
    if (upload === undefined) {
      upload = this.uploadIfMissing(object, path).finally(() => this.running.delete(place));
      this.running.set(place, upload);
    }
    await upload;
  }

  private async uploadIfMissing(object: StagedObject, path: string | undefined): Promise<void> {
    if (await this.isThere(object).catch((error: unknown) => this.explainBucket(object, error))) {
      return;
    }
    if (path === undefined) {
      throw new ImageError(
        `The object ${nameOf(object)} is gone, and no file is named that it could be uploaded from again.`,
      );
    }
    await this.abortOthers(object);
    await this.upload(object, path);
  }

  /** The bucket of an object that was uploaded before may be gone; the program may name another by now. */
  private explainBucket({ bucket }: ObjectName, error: unknown): never {
    if (failedAs(error, "noBucket")) {
      throw new ImageError(
        `${error.message} The content was uploaded to the bucket ${bucket} before. To upload it to the one that the program names now, run ` +
          "pulumi up with --replace and the URN of the ImageFile.",
        { cause: error },
      );
    }
    throw error;
  }

  private async upload(object: StagedObject, path: string): Promise<void> {
    const { store, progress, clock } = this.services;
    const { bucket, key, size, sha256 } = object;
    const since = clock.now();
    const waiting: Waiting = { what: "file", name: quote(path), status: "uploading", since };
    const done = progress.show(waiting);
    try {
      const stamp = await stampOf(path, object);
      const onProgress = (sent: UploadProgress) => {
        waiting.detail = uploadDetail({ ...sent, elapsed: clock.now() - since });
      };
      await store.upload({ bucket, key, path, size, sha256, stamp }, { onProgress });
    } finally {
      done();
    }
  }

  /** What killed runs of this stack have begun to upload, and nobody wants any more, costs money until it is aborted. */
  private async abortOthers({ bucket, key, url }: ObjectName): Promise<void> {
    const { store, warn } = this.services;
    const stack = key.slice(0, key.lastIndexOf("/") + 1);
    try {
      const { uploads } = await store.list(bucket, stack);
      for (const upload of uploads) {
        const other = { bucket, key: upload.key, url };
        if (!this.running.has(placeOf(other)) && !this.isWanted(other)) {
          await store.abortUpload(bucket, upload.key, upload.id);
        }
      }
    } catch (error) {
      if (!(error instanceof ObjectStorageError)) {
        throw error;
      }
      warn(`${error.message} So what an earlier run has begun to upload may be left, which costs money.`);
    }
  }
}

/** What was read before may have changed since, and is never sent on trust: the file is hashed again, and must stay as it is then. */
async function stampOf(path: string, object: StagedObject) {
  try {
    const { digest, stats } = await hashFile(path, {});
    if (digest.sha256 === object.sha256) {
      return stats;
    }
    throw new ImageError(changedText(path, digest.sha256, object.sha256));
  } catch (error) {
    if (error instanceof FileError) {
      throw new ImageError(
        `${error.message} The object ${nameOf(object)} is not there, so the file is needed.`,
        {
          cause: error,
        },
      );
    }
    throw error;
  }
}

/** What to say of a file that is not what it was when it was looked at. */
export function changedText(path: string, now: string, before: string): string {
  return `The file ${quote(resolve(path))} has changed: its SHA-256 is ${now}, and was to be ${before}. Run again when it is complete.`;
}
