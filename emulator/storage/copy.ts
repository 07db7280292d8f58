import { type Hash, createHash } from "node:crypto";
import { readPieces } from "../blobs";
import type { Cloud } from "../cloud";
import { type Reply, header } from "../http";
import { objectName } from "../objectUrl";
import type { StoredObject } from "../store";
import { aclOfHeaders } from "./acl";
import { type S3Call, factsFrom, refuseBeyondQuota, refuseUnless, writableBucket } from "./call";
import { refuseOverwriting, refuseUnmet } from "./conditions";
import { S3Error, element, s3Namespace, xml } from "./errors";
import { findUpload, keepPart, partNumber } from "./multipart";
import { findObject, keepNew } from "./objects";
import { largestBody } from "./upload";

export async function copy(cloud: Cloud, call: S3Call): Promise<Reply> {
  const bucket = writableBucket(cloud, call);
  const source = sourceOf(cloud, call);
  const facts = factsOfCopy(cloud, call, source);
  refuseOverwriting(call, bucket);
  if (source.size > largestBody) throw new S3Error("InvalidRequest", "A copy has 5 GiB at most.");
  const blob = await copied(cloud, call, source, 0, source.size);
  // As Ceph has it, a copy keeps the ETag, also one of a multipart upload.
  const { size, etag, checksum } = source;
  const lastModified = new Date(cloud.now()).toISOString();
  await keepNew(cloud, call, { ...facts, pieces: [{ blob, size }], size, etag, checksum, lastModified });
  return result("CopyObjectResult", etag, lastModified);
}

/** Of the source all but its ACL, or of the request. */
function factsOfCopy(cloud: Cloud, call: S3Call, source: StoredObject) {
  const directive = header(call, "x-amz-metadata-directive") ?? "COPY";
  if (directive !== "COPY" && directive !== "REPLACE")
    throw new S3Error("InvalidArgument", "x-amz-metadata-directive is COPY or REPLACE.");
  const acl = aclOfHeaders(call, call.account) ?? "private";
  const own = factsFrom(call);
  if (directive === "REPLACE") return { ...own, acl };
  const at = sourceName(cloud, call);
  if (at.bucket === call.bucket && at.key === call.key && at.account === call.account)
    throw new S3Error("InvalidRequest", "An object is copied to itself only with other metadata.");
  const { contentType, headers, metadata } = source;
  return { key: own.key, contentType, headers, metadata, acl };
}

export async function copyPart(cloud: Cloud, call: S3Call): Promise<Reply> {
  const number = partNumber(call);
  findUpload(cloud, call);
  const source = sourceOf(cloud, call);
  const { start, end } = rangeOf(header(call, "x-amz-copy-source-range"), source.size);
  const size = end - start;
  if (size > largestBody) throw new S3Error("InvalidRequest", "A part has 5 GiB at most.");
  const hash = createHash("md5");
  const blob = await copied(cloud, call, source, start, end, hash);
  const etag = hash.digest("hex");
  const lastModified = new Date(cloud.now()).toISOString();
  await keepPart(cloud, call, { number, blob, size, etag, lastModified });
  return result("CopyPartResult", etag, lastModified);
}

function rangeOf(given: string | undefined, size: number): { start: number; end: number } {
  if (given === undefined) return { start: 0, end: size };
  const [, first = "", last = ""] = /^bytes=(\d+)-(\d+)$/.exec(given) ?? [];
  if (first === "" || Number(last) < Number(first))
    throw new S3Error("InvalidArgument", "x-amz-copy-source-range must be bytes=first-last.");
  if (Number(last) >= size) throw new S3Error("InvalidRange", "The source has no such range.");
  return { start: Number(first), end: Number(last) + 1 };
}

/** A blob of its own: what was copied does not change with its source. */
async function copied(
  cloud: Cloud,
  call: S3Call,
  source: StoredObject,
  start: number,
  end: number,
  hash?: Hash,
): Promise<string> {
  refuseBeyondQuota(cloud, call.account, end - start);
  const { blobs } = cloud.store;
  const bytes = readPieces(blobs, source.pieces, start, end) as AsyncIterable<Buffer>;
  return blobs.write(hash ? hashing(bytes, hash) : bytes);
}

async function* hashing(bytes: AsyncIterable<Buffer>, hash: Hash): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
}

/** The object that a request copies, if whoever asks may read it and it meets the request's conditions. */
function sourceOf(cloud: Cloud, call: S3Call): StoredObject {
  const name = sourceName(cloud, call);
  const source = findObject(cloud, name);
  refuseUnless(name, source.acl, "READ");
  refuseUnmet(call, source, "x-amz-copy-source-");
  return source;
}

/** `bucket/key` or `account:bucket/key`, encoded like a path. */
function sourceName(cloud: Cloud, call: S3Call): S3Call {
  const [text = ""] = (header(call, "x-amz-copy-source") ?? "").split("?");
  const path = `/${text.replaceAll(/%2F/gi, "/").replace(/^\//, "")}`;
  const name = objectName(path, cloud.settings);
  if (!name.bucket || !name.key)
    throw new S3Error("InvalidArgument", "x-amz-copy-source must be bucket/key.");
  const account = name.account ?? call.caller?.accountId ?? call.account;
  return { ...call, account, bucket: name.bucket, key: name.key };
}

function result(name: string, etag: string, lastModified: string): Reply {
  return xml(200, element(name, { LastModified: lastModified, ETag: `"${etag}"` }, s3Namespace));
}
