import type { Cloud } from "../cloud";
import { type Call, type Reply, header, report } from "../http";
import { type ObjectName, isAccount, objectNameOf } from "../objectUrl";
import type { Room } from "../server";
import * as answers from "./answers";
import { type Signing, s3Signing } from "./awsSignature";
import * as buckets from "./buckets";
import type { S3Call } from "./call";
import * as copies from "./copy";
import { S3Error, refusal } from "./errors";
import { list } from "./listing";
import * as multipart from "./multipart";
import { listParts, listUploads } from "./multipartLists";
import * as objects from "./objects";

interface Operation {
  name: string;
  run: (cloud: Cloud, call: S3Call) => Reply | Promise<Reply>;
}

/** By method, level, sub-resource and whether it copies. What is not here is answered NotImplemented. */
const operations: Record<string, Operation> = {
  "GET service": { name: "listBuckets", run: buckets.list },
  "PUT bucket": { name: "createBucket", run: buckets.create },
  "HEAD bucket": { name: "headBucket", run: buckets.head },
  "DELETE bucket": { name: "deleteBucket", run: buckets.remove },
  "GET bucket": { name: "listObjects", run: list },
  "POST bucket?delete": { name: "deleteObjects", run: objects.removeMany },
  "GET bucket?uploads": { name: "listMultipartUploads", run: listUploads },
  "GET bucket?location": { name: "getBucketLocation", run: buckets.location },
  "GET bucket?acl": { name: "getBucketAcl", run: buckets.getAcl },
  "PUT bucket?acl": { name: "putBucketAcl", run: buckets.putAcl },
  "GET bucket?versioning": { name: "getBucketVersioning", run: answers.versioning },
  "GET bucket?requestPayment": { name: "getBucketRequestPayment", run: answers.requestPayment },
  "GET bucket?logging": { name: "getBucketLogging", run: answers.logging },
  "GET bucket?notification": { name: "getBucketNotificationConfiguration", run: answers.notification },
  "GET bucket?tagging": { name: "getBucketTagging", run: answers.tagging },
  "GET bucket?policy": { name: "getBucketPolicy", run: answers.policy },
  "GET bucket?cors": { name: "getBucketCors", run: answers.cors },
  "GET bucket?lifecycle": { name: "getBucketLifecycleConfiguration", run: answers.lifecycle },
  "GET bucket?website": { name: "getBucketWebsite", run: answers.website },
  "GET bucket?encryption": { name: "getBucketEncryption", run: answers.encryption },
  "GET bucket?object-lock": { name: "getObjectLockConfiguration", run: answers.objectLock },
  "PUT object": { name: "putObject", run: objects.put },
  "PUT object copy": { name: "copyObject", run: copies.copy },
  "GET object": { name: "getObject", run: objects.get },
  "HEAD object": { name: "headObject", run: objects.get },
  "DELETE object": { name: "deleteObject", run: objects.remove },
  "GET object?acl": { name: "getObjectAcl", run: objects.getAcl },
  "PUT object?acl": { name: "putObjectAcl", run: objects.putAcl },
  "GET object?tagging": { name: "getObjectTagging", run: objects.getTagging },
  "POST object?uploads": { name: "createMultipartUpload", run: multipart.create },
  "PUT object?uploadId": { name: "uploadPart", run: multipart.put },
  "PUT object?uploadId copy": { name: "uploadPartCopy", run: copies.copyPart },
  "GET object?uploadId": { name: "listParts", run: listParts },
  "POST object?uploadId": { name: "completeMultipartUpload", run: multipart.complete },
  "DELETE object?uploadId": { name: "abortMultipartUpload", run: multipart.abort },
};

/** Queries that ask for another thing than the bucket or the object itself. */
const subResources =
  /^(accelerate|acl|analytics|attributes|cors|delete|encryption|intelligent-tiering|inventory|legal-hold|lifecycle|location|logging|metrics|notification|object-lock|ownershipControls|policy|policyStatus|publicAccessBlock|replication|requestPayment|restore|retention|select|tagging|torrent|uploadId|uploads|versioning|versions|website)$/;

