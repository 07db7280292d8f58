import { FileError } from "../file/file-error";
import { digestFile } from "../file/digest";
import type { ObjectStore } from "../object-storage/store";
import type { UploadProgress } from "../object-storage/upload";
import type { AfterImport, StagedObject } from "../schema/image-file";
import type { Clock } from "./clock";
import { ImageHolders } from "./holders";
import { ImageError } from "./image-error";
import { uploadDetail, type Progress, type Waiting } from "./progress";

interface Services {
  store: ObjectStore;
  clock: Clock;
  progress: Progress;
}

/** The first part of the key of all objects of this package. */
export const keyPrefix = "pulumi-scp-images/";

/** Which object. */
export type ObjectName = Pick<StagedObject, "bucket" | "key">;

/**
 * The objects that images are imported from: one for each content of a stack, uploaded when it is needed, and public only while
 * something imports from it.
 */
export class StagedObjects {
  /** What is being uploaded. */
  private readonly uploads = new Map<string, Promise<void>>();
  /** By object, who imports from it now. */
  private readonly importing = new Map<string, Set<string>>();
  /** By object, who will import from it later in this run. */
  private readonly expected = new Map<string, Set<string>>();
  /** By object, what those who have imported from it wish to become of it. */
  private readonly wishes = new Map<string, Set<AfterImport>>();
  /** By object, the last of the operations that must not overtake each other. */
  private readonly turns = new Map<string, Promise<unknown>>();
  private readonly holders = new ImageHolders();

  constructor(private readonly services: Services) {}

  /**
   * Whether a bucket can be uploaded to.
   * @throws ObjectStorageError
   */
  async checkBucket(bucket: string): Promise<void> {
    await this.services.store.checkBucket(bucket);
  }

  /** Says that somebody will import from an object later in this run, so that it is not removed before. */
  expect(object: ObjectName, importer: string): void {
    add(this.expected, nameOf(object), importer);
  }

  /** Says that an entry of the state holds an object. */
  hold(object: ObjectName, token: unknown): void {
    this.holders.hold(nameOf(object), token);
  }

  /**
   * Sees to it that an object is there, by uploading the file if need be. Files are uploaded once, however many ask for them.
   * @throws ObjectStorageError; FileError; ImageError
   */
  async ensure(object: StagedObject, path: string | undefined): Promise<void> {
    const name = nameOf(object);
    let upload = this.uploads.get(name);
    if (upload === undefined) {
      upload = this.uploadIfMissing(object, path).finally(() => this.uploads.delete(name));
      this.uploads.set(name, upload);
    }
    await upload;
  }

  private async uploadIfMissing(object: StagedObject, path: string | undefined): Promise<void> {
    const { store } = this.services;
    const there = await store.show(object.bucket, object.key);
    if (there?.sha256 === object.sha256 && there.size === object.size) {
      return;
    }
    const name = nameOf(object);
    if (path === undefined) {
      throw new ImageError(
        `The object ${name} is gone, and no file is named that it could be uploaded from again.`,
      );
    }
    // What was read before may have changed since, and is never sent on trust.
    const { sha256 } = await digestFile(path).catch((error: unknown) => {
      if (error instanceof FileError) {
        throw new ImageError(`${error.message} The object ${name} is not there, so the file is needed.`, {
          cause: error,
        });
      }
      throw error;
    });
    if (sha256 !== object.sha256) {
      throw new ImageError(
        `The file ${path} has changed: its SHA-256 is ${sha256}, and was to be ${object.sha256}. Run again when it is complete.`,
      );
    }
    await this.upload(object, path);
  }

  private async upload({ bucket, key, size, sha256 }: StagedObject, path: string): Promise<void> {
    const { store, progress, clock } = this.services;
    await this.abortOthers(bucket, key);
    const since = clock.now();
    const waiting: Waiting = { what: "file", name: path, status: "uploading", since };
    const done = progress.show(waiting);
    try {
      const onProgress = (sent: UploadProgress) => {
        waiting.detail = uploadDetail({ ...sent, elapsed: clock.now() - since });
      };
      await store.upload({ bucket, key, path, size, sha256 }, { onProgress });
    } finally {
      done();
    }
  }

