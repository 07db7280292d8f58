import { execFileSync } from "node:child_process";
import { createCipheriv, createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { PartSlots } from "../../provider/object-storage/parts";
import type { StoragePatience } from "../../provider/object-storage/settings";
import { ObjectStore } from "../../provider/object-storage/store";
import { FaultyProxy } from "./proxy";
import type { S3Server, ServerKind } from "./servers";

export const MiB = 1024 ** 2;
/** The smallest that S3 allows. */
export const partSize = 5 * MiB;

/** No test waits for real seconds. */
export const hasty: Partial<StoragePatience> = {
  connectTimeout: 2_000,
  silence: 10_000,
  completeSilence: 10_000,
  attempts: 4,
  initialBackoff: 1,
  maxBackoff: 2,
};

export interface TestFile {
  path: string;
  size: number;
  sha256: string;
  key: string;
  bytes: Buffer;
}

/** A server with a proxy before it, and files of the test's own. */
export class World {
  private readonly stores: ObjectStore[] = [];
  private constructor(
    readonly server: S3Server,
    readonly proxy: FaultyProxy,
    readonly folder: string,
  ) {}

  static async start(kind: ServerKind): Promise<World> {
    const server = await kind.start();
    const proxy = await FaultyProxy.start(server.settings.endpoint);
    return new World(server, proxy, mkdtempSync(join(tmpdir(), "object-storage-")));
  }

  store(patience: Partial<StoragePatience> = {}, slots = new PartSlots()): ObjectStore {
    const settings = { ...this.server.settings, endpoint: this.proxy.url };
    const store = new ObjectStore(settings, { partSize, slots, patience: { ...hasty, ...patience } });
    this.stores.push(store);
    return store;
  }

  /** A file whose SHA-256 an outside tool says. */
  file(name: string, size: number, seed = 1): TestFile {
    const path = join(this.folder, name);
    const bytes = noise(size, seed);
    writeFileSync(path, bytes);
    const sha256 = execFileSync("sha256sum", [path], { encoding: "utf8" }).slice(0, 64);
    return { path, size, sha256, key: `tests/${name}-${sha256}.qcow2`, bytes };
  }

  async close(): Promise<void> {
    this.stores.forEach((store) => {
      store.close();
    });
    this.server.s3.destroy();
    await this.proxy.close();
    await this.server.close();
    rmSync(this.folder, { recursive: true });
  }
}

export const request = ({ path, size, sha256, key }: TestFile) => ({
  path,
  size,
  sha256,
  bucket: "images",
  key,
});

/** What the server holds, read by the AWS SDK. */
export async function stored(s3: S3Client, Key: string) {
  const { Body, ETag, Metadata, ContentType } = await s3.send(
    new GetObjectCommand({ Bucket: "images", Key }),
  );
  const bytes = Buffer.from(await Body!.transformToByteArray());
  return { sha256: createHash("sha256").update(bytes).digest("hex"), ETag, Metadata, ContentType };
}

/** The uploads that are neither completed nor aborted, with their parts' numbers, by the server's own listing. */
export async function begun(s3: S3Client, key: string): Promise<{ id: string; parts: number[] }[]> {
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: "images", Prefix: key }));
  return Promise.all(
    Uploads.map(async ({ Key, UploadId }) => {
      const { Parts = [] } = await s3.send(new ListPartsCommand({ Bucket: "images", Key, UploadId }));
      return { id: UploadId!, parts: Parts.map(({ PartNumber }) => PartNumber!) };
    }),
  );
}

/** Begins an upload with the AWS SDK, as an earlier run, or somebody else, would have. */
export async function begin(
  s3: S3Client,
  { key, sha256 }: Pick<TestFile, "key" | "sha256">,
  parts: Record<number, Buffer>,
): Promise<string> {
  const at = { Bucket: "images", Key: key };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...at, Metadata: { sha256 } }));
  for (const [number, Body] of Object.entries(parts)) {
    await s3.send(new UploadPartCommand({ ...at, UploadId, PartNumber: Number(number), Body }));
  }
  return UploadId!;
}

/** Bytes of which no part is like another. */
function noise(size: number, seed: number): Buffer {
  const key = Buffer.alloc(16, seed);
  return createCipheriv("aes-128-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(size));
}
