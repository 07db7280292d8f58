import type { Cloud } from "../cloud";
import { type Call, type Reply, report } from "../http";
import { isAccount, objectName } from "../objectUrl";
import type { Room } from "../server";
import { s3Signer } from "./awsSignature";
import * as buckets from "./buckets";
import type { S3Call } from "./call";
import { S3Error } from "./errors";
import * as objects from "./objects";

type Operation = (cloud: Cloud, call: S3Call) => Reply | Promise<Reply>;

/** By method, level and sub-resource. What is not here is answered NotImplemented. */
const operations: Record<string, { name: string; run: Operation }> = {
  "GET service": { name: "listBuckets", run: buckets.list },
  "PUT bucket": { name: "createBucket", run: buckets.create },
  "HEAD bucket": { name: "headBucket", run: buckets.head },
  "DELETE bucket": { name: "deleteBucket", run: buckets.remove },
  "GET bucket": { name: "listObjects", run: objects.list },
  "GET bucket?location": { name: "getBucketLocation", run: buckets.location },
  "GET bucket?acl": { name: "getBucketAcl", run: buckets.getAcl },
  "PUT bucket?acl": { name: "putBucketAcl", run: buckets.putAcl },
  "PUT object": { name: "putObject", run: objects.put },
  "GET object": { name: "getObject", run: objects.get },
  "HEAD object": { name: "headObject", run: objects.get },
  "DELETE object": { name: "deleteObject", run: objects.remove },
  "GET object?acl": { name: "getObjectAcl", run: objects.getAcl },
  "PUT object?acl": { name: "putObjectAcl", run: objects.putAcl },
};

/** Queries that ask for another thing than the bucket or the object itself. */
const subResources =
  /^(acl|cors|delete|encryption|lifecycle|location|logging|notification|object-lock|ownershipControls|policy|policyStatus|publicAccessBlock|replication|requestPayment|restore|tagging|torrent|uploadId|uploads|versioning|versions|website)$/;

export function storageRoom(cloud: Cloud): Room {
  return (call) => {
    const name = objectName(call.path, cloud.settings);
    const level = name.key ? "object" : name.bucket ? "bucket" : "service";
    const sub = [...call.query.keys()].find((key) => subResources.test(key));
    const operation = operations[`${call.method} ${level}${sub ? `?${sub}` : ""}`];
    return {
      operation: operation?.name ?? "unknown",
      work: () => perform(cloud, operation?.run, call).catch((error: unknown) => refusal(call, error)),
    };
  };
}

async function perform(cloud: Cloud, run: Operation | undefined, call: Call): Promise<Reply> {
  const { settings } = cloud;
  const caller = s3Signer(call, settings.accounts, cloud.now());
  const name = objectName(call.path, settings);
  if (name.account === undefined && isAccount(name.bucket, settings)) {
    throw new S3Error("NotFoundBucketNameInPath", "The path must be /account:bucket/object.");
  }
  if (!run) throw new S3Error("NotImplemented", "The emulator's Object Storage has no such operation.");
  const account = name.account ?? caller?.accountId ?? settings.accountId;
  return run(cloud, { ...call, caller, account, bucket: name.bucket, key: name.key });
}

function refusal(call: Call, error: unknown): Reply {
  if (error instanceof S3Error) return error.reply(call.path);
  report(call, error);
  return new S3Error("InternalError", "The emulator made a mistake.").reply(call.path);
}
