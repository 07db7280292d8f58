import { readPieces } from "../blobs";
import type { Cloud } from "../cloud";
import { header } from "../http";
import type { StoredPart } from "../store";
import type { S3Call } from "./call";
import { checksums } from "./checksums";
import { S3Error } from "./errors";

/**
 * Checksums in the headers of a completion are of the object, not of the request's body: of all its bytes, or, with
 * the number of parts behind a `-`, of the parts' checksums. Found right, they become the object's.
 */
export async function wholeChecksum(
  cloud: Cloud,
  call: S3Call,
  parts: readonly StoredPart[],
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [name, make] of Object.entries(checksums)) {
    const stated = header(call, name);
    if (stated === undefined) continue;
    const sum = make();
    const isOfParts = stated.includes("-");
    const bytes = isOfParts ? sumsOf(parts, name) : readPieces(cloud.store.blobs, parts, 0, Infinity);
    for await (const chunk of bytes as Iterable<Buffer> | AsyncIterable<Buffer>) sum.update(chunk);
    const actual = sum.digest().toString("base64") + (isOfParts ? `-${parts.length}` : "");
    if (stated !== actual) throw new S3Error("BadDigest", `The parts do not match ${name}.`);
    found[name] = actual;
  }
  return found;
}

const sumsOf = (parts: readonly StoredPart[], name: string) =>
  parts.map(({ checksum }) => Buffer.from(checksum?.[name] ?? "", "base64"));

/** The request without those headers, for reading its body. */
export function withoutChecksums(call: S3Call): S3Call {
  const headers = Object.entries(call.headers).filter(([name]) => !(name in checksums));
  return { ...call, headers: Object.fromEntries(headers) };
}
