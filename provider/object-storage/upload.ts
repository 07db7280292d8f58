import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import {
  advice,
  failedAs,
  isTransient,
  ObjectStorageError,
  refuseIfCancelled,
  withAdvice,
  type StorageFailure,
} from "./errors";
import { LocalFile, md5Of, type FileStamp } from "./local-file";
import type { Asking, ListedUpload, ObjectPlace, S3Operations } from "./operations";
import { limits, partSizeFor, partsOf, type Part, type PartSlots } from "./parts";
import { Resuming, type Begun } from "./resume";

export interface UploadRequest extends ObjectPlace {
  /** The file. It must not change while it is uploaded. */
  path: string;
  /** Bytes. */
  size: number;
  /** Of the whole file, in hexadecimal. The object keeps it as its user metadata `sha256`. */
  sha256: string;
  /** What `stat` said of the file when its SHA-256 was computed: then a change since is noticed too. */
  stamp?: FileStamp;
}

/** How far an upload is, in bytes. */
export interface UploadProgress {
  /** What is there, with what was kept. It falls only where somebody else aborts the upload, and it begins anew. */
  sent: number;
  total: number;
  /** What an earlier run had sent. */
  kept: number;
}

export interface UploadOptions {
  onProgress?: (progress: UploadProgress) => void;
  signal?: AbortSignal;
}

/** How an upload went, in bytes. */
export interface UploadResult {
  /** What this run sent. */
  sent: number;
  /** What was there already, of an earlier run. */
  kept: number;
}

/**
 * One file on its way to one object: always in parts, so that there is one way of going on with it.
 *
 * Given up because of the network or by the user it stays, for the next run to go on with; given up because it cannot succeed it is
 * aborted, so that nobody pays for it.
 */
export class Upload {
  private readonly asking: Asking;
  private sent = 0;
  private kept = 0;
  /** Whether the service's ETag of a part is its MD5. With some kinds of encryption it is not. */
  private hasMd5Etags = true;

  private constructor(
    private readonly s3: S3Operations,
    private readonly slots: PartSlots,
    private readonly file: LocalFile,
    private readonly request: UploadRequest,
    private readonly partSize: number,
    private readonly options: UploadOptions,
  ) {
    this.asking = { operation: operationOf(request), signal: options.signal };
  }

  /** @throws ObjectStorageError */
  static async run(
    s3: S3Operations,
    slots: PartSlots,
    request: UploadRequest,
    usualPart: number | undefined,
    options: UploadOptions,
  ): Promise<UploadResult> {
    checkSize(request);
    const { path, size, stamp } = request;
    const file = await LocalFile.open(path, size, operationOf(request), stamp);
    try {
      const upload = new Upload(s3, slots, file, request, partSizeFor(size, usualPart), options);
      return await slots.during(() => upload.run());
    } finally {
      await file.close();
    }
  }

  private async run(): Promise<UploadResult> {
    if (await this.isThere()) {
      return this.nothingToDo();
    }
    try {
      return await this.attempt();
    } catch (error) {
      if (!failedAs(error, "noUpload")) {
        throw error;
      }
      // Somebody else completed it, with the same content, or aborted it.
      return (await this.isThere()) ? this.nothingToDo() : this.attempt();
    }
  }

  private nothingToDo(): UploadResult {
    const { size } = this.request;
    this.options.onProgress?.({ sent: size, total: size, kept: size - this.sent });
    return { sent: this.sent, kept: size - this.sent };
  }

  /** Whether the object is there, complete. What is not ours is not replaced. */
  private async isThere(): Promise<boolean> {
    const { size, sha256 } = this.request;
    const stored = await this.s3.show(this.request, this.asking);
    if (stored === undefined) {
      return false;
    }
    if (stored.size === size && stored.sha256 === sha256) {
      return true;
    }
    throw new ObjectStorageError({
      failure: "conflict",
      operation: this.asking.operation,
      detail: `The object has ${stored.size} bytes and the SHA-256 ${stored.sha256 ?? "unknown"}; the file has ${size} bytes and ${sha256}`,
      advice: "Look whose it is, and remove it if nobody needs it.",
    });
  }

