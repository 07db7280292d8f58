import type { Cloud } from "../cloud";
import { type Call, header } from "../http";
import type { Account } from "../settings";
import type { Acl, Bucket } from "../store";
import { S3Error } from "./errors";

/** A request to Object Storage, after it is known who asks and for what. */
export interface S3Call extends Call {
  /** Who signed; undefined for everybody and nobody. */
  caller?: Account;
  account: string;
  bucket: string;
  key: string;
}

/** For everything but reading what is public: the account itself. */
export function refuseStrangers(call: S3Call): void {
  if (call.caller?.accountId !== call.account) throw new S3Error("AccessDenied", "Access denied.");
}

export function findBucket(cloud: Cloud, call: S3Call): Bucket {
  const bucket = cloud.store.bucket(call.account, call.bucket);
  if (!bucket) throw new S3Error("NoSuchBucket", "The bucket does not exist.");
  return bucket;
}

/** The canned ACL of the request's header; private when it names none. */
export function cannedAcl(call: Call): Acl {
  const acl = header(call, "x-amz-acl") ?? "private";
  if (acl === "private" || acl === "public-read") return acl;
  throw new S3Error("NotImplemented", "Of the canned ACLs there are private and public-read.");
}
