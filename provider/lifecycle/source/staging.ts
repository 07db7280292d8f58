import { failedAs } from "../../object-storage/errors";
import type { AfterImport, StagedObject } from "../../schema/image-file";
import { ImageError } from "../image-error";
import { FileUploads, placeOf, type ObjectName, type Services } from "./uploads";

/** What a run knows of objects, by their places: several keys may work with the objects of one account. */
export class ObjectDesk {
  /** Who imports from an object now. */
  readonly importing = new Map<string, Set<string>>();
  /** Who will import from it later in this run. */
  readonly expected = new Map<string, Set<string>>();
  /** The entries of the state that hold it, each by its token, with what is to become of it. */
  readonly holders = new Map<string, Map<string, AfterImport>>();
  /** The last of the operations that must not overtake each other. */
  readonly turns = new Map<string, Promise<unknown>>();
  /** Its upload. */
  readonly uploads = new Map<string, Promise<void>>();
}

/** From what is wished for the least to what is wished for the most: an object that one image keeps is kept. */
const strongest: readonly AfterImport[] = ["removed", "private", "kept"];

/**
 * The objects that images are imported from: one for each content of a stack, uploaded when it is needed, and public only while
 * something imports from it.
 */
export class StagedObjects {
  private readonly uploads: FileUploads;
  constructor(
    private readonly services: Services,
    private readonly desk: ObjectDesk,
  ) {
    this.uploads = new FileUploads(services, desk.uploads, (object) => this.isExpected(object));
  }

  /**
   * Whether a bucket can be uploaded to.
   * @throws ObjectStorageError
   */
  async checkBucket(bucket: string): Promise<void> {
    await this.services.store.checkBucket(bucket);
  }

  /** Whether the object is there. */
  async isThere(object: StagedObject): Promise<boolean> {
    return this.uploads.isThere(object);
  }

  /** Says that somebody will import from an object later in this run, so that it is not removed before. */
  expect(object: ObjectName, importer: string): void {
    const place = placeOf(object);
    this.desk.expected.set(place, (this.desk.expected.get(place) ?? new Set()).add(importer));
  }

  /** Says that an entry of the state holds an object, and what is to become of it. */
  hold(object: ObjectName, token: unknown, after: AfterImport): void {
    const place = placeOf(object);
    this.desk.holders.set(
      place,
      (this.desk.holders.get(place) ?? new Map<string, AfterImport>()).set(String(token), after),
    );
  }

  /**
   * Sees to it that an object is there, by uploading the file if need be.
   * @throws ObjectStorageError; ImageError
   */
  async ensure(object: StagedObject, path: string | undefined): Promise<void> {
    await this.uploads.ensure(object, path);
  }

  /**
   * Makes an object public, for an import that begins: SCP reads it without credentials. Whoever has called this closes it, also where
   * it fails: its answer may be what was lost.
   * @param importer who imports; the object stays public until all that have opened it have closed it
   * @throws ObjectStorageError; ImageError
   */
  async open(object: StagedObject, path: string | undefined, importer: string): Promise<void> {
    const place = placeOf(object);
    this.desk.importing.set(place, (this.desk.importing.get(place) ?? new Set()).add(importer));
    await this.inTurn(object, async () => {
      await this.uploads.ensure(object, path);
      await this.services.store.publish(object.bucket, object.key);
    });
  }

  /** Whether somebody has opened an object in this run, and not closed it. */
  isOpenedBy(object: ObjectName, importer: string): boolean {
    return this.desk.importing.get(placeOf(object))?.has(importer) ?? false;
  }

  /** Hands an object that one has opened on to somebody else. */
  handOver(object: ObjectName, from: string, to: string): void {
    this.desk.importing.get(placeOf(object))?.add(to);
    this.leave(object, [from]);
  }

  /**
   * Closes an object after an import. The last one who does makes of it what is wished for the most; it is not removed while it will be
   * needed.
   * @param after undefined where the import has failed: then the object is made private, and may be needed again
   * @throws ObjectStorageError; ImageError
   */
  async close(
    object: StagedObject,
    importers: readonly string[],
    after: AfterImport | undefined,
  ): Promise<void> {
    this.leave(object, importers);
    await this.inTurn(object, async () => {
      if (this.isImported(object)) {
        return;
      }
      const wish = this.wishFor(object, after ?? "private");
      await this.settle(object, wish === "removed" && this.isExpected(object) ? "private" : wish);
    });
  }

  /**
   * Removes an object that is not what it says, whatever was wished: nothing must be imported from it again.
   * @throws ObjectStorageError; ImageError
   */
  async discard(object: StagedObject, importers: readonly string[]): Promise<void> {
    this.leave(object, importers);
    await this.inTurn(object, async () => {
      await (this.isImported(object) ? undefined : this.removeOrClose(object));
    });
  }

  /**
   * Deletes an object that an entry of the state held. Where others hold it, it becomes what they wish. One of another content is not ours.
   * @throws ObjectStorageError; ImageError
   */
  async remove(object: StagedObject, token: unknown): Promise<"removed" | "gone" | "another's" | "held"> {
    this.desk.holders.get(placeOf(object))?.delete(String(token));
    return this.inTurn(object, async () => {
      if (this.isImported(object) || this.isExpected(object)) {
        return "held";
      }
      const wish = this.wishFor(object, "removed");
      if (wish === "removed") {
        return this.removeOrClose(object);
      }
      await this.settle(object, wish);
      return "held";
    });
  }

  private wishFor(object: ObjectName, own: AfterImport): AfterImport {
    const wishes = [own, ...(this.desk.holders.get(placeOf(object))?.values() ?? [])];
    return strongest.findLast((wish) => wishes.includes(wish)) ?? own;
  }

  private async settle(object: StagedObject, after: AfterImport): Promise<void> {
    const { store } = this.services;
    const { bucket, key } = object;
    if (after === "removed") {
      await this.removeOrClose(object);
    } else if (await this.isThere(object)) {
      await (after === "private" ? store.unpublish(bucket, key) : store.publish(bucket, key));
    }
  }

  /** What cannot be removed is at least made private. In a bucket that is gone, nothing is left. */
  private async removeOrClose(object: StagedObject): Promise<"removed" | "gone" | "another's"> {
    const { store } = this.services;
    const { bucket, key, sha256 } = object;
    try {
      return await store.remove(bucket, key, sha256);
    } catch (error) {
      if (failedAs(error, "noBucket") && !(await store.buckets()).includes(bucket)) {
        return "gone";
      }
      if (!failedAs(error, "forbidden")) {
        throw error;
      }
      await store.unpublish(bucket, key);
      throw new ImageError(`${error.message} It is private now.`, { cause: error });
    }
  }

  private isImported(object: ObjectName): boolean {
    return (this.desk.importing.get(placeOf(object))?.size ?? 0) > 0;
  }

  private isExpected(object: ObjectName): boolean {
    return (this.desk.expected.get(placeOf(object))?.size ?? 0) > 0;
  }

  private leave(object: ObjectName, importers: readonly string[]): void {
    const place = placeOf(object);
    importers.forEach((importer) => {
      this.desk.importing.get(place)?.delete(importer);
      this.desk.expected.get(place)?.delete(importer);
    });
  }

  /** One after the other: who closes must not overtake who opens. */
  private async inTurn<T>(object: ObjectName, work: () => Promise<T>): Promise<T> {
    const place = placeOf(object);
    const turn = (this.desk.turns.get(place) ?? Promise.resolve()).then(work);
    this.desk.turns.set(
      place,
      turn.catch(() => undefined),
    );
    return turn;
  }
}
