import { header } from "../http";
import type { Bucket, StoredObject } from "../store";
import type { S3Call } from "./call";
import { S3Error } from "./errors";

const failed = () => new S3Error("PreconditionFailed", "A condition of the request does not hold.");

/** `"a", W/"b"`, `a` or `*` against an ETag. */
function names(list: string, etag: string): boolean {
  return list
    .split(",")
    .map((one) => one.trim().replace(/^W\//, "").replaceAll('"', ""))
    .some((one) => one === "*" || one === etag);
}

/** Whether an object changed after a time that a header gives, by whole seconds; undefined without a readable one. */
function changedAfter({ lastModified }: StoredObject, given: string | undefined): boolean | undefined {
  const ms = Date.parse(given ?? "");
  return Number.isNaN(ms) ? undefined : Math.floor(Date.parse(lastModified) / 1000) * 1000 > ms;
}

/** The conditions of a GET, HEAD or, with a prefix, of the source of a copy. */
export function meets(call: S3Call, object: StoredObject, prefix = ""): "yes" | "no" | "not modified" {
  const of = (name: string) => header(call, prefix + name);
  const [match, noneMatch] = [of("if-match"), of("if-none-match")];
  if (match !== undefined && !names(match, object.etag)) return "no";
  if (match === undefined && changedAfter(object, of("if-unmodified-since"))) return "no";
  if (noneMatch !== undefined) return names(noneMatch, object.etag) ? "not modified" : "yes";
  return changedAfter(object, of("if-modified-since")) === false ? "not modified" : "yes";
}

/** Refuses to read, or to copy, what does not meet the request's conditions. */
export function refuseUnmet(call: S3Call, object: StoredObject, prefix = ""): void {
  if (meets(call, object, prefix) !== "yes") throw failed();
}

/** Refuses to write where the object that is there, or is not, does not meet the request's conditions. */
export function refuseOverwriting(call: S3Call, bucket: Bucket): void {
  const [match, noneMatch] = [header(call, "if-match"), header(call, "if-none-match")];
  const present = bucket.objects.find((object) => object.key === call.key);
  if (match !== undefined && !present) throw new S3Error("NoSuchKey", "The object does not exist.");
  if (match !== undefined && present && !names(match, present.etag)) throw failed();
  if (noneMatch !== undefined && present && names(noneMatch, present.etag)) throw failed();
}
