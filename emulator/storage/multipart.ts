import { createHash, randomBytes } from "node:crypto";
import type { Cloud } from "../cloud";
import { type Reply, header } from "../http";
import { without } from "../images";
import type { StoredPart, StoredUpload } from "../store";
import { aclOfHeaders } from "./acl";
import { xmlBody } from "./body";
import { type S3Call, factsFrom, findBucket, refuseBeyondQuota, writableBucket } from "./call";
import { checksumElement, checksums } from "./checksums";
import { refuseOverwriting } from "./conditions";
import { S3Error, element, s3Namespace, xml } from "./errors";
import { type Node, children, textOf } from "./node";
import { discard, discardingUnless, keep } from "./objects";
import { Upload } from "./upload";
import { wholeChecksum, withoutChecksums } from "./wholeChecksum";

const smallestPart = 5 * 1024 * 1024;
const mostParts = 10_000;

export function create(cloud: Cloud, call: S3Call): Reply {
  const bucket = writableBucket(cloud, call);
  const upload: StoredUpload = {
    ...factsFrom(call),
    id: `2~${randomBytes(24).toString("base64url")}`,
    acl: aclOfHeaders(call, call.account) ?? "private",
    initiated: new Date(cloud.now()).toISOString(),
    parts: [],
  };
  bucket.uploads.push(upload);
  cloud.store.changed();
  const names = { Bucket: call.bucket, Key: call.key, UploadId: upload.id };
  const reply = xml(200, element("InitiateMultipartUploadResult", names, s3Namespace));
  const algorithm = header(call, "x-amz-checksum-algorithm");
  if (algorithm !== undefined) reply.headers = { ...reply.headers, "x-amz-checksum-algorithm": algorithm };
  return reply;
}

/** The multipart upload that a request names, for whoever may write to the bucket. */
export function findUpload(cloud: Cloud, call: S3Call): StoredUpload {
  const { uploads } = writableBucket(cloud, call);
  const upload = uploads.find(({ id, key }) => id === call.query.get("uploadId") && key === call.key);
  if (!upload) throw new S3Error("NoSuchUpload", "The multipart upload does not exist, or has ended.");
  return upload;
}

export function partNumber(call: S3Call): number {
  const text = call.query.get("partNumber") ?? "";
  const number = Number(text);
  if (/^\d{1,5}$/.test(text) && number >= 1 && number <= mostParts) return number;
  throw new S3Error("InvalidArgument", `A part's number is a whole number from 1 to ${mostParts}.`);
}

export async function put(cloud: Cloud, call: S3Call): Promise<Reply> {
  const number = partNumber(call);
  findUpload(cloud, call);
  const upload = new Upload(call, call.signing);
  refuseBeyondQuota(cloud, call.account, upload.declaredSize ?? 0);
  const blob = await cloud.store.blobs.write(upload.bytes());
  const { size, etag, checksum } = upload;
  const lastModified = new Date(cloud.now()).toISOString();
  await keepPart(cloud, call, { number, blob, size, etag, checksum, lastModified });
  return { status: 200, headers: { etag: `"${etag}"`, ...checksum } };
}

/** Keeps a part in the place of the one before, if the upload has not ended while the bytes came. */
export async function keepPart(cloud: Cloud, call: S3Call, part: StoredPart): Promise<void> {
  const upload = await discardingUnless(cloud, [part], () => {
    refuseBeyondQuota(cloud, call.account, part.size);
    return findUpload(cloud, call);
  });
  const isBefore = ({ number }: StoredPart) => number === part.number;
  const before = upload.parts.filter(isBefore);
  const others = upload.parts.filter((one) => !isBefore(one));
  upload.parts = [...others, part].sort((a, b) => a.number - b.number);
  cloud.store.changed();
  await discard(cloud, before);
}

/** Makes one object of the parts: its bytes stay where they are. */
export async function complete(cloud: Cloud, call: S3Call): Promise<Reply> {
  findUpload(cloud, call);
  const order = await xmlBody(withoutChecksums(call), "CompleteMultipartUpload");
  const rows = order === undefined ? [] : children(order, "Part");
  const checksum = await wholeChecksum(cloud, call, chosenParts(findUpload(cloud, call), rows));
  // Looked at again: while the body came, or was summed up, the upload may have ended, or a part been replaced.
  const upload = findUpload(cloud, call);
  const parts = chosenParts(upload, rows);
  const bucket = findBucket(cloud, call);
  refuseOverwriting(call, bucket);

  bucket.uploads.splice(bucket.uploads.indexOf(upload), 1);
  const facts = without(upload, "id", "initiated", "parts");
  const etag = `${md5OfMd5s(parts)}-${parts.length}`;
  await keep(cloud, bucket, {
    ...facts,
    pieces: parts.map(({ blob, size }) => ({ blob, size })),
    size: parts.reduce((sum, { size }) => sum + size, 0),
    etag,
    checksum,
    lastModified: new Date(cloud.now()).toISOString(),
  });
  await discard(
    cloud,
    upload.parts.filter((part) => !parts.includes(part)),
  );
  const location = `${cloud.url}${call.path}`;
  const names = { Location: location, Bucket: call.bucket, Key: call.key, ETag: `"${etag}"` };
  return xml(200, element("CompleteMultipartUploadResult", names, s3Namespace));
}

function chosenParts(upload: StoredUpload, rows: Node[]): StoredPart[] {
  if (rows.length === 0) throw new S3Error("MalformedXML", "The body names no parts.");
  let last = 0;
  const parts = rows.map((row) => {
    const number = Number(textOf(row, "PartNumber"));
    if (!Number.isInteger(number)) throw new S3Error("MalformedXML", "A part has no number.");
    if (number <= last)
      throw new S3Error("InvalidPartOrder", "The parts are not in ascending order of their numbers.");
    last = number;
    return chosenPart(upload, number, row);
  });
  if (parts.slice(0, -1).some(({ size }) => size < smallestPart))
    throw new S3Error("EntityTooSmall", "A part that is not the last one is smaller than 5 MiB.");
  return parts;
}

function chosenPart(upload: StoredUpload, number: number, row: Node): StoredPart {
  const part = upload.parts.find((one) => one.number === number);
  const etag = textOf(row, "ETag")?.trim().replaceAll('"', "");
  const isOther = Object.keys(checksums).some((name) => {
    const stated = textOf(row, checksumElement(name));
    return stated !== undefined && part?.checksum?.[name] !== undefined && stated !== part.checksum[name];
  });
  if (part && etag === part.etag && !isOther) return part;
  throw new S3Error("InvalidPart", `Part ${number} is not there, or is another one than was named.`);
}

function md5OfMd5s(parts: readonly StoredPart[]): string {
  const hash = createHash("md5");
  for (const { etag } of parts) hash.update(etag, "hex");
  return hash.digest("hex");
}

export async function abort(cloud: Cloud, call: S3Call): Promise<Reply> {
  const upload = findUpload(cloud, call);
  const { uploads } = findBucket(cloud, call);
  uploads.splice(uploads.indexOf(upload), 1);
  cloud.store.changed();
  await discard(cloud, upload.parts);
  return { status: 204 };
}
