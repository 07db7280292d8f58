import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  type S3Client,
} from "@aws-sdk/client-s3";

export const commandNames = [
  "putObject",
  "getObject",
  "headObject",
  "putObjectAcl",
  "getObjectAcl",
  "copyObject",
  "listObjects",
  "createMultipartUpload",
  "uploadPart",
  "uploadPartCopy",
  "listParts",
  "listMultipartUploads",
  "completeMultipartUpload",
  "abortMultipartUpload",
  "deleteObjects",
  "deleteObject",
] as const;

const at = { Bucket: "images", Key: "there" };

/**
 * A request for every operation that a file's way into the storage may need, on an object that is there, and an upload with one
 * part.
 */
export async function everyCommand(s3: S3Client): Promise<Record<(typeof commandNames)[number], object>> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(at));
  const { ETag } = await s3.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: "part" }));
  const Parts = [{ PartNumber: 1, ETag }];
  const CopySource = "images/there";
  return {
    putObject: new PutObjectCommand({ ...at, Body: "new" }),
    getObject: new GetObjectCommand(at),
    headObject: new HeadObjectCommand(at),
    putObjectAcl: new PutObjectAclCommand({ ...at, ACL: "public-read" }),
    getObjectAcl: new GetObjectAclCommand(at),
    copyObject: new CopyObjectCommand({ ...at, Key: "copy", CopySource }),
    listObjects: new ListObjectsV2Command(at),
    createMultipartUpload: new CreateMultipartUploadCommand(at),
    uploadPart: new UploadPartCommand({ ...at, UploadId, PartNumber: 2, Body: "x" }),
    uploadPartCopy: new UploadPartCopyCommand({ ...at, UploadId, PartNumber: 3, CopySource }),
    listParts: new ListPartsCommand({ ...at, UploadId }),
    listMultipartUploads: new ListMultipartUploadsCommand(at),
    completeMultipartUpload: new CompleteMultipartUploadCommand({
      ...at,
      UploadId,
      MultipartUpload: { Parts },
    }),
    abortMultipartUpload: new AbortMultipartUploadCommand({ ...at, UploadId }),
    deleteObjects: new DeleteObjectsCommand({ ...at, Delete: { Objects: [{ Key: at.Key }] } }),
    deleteObject: new DeleteObjectCommand(at),
  };
}
