import { createHash } from "node:crypto";
import { Cloud } from "./cloud";
import { clientEnvironment } from "./environment";
import type { Fault, OrderedFault } from "./faults";
import type { LoggedRequest } from "./journal";
import { lockFolder, refuseSecondEmulator, unlockFolder } from "./lock";
import { type ObjectName, publicObjectUrl } from "./objectUrl";
import { apiRoom } from "./routes/api";
import { controlRoom } from "./routes/control";
import { Server } from "./server";
import { type EmulatorOptions, type Settings, settingsFrom } from "./settings";
import { addBucket } from "./storage/buckets";
import { keep } from "./storage/objects";
import { storageRoom } from "./storage/room";
import { type RawObject, type RawUpload, objectsOf, uploadsOf } from "./storage/seen";
import type { ServerGiven } from "./servers";
import { type Acl, type ImageBody, type RawImage, Store, type StoredServer, type Tag } from "./store";

export type { Fault, FaultKind, OrderedFault } from "./faults";
export type { LoggedRequest } from "./journal";
export type { Account, EmulatorOptions, Settings } from "./settings";
export type { RawObject, RawUpload } from "./storage/seen";
export type { ServerGiven } from "./servers";
export type { Acl, CannedAcl, Grant, ImageBody, Permission, RawImage, StoredServer } from "./store";
export { type Denial, type Echo, type Gateway, type Unkindness, kind } from "./unkind";

/** Samsung Cloud Platform on this machine, as far as images go. */
export interface Emulator {
  /** Base URL of every SCP service. */
  url: string;
  /** The S3-compatible endpoint, path style. */
  objectStorageUrl: string;
  /**
   * The settings in effect. `importMs`, `queuedMs`, `snapshotMs`, `importsBy`, `pathForms`, `standardImages` and those of
   * {@link Unkindness} may be changed at any time.
   */
  options: Settings;
  /** Environment variables that point a client process here. */
  env: Record<string, string>;
  /** Puts an object into an account's storage, by default the main one's; makes the bucket where needed. Default ACL: public-read. */
  putObject: (bucket: string, key: string, body: Buffer, acl?: Acl, accountId?: string) => Promise<void>;
  /** The URL that an image names an object by, of the main account's or another's storage. It does not depend on the port. */
  objectUrl: (bucket: string, key: string, accountId?: string) => string;
  /** Every object of every bucket of every account, whoever may read it. */
  objects: () => RawObject[];
  /** Every multipart upload under way, with the parts that it has. */
  uploads: () => RawUpload[];
  /** Every image of every account, with what the API does not show; with `standard` those of {@link EmulatorOptions.standardImages} too. */
  images: (also?: { standard?: boolean }) => RawImage[];
  /** Makes many images behind everybody's back, each `active` and the main account's unless it says otherwise. Fields as on the wire. */
  addImages: (images: Partial<ImageBody>[]) => Promise<RawImage[]>;
  /** Makes a server known. From then on its account has no others: before, every UUID is one. */
  addServer: (server?: ServerGiven) => Promise<StoredServer>;
  /** Resolves when the image's import or snapshot under way has ended, well or not; at once when there is none. */
  settled: (id: string) => Promise<void>;
  /** Changes an image behind everybody's back, or makes it (then `active`). Fields as on the wire. */
  setImage: (id: string, patch: Partial<ImageBody>) => Promise<RawImage>;
  /** Takes an image away behind everybody's back, with its tags. One that is not there is fine. */
  removeImage: (id: string) => Promise<void>;
  /** Gives an image these tags behind everybody's back, and no others. */
  setTags: (id: string, tags: Tag[]) => Promise<void>;
  /** Every image that was deleted through the API, as it was then, in order. */
  deleted: () => RawImage[];
  /** How often each operation was asked for. */
  stats: () => Record<string, number>;
  /** The last ten thousand requests. */
  requests: () => LoggedRequest[];
  /** What is to go wrong: see {@link Fault}. */
  faults: {
    /** Orders a fault. It strikes what comes from then on. */
    add: (fault: Fault) => OrderedFault;
    /** Takes one back, or all. */
    clear: (id?: number) => void;
    /** All that were ordered, with how often each matched and struck. */
    list: () => OrderedFault[];
  };
  /** Forgets images, the deleted ones too, tags, servers, objects, faults and counts; keeps the settings. */
  reset: () => Promise<void>;
  /** Ends imports under way and connections. With a `dataDir`, the next one goes on from here. */
  close: () => Promise<void>;
}

export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const settings = settingsFrom(options);
  const { dataDir } = settings;
  if (dataDir) await refuseSecondEmulator(dataDir);
  const cloud = new Cloud(settings, await Store.open(dataDir));
  const server = new Server(cloud, {
    api: apiRoom(cloud),
    storage: storageRoom(cloud),
    control: controlRoom(cloud),
  });
  cloud.url = await server.listen(options.port ?? 0);
  if (dataDir) await lockFolder(dataDir, cloud.url);
  return emulatorOf(cloud, server);
}

function emulatorOf(cloud: Cloud, server: Server): Emulator {
  const { settings, store, faults, journal, works } = cloud;
  return {
    url: cloud.url,
    objectStorageUrl: cloud.url,
    options: settings,
    env: clientEnvironment(cloud),
    putObject: (bucket, key, body, acl = "public-read", accountId = settings.accountId) =>
      putObject(cloud, { account: accountId, bucket, key }, body, acl),
    objectUrl: (bucket, key, accountId = settings.accountId) =>
      publicObjectUrl(settings, { account: accountId, bucket, key }),
    objects: () => objectsOf(store),
    uploads: () => uploadsOf(store),
    images: (also) => cloud.images(also),
    addImages: (images) => cloud.addImages(images),
    addServer: (server) => cloud.addServer(server),
    settled: (id) => works.settled(id),
    setImage: (id, patch) => cloud.setImage(id, patch),
    removeImage: (id) => cloud.removeImage(id),
    setTags: (id, tags) => cloud.setTags(id, tags),
    deleted: () => structuredClone(cloud.deleted),
    stats: () => journal.stats(),
    requests: () => journal.requests(),
    faults: {
      add: (fault) => faults.add(fault),
      clear: (id) => {
        faults.clear(id);
      },
      list: () => faults.list(),
    },
    reset: () => cloud.reset(),
    close: async () => {
      await works.cancelAll();
      await server.close();
      // Of a request that was being answered meanwhile.
      await works.cancelAll();
      await store.saved();
      if (settings.dataDir) await unlockFolder(settings.dataDir, cloud.url);
    },
  };
}

async function putObject(
  cloud: Cloud,
  { account, bucket: bucketName, key }: Required<ObjectName>,
  body: Buffer,
  acl: Acl,
): Promise<void> {
  const { store } = cloud;
  const bucket = addBucket(cloud, account, bucketName);
  // Uploads come in pieces; so does this one.
  const blob = await store.blobs.write(
    (async function* () {
      yield await Promise.resolve(body);
    })(),
  );
  await keep(cloud, bucket, {
    key,
    pieces: [{ blob, size: body.length }],
    size: body.length,
    etag: createHash("md5").update(body).digest("hex"),
    contentType: "application/octet-stream",
    metadata: {},
    acl,
    lastModified: new Date(cloud.now()).toISOString(),
  });
  await store.saved();
}
