import type { Cloud } from "../cloud";
import { type Reply, header } from "../http";
import type { Bucket, StoredObject } from "../store";
import { newAcl, shownAcl } from "./acl";
import { S3Error, element, s3Namespace, xml } from "./errors";
import { type S3Call, cannedAcl, findBucket, refuseStrangers } from "./call";
import { Upload } from "./upload";

export async function put(cloud: Cloud, call: S3Call): Promise<Reply> {
  refuseStrangers(call);
  if (header(call, "x-amz-copy-source")) throw new S3Error("NotImplemented", "Copying is not supported.");
  const acl = cannedAcl(call);
  const bucket = findBucket(cloud, call);
  const ifNew = header(call, "if-none-match") === "*";
  if (ifNew) refusePresent(bucket, call.key);

  const upload = new Upload(call);
  const blob = await cloud.store.blobs.write(upload.bytes());
  const object: StoredObject = {
    key: call.key,
    blob,
    size: upload.size,
    etag: upload.etag,
    contentType: header(call, "content-type") ?? "binary/octet-stream",
    metadata: userMetadata(call),
    acl,
    lastModified: new Date(cloud.now()).toISOString(),
  };
  await keep(cloud, bucket, object);
  return { status: 200, headers: { etag: `"${object.etag}"` } };
}

function refusePresent(bucket: Bucket, key: string): void {
  if (bucket.objects.some((object) => object.key === key)) {
    throw new S3Error("PreconditionFailed", "The object is there already.");
  }
}

/** Puts an object in the place of the one before. */
export async function keep(cloud: Cloud, bucket: Bucket, object: StoredObject): Promise<void> {
  const before = take(bucket, object.key);
  bucket.objects.push(object);
  cloud.store.changed();
  if (before) await discard(cloud, before);
}

function take(bucket: Bucket, key: string): StoredObject | undefined {
  const at = bucket.objects.findIndex((object) => object.key === key);
  return at < 0 ? undefined : bucket.objects.splice(at, 1)[0];
}

/** A file goes only after no saved state names it any more. */
async function discard(cloud: Cloud, object: StoredObject): Promise<void> {
  await cloud.store.saved();
  await cloud.store.blobs.remove(object.blob);
}

function userMetadata(call: S3Call): Record<string, string> {
  const names = Object.keys(call.headers).filter((name) => name.startsWith("x-amz-meta-"));
  return Object.fromEntries(names.map((name) => [name, header(call, name) ?? ""]));
}

/** GET and HEAD: for the owner, and for everybody when the object itself is public-read. */
export function get(cloud: Cloud, call: S3Call): Reply {
  const object = findObject(cloud, call);
  if (object.acl === "private") refuseStrangers(call);
  const { start, end } = range(header(call, "range"), object.size);
  const partial = end - start < object.size;
  const headers: Record<string, string> = {
    "accept-ranges": "bytes",
    "content-length": String(end - start),
    "content-type": object.contentType,
    etag: `"${object.etag}"`,
    "last-modified": new Date(object.lastModified).toUTCString(),
    ...object.metadata,
  };
  if (partial) headers["content-range"] = `bytes ${start}-${end - 1}/${object.size}`;
  const body = call.method === "HEAD" ? undefined : cloud.store.blobs.read(object.blob, start, end);
  return { status: partial ? 206 : 200, headers, body };
}

/** One range of bytes; the end is exclusive. */
function range(given: string | undefined, size: number): { start: number; end: number } {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(given ?? "") ?? [];
  if (first === "" && last === "") return { start: 0, end: size };
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  if (start >= end) throw new S3Error("InvalidRange", "The object has no such range.");
  return { start, end };
}

function findObject(cloud: Cloud, call: S3Call): StoredObject {
  const bucket = findBucket(cloud, call);
  const object = bucket.objects.find((candidate) => candidate.key === call.key);
  if (object) return object;
  // Who may not list a bucket is not told what is missing in it.
  if (bucket.acl === "private") refuseStrangers(call);
  throw new S3Error("NoSuchKey", "The object does not exist.");
}

/** Deleting what is not there is no error. */
export async function remove(cloud: Cloud, call: S3Call): Promise<Reply> {
  refuseStrangers(call);
  const object = take(findBucket(cloud, call), call.key);
  if (object) {
    cloud.store.changed();
    await discard(cloud, object);
  }
  return { status: 204 };
}

export function getAcl(cloud: Cloud, call: S3Call): Reply {
  refuseStrangers(call);
  return shownAcl(call.account, findObject(cloud, call).acl);
}

export function putAcl(cloud: Cloud, call: S3Call): Reply {
  refuseStrangers(call);
  findObject(cloud, call).acl = newAcl(call);
  cloud.store.changed();
  return { status: 200 };
}

/** ListObjectsV2, and for old clients the first version with its marker. */
export function list(cloud: Cloud, call: S3Call): Reply {
  const bucket = findBucket(cloud, call);
  if (bucket.acl === "private") refuseStrangers(call);
  const { query } = call;
  const second = query.get("list-type") === "2";
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const most = maxKeys(query);
  const token = query.get("continuation-token");
  const from = second
    ? token !== null
      ? Buffer.from(token, "base64url").toString("utf8")
      : (query.get("start-after") ?? "")
    : (query.get("marker") ?? "");

  const rows = listing(bucket, prefix, delimiter).filter(({ name }) => name > from);
  const page = rows.slice(0, most);
  const truncated = rows.length > page.length;
  const last = page.at(-1)?.name ?? "";
  const shown = query.get("encoding-type") === "url" ? encodeURIComponent : (text: string) => text;
  return xml(
    200,
    element(
      "ListBucketResult",
      {
        Name: bucket.name,
        Prefix: shown(prefix),
        Delimiter: delimiter ? shown(delimiter) : undefined,
        EncodingType: query.get("encoding-type") ?? undefined,
        MaxKeys: most,
        KeyCount: second ? page.length : undefined,
        IsTruncated: truncated,
        ContinuationToken: token ?? undefined,
        NextContinuationToken: second && truncated ? Buffer.from(last).toString("base64url") : undefined,
        NextMarker: !second && truncated ? shown(last) : undefined,
        Contents: page.flatMap(({ name, object }) => (object ? [contents(shown(name), object)] : [])),
        CommonPrefixes: page.flatMap(({ name, object }) => (object ? [] : [{ Prefix: shown(name) }])),
      },
      s3Namespace,
    ),
  );
}

function maxKeys(query: URLSearchParams): number {
  const given = query.get("max-keys");
  if (given === null) return 1000;
  if (!/^\d+$/.test(given)) throw new S3Error("InvalidArgument", "max-keys must be a whole number.");
  return Math.min(1000, Number(given));
}

/** Keys in order; those with the delimiter after the prefix are gathered under what they have in common. */
function listing(
  bucket: Bucket,
  prefix: string,
  delimiter: string,
): { name: string; object?: StoredObject }[] {
  const rows = new Map<string, StoredObject | undefined>();
  for (const object of bucket.objects) {
    if (!object.key.startsWith(prefix)) continue;
    const cut = delimiter ? object.key.indexOf(delimiter, prefix.length) : -1;
    if (cut < 0) rows.set(object.key, object);
    else rows.set(object.key.slice(0, cut + delimiter.length), undefined);
  }
  return [...rows].map(([name, object]) => ({ name, object })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function contents(key: string, object: StoredObject) {
  return {
    Key: key,
    LastModified: object.lastModified,
    ETag: `"${object.etag}"`,
    Size: object.size,
    StorageClass: "STANDARD",
  };
}
