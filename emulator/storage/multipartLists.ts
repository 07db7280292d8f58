import type { Cloud } from "../cloud";
import type { Reply } from "../http";
import type { StoredPart, StoredUpload } from "../store";
import { type S3Call, findBucket, mostOf, refuseUnless } from "./call";
import { checksumElement } from "./checksums";
import { S3Error, element, s3Namespace, xml } from "./errors";
import { gathered, spellingOf } from "./listing";
import { findUpload } from "./multipart";

export function listParts(cloud: Cloud, call: S3Call): Reply {
  const upload = findUpload(cloud, call);
  const most = mostOf(call, "max-parts");
  const marker = call.query.get("part-number-marker") ?? "0";
  if (!/^\d+$/.test(marker)) throw new S3Error("InvalidArgument", "part-number-marker must be a number.");
  const rest = upload.parts.filter(({ number }) => number > Number(marker));
  const page = rest.slice(0, most);
  const owner = { ID: call.account, DisplayName: call.account };
  return xml(
    200,
    element(
      "ListPartsResult",
      {
        Bucket: call.bucket,
        Key: call.key,
        UploadId: upload.id,
        Initiator: owner,
        Owner: owner,
        StorageClass: "STANDARD",
        PartNumberMarker: marker,
        NextPartNumberMarker: page.at(-1)?.number ?? 0,
        MaxParts: most,
        IsTruncated: most > 0 && rest.length > page.length,
        Part: page.map(shownPart),
      },
      s3Namespace,
    ),
  );
}

function shownPart({ number, lastModified, etag, size, checksum = {} }: StoredPart) {
  const sums = Object.entries(checksum).map(([name, value]) => [checksumElement(name), value] as const);
  return {
    PartNumber: number,
    LastModified: lastModified,
    ETag: `"${etag}"`,
    Size: size,
    ...Object.fromEntries(sums),
  };
}

/** Uploads under way, by key and then by id. */
export function listUploads(cloud: Cloud, call: S3Call): Reply {
  const bucket = findBucket(cloud, call);
  refuseUnless(call, bucket.acl, "READ");
  const { query } = call;
  const [prefix, delimiter] = [query.get("prefix") ?? "", query.get("delimiter") ?? ""];
  const [keyMarker, idMarker] = [query.get("key-marker") ?? "", query.get("upload-id-marker") ?? ""];
  const most = mostOf(call, "max-uploads");
  const byId = [...bucket.uploads].sort((a, b) => (a.id < b.id ? -1 : 1));
  const rest = gathered(byId, prefix, delimiter).filter(
    ({ name, one }) =>
      name > keyMarker || (name === keyMarker && idMarker !== "" && one && one.id > idMarker),
  );
  const page = rest.slice(0, most);
  const last = page.at(-1);
  const shown = spellingOf(call);
  return xml(
    200,
    element(
      "ListMultipartUploadsResult",
      {
        Bucket: bucket.name,
        KeyMarker: shown(keyMarker),
        UploadIdMarker: idMarker,
        NextKeyMarker: shown(last?.name ?? ""),
        NextUploadIdMarker: last?.one?.id ?? "",
        Prefix: shown(prefix),
        Delimiter: delimiter ? shown(delimiter) : undefined,
        EncodingType: query.get("encoding-type") ?? undefined,
        MaxUploads: most,
        IsTruncated: most > 0 && rest.length > page.length,
        Upload: page.flatMap(({ name, one }) => (one ? [shownUpload(call, shown(name), one)] : [])),
        CommonPrefixes: page.flatMap(({ name, one }) => (one ? [] : [{ Prefix: shown(name) }])),
      },
      s3Namespace,
    ),
  );
}

function shownUpload({ account }: S3Call, key: string, { id, initiated }: StoredUpload) {
  const owner = { ID: account, DisplayName: account };
  return {
    Key: key,
    UploadId: id,
    Initiator: owner,
    Owner: owner,
    StorageClass: "STANDARD",
    Initiated: initiated,
  };
}
