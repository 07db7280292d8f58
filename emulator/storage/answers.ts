import type { Cloud } from "../cloud";
import type { Reply } from "../http";
import { type S3Call, findBucket, refuseStrangers } from "./call";
import { type Content, S3Error, element, s3Namespace, xml } from "./errors";

/** What clients ask of a bucket, and is always the same: buckets have no versions, no tags, no rules. */
const answerOf = (root: string, content: Content) => (cloud: Cloud, call: S3Call) => {
  refuseStrangers(call);
  findBucket(cloud, call);
  return xml(200, element(root, content, s3Namespace));
};

const missing =
  (code: S3Error["code"]) =>
  (cloud: Cloud, call: S3Call): Reply => {
    refuseStrangers(call);
    findBucket(cloud, call);
    throw new S3Error(code, "The bucket has nothing of the kind.");
  };

export const versioning = answerOf("VersioningConfiguration", "");
export const requestPayment = answerOf("RequestPaymentConfiguration", { Payer: "BucketOwner" });
export const logging = answerOf("BucketLoggingStatus", "");
export const notification = answerOf("NotificationConfiguration", "");
export const tagging = missing("NoSuchTagSet");
export const policy = missing("NoSuchBucketPolicy");
export const cors = missing("NoSuchCORSConfiguration");
export const lifecycle = missing("NoSuchLifecycleConfiguration");
export const website = missing("NoSuchWebsiteConfiguration");
export const encryption = missing("ServerSideEncryptionConfigurationNotFoundError");
export const objectLock = missing("ObjectLockConfigurationNotFoundError");
