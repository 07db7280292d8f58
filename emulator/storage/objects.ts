import { readPieces } from "../blobs";
import type { Cloud } from "../cloud";
import { type Reply, header } from "../http";
import type { Bucket, StoredObject } from "../store";
import { aclOfHeaders, aclOfXml, shownAcl } from "./acl";
import { xmlBody } from "./body";
import { type S3Call, factsFrom, findBucket, refuseBeyondQuota, refuseUnless, writableBucket } from "./call";
import { meets, refuseOverwriting } from "./conditions";
import { S3Error, element, s3Namespace, xml } from "./errors";
import { child, children, textOf } from "./node";
import { rangeOf } from "./range";
import { Upload } from "./upload";

export async function put(cloud: Cloud, call: S3Call): Promise<Reply> {
  const bucket = writableBucket(cloud, call);
  const facts = { ...factsFrom(call), acl: aclOfHeaders(call, call.account) ?? "private" };
  refuseOverwriting(call, bucket);
  const upload = new Upload(call, call.signing);
  refuseBeyondQuota(cloud, call.account, upload.declaredSize ?? 0);
  const blob = await cloud.store.blobs.write(upload.bytes());
  const { size, etag, checksum } = upload;
  const lastModified = new Date(cloud.now()).toISOString();
  const object = { ...facts, pieces: [{ blob, size }], size, etag, checksum, lastModified };
  await keepNew(cloud, call, object);
  return { status: 200, headers: { etag: `"${etag}"`, ...checksum } };
}

/** Keeps an object whose bytes took a while to come: meanwhile another may have been put, or the bucket removed. */
export async function keepNew(cloud: Cloud, call: S3Call, object: StoredObject): Promise<void> {
  const bucket = await discardingUnless(cloud, object.pieces, () => {
    refuseBeyondQuota(cloud, call.account, object.size);
    refuseOverwriting(call, findBucket(cloud, call));
    return findBucket(cloud, call);
  });
  await keep(cloud, bucket, object);
}

/** Bytes that came are no use when what they are for is refused in the end. */
export async function discardingUnless<T>(
  cloud: Cloud,
  pieces: readonly { blob: string }[],
  work: () => T,
): Promise<T> {
  try {
    return work();
  } catch (error) {
    await discard(cloud, pieces);
    throw error;
  }
}

/** Puts an object in the place of the one before. */
export async function keep(cloud: Cloud, bucket: Bucket, object: StoredObject): Promise<void> {
  const before = take(bucket, object.key);
  bucket.objects.push(object);
  cloud.store.changed();
  if (before) await discard(cloud, before.pieces);
}

function take(bucket: Bucket, key: string): StoredObject | undefined {
  const at = bucket.objects.findIndex((object) => object.key === key);
  return at < 0 ? undefined : bucket.objects.splice(at, 1)[0];
}

/** A file goes only after no saved state names it any more. */
export async function discard(cloud: Cloud, pieces: readonly { blob: string }[]): Promise<void> {
  await cloud.store.saved();
  for (const { blob } of pieces) await cloud.store.blobs.remove(blob);
}

/** GET and HEAD: for the owner, and for whoever the object's own ACL names. */
export function get(cloud: Cloud, call: S3Call): Reply {
  const object = findObject(cloud, call);
  refuseUnless(call, object.acl, "READ");
  const headers = headersOf(call, object);
  const met = meets(call, object);
  if (met === "no") throw new S3Error("PreconditionFailed", "The object is not the one that was asked for.");
  if (met === "not modified") return { status: 304, headers };

  const { start, end, isPart } = rangeOf(call, object);
  headers["content-length"] = String(end - start);
  if (isPart) headers["content-range"] = `bytes ${start}-${end - 1}/${object.size}`;
  else if (header(call, "x-amz-checksum-mode") === "ENABLED") Object.assign(headers, object.checksum);
  const isHead = call.method === "HEAD";
  const body = isHead ? undefined : readPieces(cloud.store.blobs, object.pieces, start, end);
  return { status: isPart ? 206 : 200, headers, body };
}

