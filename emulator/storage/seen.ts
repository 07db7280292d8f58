import type { Acl, Bucket, Store } from "../store";

/** An object as the storage has it, whoever may read it. */
export interface RawObject {
  /** The account that owns the bucket. */
  account: string;
  bucket: string;
  key: string;
  size: number;
  /** Without quotation marks. */
  etag: string;
  acl: Acl;
  contentType: string;
  /** Without the prefix `x-amz-meta-`. */
  metadata: Record<string, string>;
  lastModified: string;
}

/** A multipart upload under way. */
export interface RawUpload {
  account: string;
  bucket: string;
  key: string;
  uploadId: string;
  acl: Acl;
  contentType: string;
  metadata: Record<string, string>;
  initiated: string;
  parts: { number: number; size: number; etag: string }[];
}

export function objectsOf(store: Store): RawObject[] {
  return seenIn(store, (bucket, where) =>
    bucket.objects.map(({ key, size, etag, acl, contentType, metadata, lastModified }) => ({
      ...where,
      ...{ key, size, etag, acl, contentType, metadata: bare(metadata), lastModified },
    })),
  );
}

export function uploadsOf(store: Store): RawUpload[] {
  return seenIn(store, (bucket, where) =>
    bucket.uploads.map(({ key, id, acl, contentType, metadata, initiated, parts }) => ({
      ...where,
      ...{ key, uploadId: id, acl, contentType, metadata: bare(metadata), initiated },
      parts: parts.map(({ number, size, etag }) => ({ number, size, etag })),
    })),
  );
}

function seenIn<T>(
  { buckets }: Store,
  see: (bucket: Bucket, where: { account: string; bucket: string }) => T[],
): T[] {
  const all = buckets.flatMap((bucket) => see(bucket, { account: bucket.account, bucket: bucket.name }));
  return structuredClone(all);
}

function bare(metadata: Record<string, string>): Record<string, string> {
  const entries = Object.entries(metadata);
  return Object.fromEntries(entries.map(([name, value]) => [name.replace(/^x-amz-meta-/, ""), value]));
}
