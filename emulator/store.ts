import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { type Blobs, FileBlobs, MemoryBlobs, type Piece } from "./blobs";

export interface Tag {
  key: string;
  value: string;
}

export interface Member {
  member_id: string;
  status: "pending" | "accepted" | "rejected";
  created_at: string;
  updated_at: string;
  /** By the emulator's clock, Unix milliseconds, for what lags; members of earlier versions have none. */
  addedMs?: number;
}

/** A server that a test made known. */
export interface StoredServer {
  id: string;
  accountId: string;
  osDistro: string | null;
  volumeGb: number;
}

/** An image as Show answers it in the newest API version. */
export interface ImageBody {
  checksum: string | null;
  container_format: string;
  created_at: string;
  disk_format: string;
  file: string;
  id: string;
  min_disk: number;
  min_ram: number;
  name: string;
  os_distro: string | null;
  os_hash_algo: string | null;
  os_hash_value: string | null;
  os_hidden: boolean;
  owner: string;
  owner_account_name: string | null;
  owner_user_name: string | null;
  protected: boolean;
  root_device_name: string | null;
  scp_gpu_driver: string | null;
  scp_image_type: string | null;
  scp_k8s_version: string | null;
  scp_original_image_type: string | null;
  scp_os_build_version: string | null;
  scp_os_version: string | null;
  size: number | null;
  status: string;
  updated_at: string;
  url: string | null;
  virtual_size: number | null;
  visibility: string;
  volumes: string | null;
}

/** What lags need to know of an image that the API created. */
export interface Newcomer {
  /** By the emulator's clock, Unix milliseconds. */
  createdMs: number;
  /** Tags of the creation that have not reached the resource manager. */
  lateTags: Tag[];
}

export interface StoredImage {
  body: ImageBody;
  members: Member[];
  /** An import was accepted and has not ended; still true on start means that it was cut short. */
  importRunning: boolean;
  importsStarted: number;
  importsFailed: number;
  /** Why the last import failed, in our words. No operation of the API tells it. */
  importError: string | null;
  /** Of an image of a server only: which server, and whether its snapshot is still being made. */
  snapshot?: { server: string; running: boolean };
}

/** Everything known of an image: the API's fields as they are called on the wire, and what only the emulator knows. */
export type RawImage = ImageBody & Omit<StoredImage, "body"> & { tags: Tag[] };

/** Who may do what beside the owner: by one of the canned names, or by a list of grants that is none of them. */
export type Acl = CannedAcl | readonly Grant[];
export type CannedAcl = "private" | "public-read" | "public-read-write" | "authenticated-read";

export interface Grant {
  /** An account's id, or the URI of a group. */
  grantee: string;
  permission: Permission;
}

export type Permission = "READ" | "WRITE" | "READ_ACP" | "WRITE_ACP" | "FULL_CONTROL";

/** What the creation of an object says of it. */
export interface ObjectFacts {
  key: string;
  contentType: string;
  /** Cache-Control and the like, by the names of the headers. */
  headers?: Record<string, string>;
  /** By the names of the headers, `x-amz-meta-…`. */
  metadata: Record<string, string>;
  acl: Acl;
}

export interface StoredObject extends ObjectFacts {
  /** Its bytes, in order; of a multipart upload one piece a part. */
  pieces: Piece[];
  size: number;
  /** MD5, hexadecimal; of a multipart upload the MD5 of the parts' MD5s, `-`, and their number. */
  etag: string;
  /** A checksum that came with the bytes, by the name of its header. */
  checksum?: Record<string, string>;
  lastModified: string;
}

export interface StoredPart extends Piece {
  number: number;
  etag: string;
  checksum?: Record<string, string>;
  lastModified: string;
}

/** A multipart upload under way. */
export interface StoredUpload extends ObjectFacts {
  id: string;
  initiated: string;
  parts: StoredPart[];
}

export interface Bucket {
  account: string;
  name: string;
  acl: Acl;
  createdAt: string;
  objects: StoredObject[];
  uploads: StoredUpload[];
}

