import type { Cloud } from "../cloud";
import { type Call, header } from "../http";
import type { Account } from "../settings";
import { type Acl, type Bucket, type ObjectFacts, type Permission, piecesOf } from "../store";
import { allows } from "./acl";
import type { Signing } from "./awsSignature";
import { S3Error } from "./errors";

/** A request to Object Storage, after it is known who asks and for what. */
export interface S3Call extends Call {
  /** Who signed; undefined for everybody and nobody. */
  caller?: Account;
  signing?: Signing;
  account: string;
  bucket: string;
  key: string;
}

/** For everything that no ACL opens: the account itself. */
export function refuseStrangers(call: S3Call): void {
  if (call.caller?.accountId !== call.account) throw accessDenied();
}

/** For what an ACL may open to others: the account itself, and whoever the ACL names. */
export function refuseUnless(call: S3Call, acl: Acl, permission: Permission): void {
  const caller = call.caller?.accountId;
  if (caller !== call.account && !allows(acl, caller, permission)) throw accessDenied();
}

const accessDenied = () => new S3Error("AccessDenied", "Access denied.");

export function findBucket(cloud: Cloud, call: S3Call): Bucket {
  const bucket = cloud.store.bucket(call.account, call.bucket);
  if (!bucket) throw new S3Error("NoSuchBucket", "The bucket does not exist.");
  return bucket;
}

/** The bucket that a request writes to. */
export function writableBucket(cloud: Cloud, call: S3Call): Bucket {
  const bucket = cloud.store.bucket(call.account, call.bucket);
  if (bucket) refuseUnless(call, bucket.acl, "WRITE");
  else refuseStrangers(call);
  return findBucket(cloud, call);
}

/** Refuses to store so many bytes more where the account's quota has no room for them. */
export function refuseBeyondQuota(cloud: Cloud, account: string, bytes: number): void {
  const { quotaBytes } = cloud.settings;
  if (quotaBytes === null) return;
  const own = cloud.store.buckets.filter((bucket) => bucket.account === account);
  const used = own.flatMap(piecesOf).reduce((sum, { size }) => sum + size, 0);
  if (used + bytes > quotaBytes) throw new S3Error("QuotaExceeded", "The account's quota is used up.");
}

const keptHeaders = ["cache-control", "content-disposition", "content-language", "expires"];

/** What the headers of a request say of the object that it makes. */
export function factsFrom(call: S3Call): Omit<ObjectFacts, "acl"> {
  if (Buffer.byteLength(call.key) > 1024)
    throw new S3Error("KeyTooLongError", "A key has 1024 bytes at most.");
  const headers = given(call, keptHeaders);
  const encodings = (header(call, "content-encoding") ?? "").split(/ *, */);
  const encoding = encodings.filter((name) => name && name !== "aws-chunked").join(",");
  if (encoding) headers["content-encoding"] = encoding;
  return {
    key: call.key,
    contentType: header(call, "content-type") ?? "binary/octet-stream",
    headers,
    metadata: given(
      call,
      Object.keys(call.headers).filter((name) => name.startsWith("x-amz-meta-")),
    ),
  };
}

function given(call: S3Call, names: string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = header(call, name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** A whole number of a query that says how many at most. */
export function mostOf(call: S3Call, name: string): number {
  const text = call.query.get(name);
  if (text === null) return 1000;
  if (!/^\d{1,10}$/.test(text)) throw new S3Error("InvalidArgument", `${name} must be a whole number.`);
  return Math.min(1000, Number(text));
}
