import type { Cloud } from "../cloud";
import type { Reply } from "../http";
import { newAcl, shownAcl } from "./acl";
import { S3Error, element, s3Namespace, xml } from "./errors";
import { type S3Call, cannedAcl, findBucket, refuseStrangers } from "./call";

export function list(cloud: Cloud, call: S3Call): Reply {
  refuseStrangers(call);
  const own = cloud.store.buckets.filter((bucket) => bucket.account === call.account);
  const rows = own.map(({ name, createdAt }) => element("Bucket", { Name: name, CreationDate: createdAt }));
  const owner = element("Owner", { ID: call.account, DisplayName: call.account });
  return xml(200, element("ListAllMyBucketsResult", [owner, element("Buckets", rows)], s3Namespace));
}

/** Making one's own bucket again changes nothing. */
export function create(cloud: Cloud, call: S3Call): Reply {
  refuseStrangers(call);
  const acl = cannedAcl(call);
  addBucket(cloud, call.account, call.bucket, acl);
  return { status: 200, headers: { location: `/${call.bucket}` } };
}

export function addBucket(
  cloud: Cloud,
  account: string,
  name: string,
  acl: "private" | "public-read" = "private",
) {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) {
    throw new S3Error("InvalidBucketName", "A bucket's name is 3 to 63 of a-z, 0-9, '.' and '-'.");
  }
  const present = cloud.store.bucket(account, name);
  if (present) return present;
  const bucket = { account, name, acl, createdAt: new Date(cloud.now()).toISOString(), objects: [] };
  cloud.store.buckets.push(bucket);
  cloud.store.changed();
  return bucket;
}

export function head(cloud: Cloud, call: S3Call): Reply {
  const bucket = findBucket(cloud, call);
  if (bucket.acl === "private") refuseStrangers(call);
  return { status: 200 };
}

export function remove(cloud: Cloud, call: S3Call): Reply {
  refuseStrangers(call);
  const bucket = findBucket(cloud, call);
  if (bucket.objects.length > 0) throw new S3Error("BucketNotEmpty", "The bucket is not empty.");
  cloud.store.buckets.splice(cloud.store.buckets.indexOf(bucket), 1);
  cloud.store.changed();
  return { status: 204 };
}

export function location(cloud: Cloud, call: S3Call): Reply {
  refuseStrangers(call);
  findBucket(cloud, call);
  return xml(200, element("LocationConstraint", cloud.settings.region, s3Namespace));
}

export function getAcl(cloud: Cloud, call: S3Call): Reply {
  refuseStrangers(call);
  return shownAcl(call.account, findBucket(cloud, call).acl);
}

/** Says who may list the bucket; the objects in it have ACLs of their own. */
export function putAcl(cloud: Cloud, call: S3Call): Reply {
  refuseStrangers(call);
  findBucket(cloud, call).acl = newAcl(call);
  cloud.store.changed();
  return { status: 200 };
}