export function storageRoom(cloud: Cloud): Room {
  return (call) => {
    const name = objectNameOf(call, cloud.settings);
    const operation = operationOf(withQueryHeaders(call), name);
    return {
      operation: operation?.name ?? "unknown",
      work: () => perform(cloud, operation, call, name).catch((error: unknown) => refused(call, error)),
    };
  };
}

function operationOf(call: Call, name: ObjectName): Operation | undefined {
  const level = name.key ? "object" : name.bucket ? "bucket" : "service";
  const sub = [...call.query.keys()].find((key) => subResources.test(key));
  const copies = call.method === "PUT" && header(call, "x-amz-copy-source") !== undefined;
  return operations[`${call.method} ${level}${sub ? `?${sub}` : ""}${copies ? " copy" : ""}`];
}

const ofSignature =
  /^x-amz-(algorithm|content-sha256|credential|date|expires|security-token|signature|signedheaders)$/;

/**
 * A presigned URL may hold what else stands in headers, such as the ACL, and what it holds is signed. Checksums of a
 * body that nobody had when the URL was made are no part of that.
 */
function withQueryHeaders(call: Call): Call {
  if (!call.query.has("X-Amz-Signature")) return call;
  const found = [...call.query]
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => name.startsWith("x-amz-") && !ofSignature.test(name))
    .filter(([name]) => !name.startsWith("x-amz-checksum-"));
  return { ...call, headers: { ...Object.fromEntries(found), ...call.headers } };
}

async function perform(
  cloud: Cloud,
  operation: Operation | undefined,
  call: Call,
  name: ObjectName,
): Promise<Reply> {
  const { settings } = cloud;
  const signing = s3Signing(call, settings.accounts, cloud.now());
  if (name.account === undefined && isAccount(name.bucket, settings)) {
    throw new S3Error("NotFoundBucketNameInPath", "The path must be /account:bucket/object.");
  }
  if (!operation) throw new S3Error("NotImplemented", "The emulator's Object Storage has no such operation.");
  const caller = signing?.account;
  const denied = denial(cloud, operation, call, caller?.accessKey);
  if (denied) return denied;
  if (name.bucket) refuseOtherRegion(cloud, operation, name.bucket, signing);
  const account = name.account ?? caller?.accountId ?? settings.accountId;
  const whole = withQueryHeaders(call);
  return operation.run(cloud, { ...whole, caller, signing, account, bucket: name.bucket, key: name.key });
}

function denial(
  { settings }: Cloud,
  { name }: Operation,
  call: Call,
  accessKey: string | undefined,
): Reply | undefined {
  const denied = settings.denied.find(
    (one) => one.operation === name && (one.accessKey === undefined || one.accessKey === accessKey),
  );
  if (!denied) return undefined;
  const { status = 403, body } = denied;
  const reply = refusal(status, "AccessDenied", `This access key may not call ${name}.`, call.path);
  return body === undefined ? reply : { ...reply, body };
}

/** Where buckets are in another region, a request that was signed for this one is sent there. */
function refuseOtherRegion(
  { settings }: Cloud,
  { name }: Operation,
  bucket: string,
  signing: Signing | undefined,
): void {
  const { bucketRegion } = settings;
  const anywhere = ["createBucket", "getBucketLocation"].includes(name);
  if (bucketRegion === null || !signing || signing.region === bucketRegion || anywhere) return;
  const headers = { "x-amz-bucket-region": bucketRegion };
  throw new S3Error("PermanentRedirect", `The bucket ${bucket} is in the region ${bucketRegion}.`, headers);
}

function refused(call: Call, error: unknown): Reply {
  if (error instanceof S3Error) return error.reply(call.path);
  report(call, error);
  return new S3Error("InternalError", "The emulator made a mistake.").reply(call.path);
}
