import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { type Call, decoded, header } from "../http";
import type { Account } from "../settings";
import { S3Error } from "./errors";

const largestSkewMs = 15 * 60 * 1000;
const form =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

/** Who signed a request to Object Storage (AWS Signature Version 4 in the headers); undefined when nobody did. */
export function s3Signer(call: Call, accounts: readonly Account[], nowMs: number): Account | undefined {
  if (call.query.has("X-Amz-Signature"))
    throw new S3Error("NotImplemented", "Presigned URLs are not supported.");
  const authorization = header(call, "authorization");
  if (authorization === undefined) return undefined;
  const [, accessKey = "", day = "", region = "", signedHeaders = "", signature = ""] =
    form.exec(authorization) ?? [];
  if (!signature) throw new S3Error("InvalidArgument", "The Authorization header is not understood.");

  const account = accounts.find((candidate) => candidate.accessKey === accessKey);
  if (!account) throw new S3Error("InvalidAccessKeyId", "The access key is unknown.");
  const date = header(call, "x-amz-date") ?? "";
  refuseSkew(date, day, nowMs);

  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", date, scope, sha256(canonicalRequest(call, signedHeaders))].join("\n");
  const key = [day, region, "s3", "aws4_request"].reduce<string | Buffer>(hmac, `AWS4${account.secretKey}`);
  if (timingSafeEqual(hmac(key, text), Buffer.from(signature, "hex"))) return account;
  throw new S3Error("SignatureDoesNotMatch", "The signature does not match the request.");
}

function refuseSkew(date: string, day: string, nowMs: number): void {
  const [, year, month, dayOfMonth, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? [];
  const ms = Date.parse(`${year}-${month}-${dayOfMonth}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(ms) || !date.startsWith(day))
    throw new S3Error("AccessDenied", "x-amz-date is missing or wrong.");
  if (Math.abs(nowMs - ms) > largestSkewMs) {
    throw new S3Error(
      "RequestTimeTooSkewed",
      "x-amz-date differs from the server's time by more than 15 minutes.",
    );
  }
}

function canonicalRequest(call: Call, signedHeaders: string): string {
  const headers = signedHeaders
    .split(";")
    .map((name) => `${name}:${canonicalValue(header(call, name) ?? "")}\n`);
  const payload = header(call, "x-amz-content-sha256") ?? "UNSIGNED-PAYLOAD";
  const path = call.path.split("/").map(reencoded).join("/");
  return [call.method, path, canonicalQuery(call), headers.join(""), signedHeaders, payload].join("\n");
}

function canonicalQuery({ target, path }: Call): string {
  const query = target.slice(path.length + 1);
  if (!query) return "";
  const pairs = query.split("&").map((pair) => {
    const [name = "", ...value] = pair.split("=");
    return [reencoded(name), reencoded(value.join("="))] as const;
  });
  const inOrder = pairs.sort(([a, x], [b, y]) => (a === b ? Number(x > y) - Number(x < y) : a < b ? -1 : 1));
  return inOrder.map((pair) => pair.join("=")).join("&");
}

const canonicalValue = (value: string) => value.trim().replace(/ +/g, " ");

/** Percent-encodes all but the unreserved characters, whatever the client encoded on the wire. */
function reencoded(part: string): string {
  return encodeURIComponent(decoded(part)).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