  private async attempt(): Promise<UploadResult> {
    const begun = await this.begin();
    this.kept = [...partsOf(this.file.size, begun.partSize)]
      .filter(({ number }) => begun.good.has(number))
      .reduce((sum, { size }) => sum + size, 0);
    this.sent = 0;
    this.tell();
    let etags: string[];
    try {
      etags = await this.sendAll(begun);
      await this.file.checkUnchanged();
      await this.complete(begun.id, etags);
    } catch (error) {
      throw await this.giveUp(begun, error);
    }
    await this.verify(etags);
    // A beginning whose answer was lost has left another.
    await this.abortAll((await this.uploads()).map(({ id }) => id));
    return { sent: this.sent, kept: this.kept };
  }

  private async begin(): Promise<Begun> {
    const resuming = new Resuming(this.s3, this.slots, this.file, this.request, this.partSize, this.asking);
    const { best, others } = await resuming.find(await this.uploads());
    await this.abortAll(others);
    if (best !== undefined) {
      return best;
    }
    const id = await this.s3.create(this.request, this.request.sha256, this.asking);
    return { id, partSize: this.partSize, good: new Map() };
  }

  /** What was begun under the key. Where that may not be listed, everything is sent anew. */
  private async uploads(): Promise<ListedUpload[]> {
    const { bucket, key } = this.request;
    try {
      const all = await this.s3.listUploads(bucket, key, this.asking);
      return all.filter((upload) => upload.key === key);
    } catch (error) {
      if (failedAs(error, "forbidden", "invalid")) {
        return [];
      }
      throw error;
    }
  }