/** A bucket as folders of earlier versions have it: an object was one blob, and there were no uploads. */
type SavedBucket = Omit<Bucket, "objects" | "uploads"> & {
  objects: (Omit<StoredObject, "pieces"> & { pieces?: Piece[]; blob?: string })[];
  uploads?: StoredUpload[];
};

interface Snapshot {
  format: 1;
  images: StoredImage[];
  tags: [srn: string, tags: Tag[]][];
  /** Folders of earlier versions have none. */
  newcomers?: [id: string, newcomer: Newcomer][];
  servers?: StoredServer[];
  buckets: SavedBucket[];
}

/** What the emulator remembers. Whoever changes something calls `changed`; an answer goes out only after `saved`. */
export class Store {
  readonly images = new Map<string, StoredImage>();
  readonly tags = new Map<string, Tag[]>();
  readonly newcomers = new Map<string, Newcomer>();
  readonly servers = new Map<string, StoredServer>();
  readonly buckets: Bucket[] = [];
  private dirty = false;
  private writing: Promise<void> | undefined;

  private constructor(
    readonly blobs: Blobs,
    private readonly file?: string,
  ) {}

  static async open(dataDir?: string): Promise<Store> {
    if (!dataDir) return new Store(new MemoryBlobs());
    const objects = path.join(dataDir, "objects");
    await mkdir(objects, { recursive: true });
    const store = new Store(new FileBlobs(objects), path.join(dataDir, "state.json"));
    await store.load();
    return store;
  }

  bucket(account: string, name: string): Bucket | undefined {
    return this.buckets.find((bucket) => bucket.account === account && bucket.name === name);
  }

  changed(): void {
    this.dirty = true;
  }

  /** Resolves when all that has changed until now is on disk. Calls at the same time share one write. */
  async saved(): Promise<void> {
    while (this.dirty || this.writing) {
      this.writing ??= this.write().finally(() => (this.writing = undefined));
      await this.writing;
    }
  }

  async reset(): Promise<void> {
    this.images.clear();
    this.tags.clear();
    this.newcomers.clear();
    this.servers.clear();
    this.buckets.length = 0;
    this.changed();
    await this.saved();
    await this.blobs.keepOnly(new Set());
  }

  private async load(): Promise<void> {
    if (!this.file || !existsSync(this.file)) return;
    const snapshot = JSON.parse(await readFile(this.file, "utf8")) as Snapshot;
    for (const image of snapshot.images) this.images.set(image.body.id, image);
    for (const [srn, tags] of snapshot.tags) this.tags.set(srn, tags);
    for (const [id, newcomer] of snapshot.newcomers ?? []) this.newcomers.set(id, newcomer);
    for (const server of snapshot.servers ?? []) this.servers.set(server.id, server);
    this.buckets.push(...snapshot.buckets.map(bucketFrom));
    // A kill between the two writes of a put leaves a file that nothing names.
    await this.blobs.keepOnly(new Set(this.buckets.flatMap(piecesOf).map(({ blob }) => blob)));
  }

  private async write(): Promise<void> {
    this.dirty = false;
    if (!this.file) return;
    const snapshot: Snapshot = {
      format: 1,
      images: [...this.images.values()],
      tags: [...this.tags],
      newcomers: [...this.newcomers],
      servers: [...this.servers.values()],
      buckets: this.buckets,
    };
    try {
      await writeFile(`${this.file}.new`, JSON.stringify(snapshot));
      await rename(`${this.file}.new`, this.file);
    } catch (error) {
      this.dirty = true;
      throw error;
    }
  }
}

function bucketFrom({ objects, uploads = [], ...bucket }: SavedBucket): Bucket {
  const whole = objects.map(({ blob = "", ...object }) => ({
    ...object,
    pieces: object.pieces ?? [{ blob, size: object.size }],
  }));
  return { ...bucket, objects: whole, uploads };
}

/** All bytes that a bucket holds. */
export function piecesOf({ objects, uploads }: Bucket): Piece[] {
  return [...objects.flatMap(({ pieces }) => pieces), ...uploads.flatMap(({ parts }) => parts)];
}
