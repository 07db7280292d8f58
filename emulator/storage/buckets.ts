import type { Cloud } from "../cloud";
import type { Reply } from "../http";
import type { Acl } from "../store";
import { aclOfHeaders, shownAcl } from "./acl";
import { xmlBody } from "./body";
import { type S3Call, findBucket, refuseStrangers, refuseUnless } from "./call";
import { S3Error, element, s3Namespace, xml } from "./errors";
import { textOf } from "./node";
import { discard, newAcl } from "./objects";

export function list(cloud: Cloud, call: S3Call): Reply {
  refuseStrangers(call);
  const own = cloud.store.buckets.filter((bucket) => bucket.account === call.account);
  const rows = own.map(({ name, createdAt }) => element("Bucket", { Name: name, CreationDate: createdAt }));
  const owner = element("Owner", { ID: call.account, DisplayName: call.account });
  return xml(200, element("ListAllMyBucketsResult", [owner, element("Buckets", rows)], s3Namespace));
}

/** Making one's own bucket again changes nothing. */
export async function create(cloud: Cloud, call: S3Call): Promise<Reply> {
  refuseStrangers(call);
  const acl = aclOfHeaders(call, call.account);
  const wanted = await xmlBody(call, "CreateBucketConfiguration");
  const region = wanted && textOf(wanted, "LocationConstraint")?.trim();
  if (region && region !== regionOf(cloud))
    throw new S3Error("InvalidLocationConstraint", `Buckets cannot be made in the region ${region}.`);
  addBucket(cloud, call.account, call.bucket, acl);
  return { status: 200, headers: { location: `/${call.bucket}` } };
}

export function addBucket(cloud: Cloud, account: string, name: string, acl: Acl = "private") {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) {
    throw new S3Error("InvalidBucketName", "A bucket's name is 3 to 63 of a-z, 0-9, '.' and '-'.");
  }
  const present = cloud.store.bucket(account, name);
  if (present) return present;
  const bucket = {
    account,
    name,
    acl,
    createdAt: new Date(cloud.now()).toISOString(),
    objects: [],
    uploads: [],
  };
  cloud.store.buckets.push(bucket);
  cloud.store.changed();
  return bucket;
}

export function head(cloud: Cloud, call: S3Call): Reply {
  const bucket = findBucket(cloud, call);
  refuseUnless(call, bucket.acl, "READ");
  return { status: 200, headers: { "x-amz-bucket-region": regionOf(cloud) } };
}

const regionOf = ({ settings }: Cloud) => settings.bucketRegion ?? settings.region;

/** Uploads under way are no obstacle, and go with the bucket. */
export async function remove(cloud: Cloud, call: S3Call): Promise<Reply> {
  refuseStrangers(call);
  const bucket = findBucket(cloud, call);
  if (bucket.objects.length > 0) throw new S3Error("BucketNotEmpty", "The bucket is not empty.");
  cloud.store.buckets.splice(cloud.store.buckets.indexOf(bucket), 1);
  cloud.store.changed();
  await discard(
    cloud,
    bucket.uploads.flatMap(({ parts }) => parts),
  );
  return { status: 204 };
}

export function location(cloud: Cloud, call: S3Call): Reply {
  refuseStrangers(call);
  findBucket(cloud, call);
  return xml(200, element("LocationConstraint", regionOf(cloud), s3Namespace));
}

export function getAcl(cloud: Cloud, call: S3Call): Reply {
  const { acl } = findBucket(cloud, call);
  refuseUnless(call, acl, "READ_ACP");
  return shownAcl(call.account, acl);
}

/** Says who may list the bucket and write to it; the objects in it have ACLs of their own. */
export async function putAcl(cloud: Cloud, call: S3Call): Promise<Reply> {
  refuseUnless(call, findBucket(cloud, call).acl, "WRITE_ACP");
  const acl = await newAcl(call);
  findBucket(cloud, call).acl = acl;
  cloud.store.changed();
  return { status: 200 };
}