  private async abortAll(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      await this.s3.abort(this.request, id, this.asking).catch(() => undefined);
    }
  }

  /** @returns the ETags of all parts, in order. */
  private async sendAll({ id, partSize, good }: Begun): Promise<string[]> {
    const etags = new Map(good);
    const missing = [...partsOf(this.file.size, partSize)].filter(({ number }) => !good.has(number));
    const next = missing.values();
    let failure: unknown;
    const work = async () => {
      for (const part of next) {
        if (failure !== undefined) {
          return;
        }
        etags.set(part.number, await this.slots.use(part.size, (buffer) => this.send(id, part, buffer)));
        this.sent += part.size;
        this.tell();
      }
    };
    const workers = Array.from({ length: this.slots.count }, () =>
      work().catch((error: unknown) => {
        failure ??= error;
      }),
    );
    // After a failure the parts on their way are let go through: one that came after the upload is aborted would stay, and cost money.
    await Promise.all(workers);
    if (failure !== undefined) {
      throw failure as Error;
    }
    return [...etags].sort(([one], [other]) => one - other).map(([, etag]) => etag);
  }

  private async send(id: string, part: Part, buffer: Buffer): Promise<string> {
    refuseIfCancelled(this.asking);
    await this.file.checkUnchanged();
    await this.file.read(part, buffer);
    const md5 = md5Of(buffer);
    const isWhole = (etag: string) => etag.toLowerCase() === md5.toString("hex");
    const put = (checked: boolean) =>
      this.s3.uploadPart(
        this.request,
        id,
        { number: part.number, body: buffer, md5: checked ? md5 : undefined },
        this.asking,
      );
    // Without Content-MD5, which makes some services hash a part twice: the ETag tells as much.
    const etag = await put(!this.hasMd5Etags);
    if (!this.hasMd5Etags || isWhole(etag)) {
      return etag;
    }
    // It was damaged on the way, or the ETag is no MD5. The service finds out which.
    const again = await put(true);
    this.hasMd5Etags &&= isWhole(again);
    return again;
  }

  /** Looks what became of it before it is sent again: an answer may be lost after the work was done. */
  private async complete(id: string, etags: readonly string[]): Promise<void> {
    await this.s3.connection.retried(async () => {
      try {
        await this.s3.complete(this.request, id, etags, this.asking);
      } catch (error) {
        const mayHaveWorked = isTransient(error) || failedAs(error, "noUpload", "unexpected");
        if (!mayHaveWorked || !(await this.isThere())) {
          throw error;
        }
      }
    }, this.asking.signal);
  }

  /** By the service's own words about the object. What is not right is removed, or the next run would take it to be. */
  private async verify(etags: readonly string[]): Promise<void> {
    const stored = await this.s3.show(this.request, this.asking);
    const { size, sha256 } = this.request;
    const expected = multipartEtag(etags);
    const [, count] = /^[0-9a-f]{32}-(\d+)$/.exec(stored?.etag ?? "") ?? [];
    const isOfSuchParts = this.hasMd5Etags && Number(count) === etags.length;
    if (stored?.size === size && stored.sha256 === sha256 && !(isOfSuchParts && stored.etag !== expected)) {
      return;
    }
    await this.s3.remove(this.request, this.asking).catch(() => undefined);
    throw new ObjectStorageError({
      failure: "damaged",
      operation: this.asking.operation,
      detail: `The object has ${stored?.size ?? "no"} bytes, the ETag ${stored?.etag ?? "unknown"} and the SHA-256 ${stored?.sha256 ?? "unknown"}; ${size} bytes, ${expected} and ${sha256} were sent`,
      advice: advice.damaged,
    });
  }

  /** Leaves what is worth going on with, and aborts the rest. */
  private async giveUp({ id }: Begun, error: unknown): Promise<unknown> {
    if (failedAs(error, "noUpload")) {
      return error;
    }
    const there = this.sent + this.kept;
    if (failedAs(error, ...worthResuming) && there > 0) {
      return withAdvice(
        error,
        `${there} of ${this.file.size} bytes are there: the next run goes on from them.`,
      );
    }
    if (await this.abandon(id)) {
      return error;
    }
    const left = `The multipart upload ${id} could not be aborted: what its parts take up costs money.`;
    return error instanceof ObjectStorageError ? withAdvice(error, left) : error;
  }

  /** Aborts until it is gone: a part that the service was still taking in may outlive the first time. Whether it is gone. */
  private async abandon(id: string): Promise<boolean> {
    const { bucket, key } = this.request;
    const { operation } = this.asking;
    const { attempts, initialBackoff } = this.s3.connection.patience;
    try {
      for (let tries = 0; tries < attempts; tries++) {
        await delay(tries === 0 ? 0 : initialBackoff * 2 ** tries);
        await this.s3.abort(this.request, id, { operation });
        const left = await this.s3.listUploads(bucket, key, { operation });
        if (!left.some((upload) => upload.id === id)) {
          return true;
        }
      }
    } catch {
      // What it is given up for is the error to tell.
    }
    return false;
  }

  private tell(): void {
    const { sent, kept } = this;
    this.options.onProgress?.({ sent: sent + kept, total: this.file.size, kept });
  }
}

/** What passes by itself, or was the user's wish: run again, and it goes on. */
const worthResuming: StorageFailure[] = ["noResponse", "server", "busy", "cancelled"];

function operationOf({ path, bucket, key }: UploadRequest): string {
  return `Upload ${path} to ${bucket}/${key}`;
}

function checkSize(request: UploadRequest): void {
  const { size } = request;
  if (size === 0 || size > limits.object) {
    throw new ObjectStorageError({
      failure: "invalid",
      operation: operationOf(request),
      detail: size === 0 ? "The file is empty" : "The file is larger than 5 TiB",
    });
  }
}

/** S3's ETag of what was uploaded in parts: the MD5 of their MD5s, and how many they are. */
function multipartEtag(etags: readonly string[]): string {
  const md5 = createHash("md5")
    .update(Buffer.from(etags.join(""), "hex"))
    .digest("hex");
  return `${md5}-${etags.length}`;
}
