import type { Cloud } from "../cloud";
import type { Reply } from "../http";
import type { Bucket, StoredObject } from "../store";
import { type S3Call, findBucket, mostOf, refuseUnless } from "./call";
import { element, s3Namespace, xml } from "./errors";

/** ListObjectsV2, and for old clients the first version with its marker. */
export function list(cloud: Cloud, call: S3Call): Reply {
  const bucket = findBucket(cloud, call);
  refuseUnless(call, bucket.acl, "READ");
  const { query } = call;
  const second = query.get("list-type") === "2";
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const most = mostOf(call, "max-keys");
  const token = second ? query.get("continuation-token") : null;
  const from =
    token === null
      ? (query.get(second ? "start-after" : "marker") ?? "")
      : Buffer.from(token, "base64url").toString("utf8");

  const rows = gathered(bucket.objects, prefix, delimiter).filter(({ name }) => name > from);
  const page = rows.slice(0, most);
  const truncated = most > 0 && rows.length > page.length;
  const last = page.at(-1)?.name ?? "";
  const shown = spellingOf(call);
  const ofVersion = second
    ? {
        KeyCount: page.length,
        StartAfter: query.has("start-after") ? shown(from) : undefined,
        ContinuationToken: token ?? undefined,
        NextContinuationToken: truncated ? Buffer.from(last).toString("base64url") : undefined,
      }
    : { Marker: shown(from), NextMarker: truncated ? shown(last) : undefined };
  const withOwner = !second || query.get("fetch-owner") === "true";
  return xml(
    200,
    element(
      "ListBucketResult",
      {
        Name: bucket.name,
        Prefix: shown(prefix),
        Delimiter: delimiter ? shown(delimiter) : undefined,
        EncodingType: query.get("encoding-type") ?? undefined,
        MaxKeys: most,
        IsTruncated: truncated,
        ...ofVersion,
        Contents: page.flatMap(({ name, one }) =>
          one ? [contents(shown(name), one, withOwner ? bucket : undefined)] : [],
        ),
        CommonPrefixes: page.flatMap(({ name, one }) => (one ? [] : [{ Prefix: shown(name) }])),
      },
      s3Namespace,
    ),
  );
}

/** How names are spelled in an answer: XML cannot hold all letters, so a client may ask for encoded ones. */
export function spellingOf({ query }: S3Call): (text: string) => string {
  return query.get("encoding-type") === "url" ? encodeURIComponent : (text) => text;
}

/** By key, in order; keys with the delimiter after the prefix are gathered under what they have in common. */
export function gathered<One extends { key: string }>(
  all: readonly One[],
  prefix: string,
  delimiter: string,
): { name: string; one?: One }[] {
  const rows: { name: string; one?: One }[] = [];
  const common = new Set<string>();
  for (const one of all) {
    if (!one.key.startsWith(prefix)) continue;
    const cut = delimiter ? one.key.indexOf(delimiter, prefix.length) : -1;
    if (cut < 0) rows.push({ name: one.key, one });
    else common.add(one.key.slice(0, cut + delimiter.length));
  }
  rows.push(...[...common].map((name) => ({ name })));
  return rows.sort((a, b) => Number(a.name > b.name) - Number(a.name < b.name));
}

function contents(key: string, object: StoredObject, owner: Bucket | undefined) {
  return {
    Key: key,
    LastModified: object.lastModified,
    ETag: `"${object.etag}"`,
    Size: object.size,
    StorageClass: "STANDARD",
    Owner: owner && { ID: owner.account, DisplayName: owner.account },
  };
}