  /** What killed runs of this stack have begun to upload, and nobody wants any more, costs money until it is aborted. */
  private async abortOthers(bucket: string, key: string): Promise<void> {
    const { store } = this.services;
    const stack = key.slice(0, key.lastIndexOf("/") + 1);
    const { uploads } = await store.list(bucket, stack);
    const left = uploads.filter((upload) => !this.isWanted({ bucket, key: upload.key }));
    await Promise.all(left.map((upload) => store.abortUpload(bucket, upload.key, upload.id)));
  }

  private isWanted(object: ObjectName): boolean {
    const name = nameOf(object);
    return this.uploads.has(name) || (this.expected.get(name)?.size ?? 0) > 0;
  }

  /**
   * Makes an object public, for an import that begins: SCP reads it without credentials.
   * @param importer who imports; the object stays public until all that have opened it have closed it
   * @throws ObjectStorageError; FileError; ImageError
   */
  async open(object: StagedObject, path: string | undefined, importer: string): Promise<void> {
    add(this.importing, nameOf(object), importer);
    try {
      await this.ensure(object, path);
      await this.inTurn(object, () => this.services.store.publish(object.bucket, object.key));
    } catch (error) {
      this.importing.get(nameOf(object))?.delete(importer);
      throw error;
    }
  }

  /** Hands an object that one has opened on to somebody else. */
  handOver(object: ObjectName, from: string, to: string): void {
    const name = nameOf(object);
    add(this.importing, name, to);
    this.leave(name, [from]);
  }

  private leave(name: string, importers: readonly string[]): void {
    importers.forEach((importer) => {
      this.importing.get(name)?.delete(importer);
      this.expected.get(name)?.delete(importer);
    });
  }

  /** Whether the object is there. */
  async isThere({ bucket, key, sha256 }: StagedObject): Promise<boolean> {
    return (await this.services.store.show(bucket, key))?.sha256 === sha256;
  }

  /**
   * Closes an object after an import. The last one who does makes of it what was wished; it is not removed while it will be needed.
   * @param after undefined where the import has failed: then the object is made private, and may be needed again
   * @throws ObjectStorageError
   */
  async close(
    object: StagedObject,
    importers: readonly string[],
    after: AfterImport | undefined,
  ): Promise<void> {
    const name = nameOf(object);
    this.leave(name, importers);
    if (after !== undefined) {
      add(this.wishes, name, after);
    }
    await this.inTurn(object, async () => {
      if ((this.importing.get(name)?.size ?? 0) > 0) {
        return;
      }
      const wishes = this.wishes.get(name);
      const isNeeded = after === undefined || (this.expected.get(name)?.size ?? 0) > 0;
      const wish = wishes?.has("kept") ? "kept" : isNeeded || wishes?.has("private") ? "private" : "removed";
      await this.settle(object, wish);
    });
  }

  private async settle(object: StagedObject, after: AfterImport): Promise<void> {
    const { store } = this.services;
    const { bucket, key, sha256 } = object;
    if (after === "removed") {
      await store.remove(bucket, key, sha256);
    } else if (await this.isThere(object)) {
      await (after === "private" ? store.unpublish(bucket, key) : store.publish(bucket, key));
    }
  }

  /**
   * Deletes an object that an entry of the state held, unless something else of this run holds it. One of another content is not ours.
   * @throws ObjectStorageError
   */
  async remove(object: StagedObject, token: unknown): Promise<"removed" | "gone" | "another's" | "held"> {
    const name = nameOf(object);
    if (!this.holders.release(name, token) || (this.importing.get(name)?.size ?? 0) > 0) {
      return "held";
    }
    return this.inTurn(object, () => this.services.store.remove(object.bucket, object.key, object.sha256));
  }

  /** One after the other: who closes must not overtake who opens. */
  private async inTurn<T>(object: ObjectName, work: () => Promise<T>): Promise<T> {
    const name = nameOf(object);
    const turn = (this.turns.get(name) ?? Promise.resolve()).then(work);
    this.turns.set(
      name,
      turn.catch(() => undefined),
    );
    return turn;
  }
}

/** The text that an object is known by, and found by in the console. */
export function nameOf({ bucket, key }: ObjectName): string {
  return `${bucket}/${key}`;
}

function add<T>(map: Map<string, Set<T>>, name: string, item: T): void {
  map.set(name, (map.get(name) ?? new Set()).add(item));
}