function headersOf(call: S3Call, object: StoredObject): Record<string, string> {
  const headers: Record<string, string> = {
    "accept-ranges": "bytes",
    "content-type": object.contentType,
    etag: `"${object.etag}"`,
    "last-modified": new Date(object.lastModified).toUTCString(),
    ...object.headers,
    ...object.metadata,
  };
  if (object.pieces.length > 1 && call.query.has("partNumber"))
    headers["x-amz-mp-parts-count"] = String(object.pieces.length);
  // A presigned URL may say under which name and type a browser is to take the object.
  for (const [name, value] of call.query) {
    const [, overridden] =
      /^response-(content-(?:type|disposition|encoding|language)|cache-control|expires)$/.exec(name) ?? [];
    if (overridden && call.caller) headers[overridden] = value;
  }
  return headers;
}

export function findObject(cloud: Cloud, call: S3Call): StoredObject {
  const bucket = findBucket(cloud, call);
  const object = bucket.objects.find((candidate) => candidate.key === call.key);
  if (object) return object;
  // Who may not list a bucket is not told what is missing in it.
  refuseUnless(call, bucket.acl, "READ");
  throw new S3Error("NoSuchKey", "The object does not exist.");
}

/** Deleting what is not there is no error. */
export async function remove(cloud: Cloud, call: S3Call): Promise<Reply> {
  const object = take(writableBucket(cloud, call), call.key);
  if (object) {
    cloud.store.changed();
    await discard(cloud, object.pieces);
  }
  return { status: 204 };
}

export async function removeMany(cloud: Cloud, call: S3Call): Promise<Reply> {
  const bucket = writableBucket(cloud, call);
  const order = await xmlBody(call, "Delete");
  const keys = order === undefined ? [] : children(order, "Object").map((node) => textOf(node, "Key") ?? "");
  if (keys.length === 0 || keys.length > 1000 || keys.includes(""))
    throw new S3Error("MalformedXML", "A Delete names 1 to 1000 keys.");
  const gone = keys.flatMap((key) => take(bucket, key) ?? []);
  cloud.store.changed();
  await discard(
    cloud,
    gone.flatMap(({ pieces }) => pieces),
  );
  const quiet = order !== undefined && textOf(order, "Quiet")?.trim() === "true";
  const rows = quiet ? [] : keys.map((key) => element("Deleted", { Key: key }));
  return xml(200, element("DeleteResult", rows, s3Namespace));
}

export function getAcl(cloud: Cloud, call: S3Call): Reply {
  const { acl } = findObject(cloud, call);
  refuseUnless(call, acl, "READ_ACP");
  return shownAcl(call.account, acl);
}

export async function putAcl(cloud: Cloud, call: S3Call): Promise<Reply> {
  refuseUnless(call, findObject(cloud, call).acl, "WRITE_ACP");
  const acl = await newAcl(call);
  findObject(cloud, call).acl = acl;
  cloud.store.changed();
  return { status: 200 };
}

/** The ACL that a PUT ?acl asks for, in its headers or in its body. */
export async function newAcl(call: S3Call) {
  const policy = await xmlBody(call, "AccessControlPolicy");
  const named = aclOfHeaders(call, call.account);
  if (named !== undefined && policy !== undefined)
    throw new S3Error("InvalidRequest", "An ACL stands in the headers or in the body, not in both.");
  if (named !== undefined) return named;
  if (policy === undefined || child(policy, "AccessControlList") === undefined)
    throw new S3Error("MalformedACLError", "The request names no ACL.");
  return aclOfXml(policy, call.account);
}

/** Clients ask for tags, and there are none. */
export function getTagging(cloud: Cloud, call: S3Call): Reply {
  refuseUnless(call, findObject(cloud, call).acl, "READ");
  return xml(200, element("Tagging", element("TagSet", []), s3Namespace));
}
