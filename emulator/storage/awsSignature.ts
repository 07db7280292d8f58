import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { type Call, decoded, header } from "../http";
import type { Account } from "../settings";
import { S3Error } from "./errors";

const largestSkewMs = 15 * 60 * 1000;
const longestExpiry = 7 * 24 * 60 * 60;

/** A signature that was found to be right, and what signs the chunks of the request's body after it. */
export interface Signing {
  account: Account;
  /** The region that the request was meant for. */
  region: string;
  signature: string;
  sign(algorithm: string, lines: string[]): string;
}

/** AWS Signature Version 4 as a request carries it, in its headers or in its query. */
interface Claim {
  accessKey: string;
  day: string;
  region: string;
  signedHeaders: string;
  signature: string;
  date: string;
  payload: string;
}

/** Who signed a request to Object Storage; undefined when nobody did. */
export function s3Signing(call: Call, accounts: readonly Account[], nowMs: number): Signing | undefined {
  const inQuery = call.query.has("X-Amz-Signature") || call.query.has("X-Amz-Algorithm");
  const authorization = header(call, "authorization");
  if (inQuery && authorization !== undefined)
    throw new S3Error("InvalidArgument", "Only one way of signing is allowed.");
  if (!inQuery && authorization === undefined) return undefined;

  const claim = inQuery ? claimOfQuery(call) : claimOfHeaders(call, authorization ?? "");
  const account = accounts.find((candidate) => candidate.accessKey === claim.accessKey);
  if (!account) throw new S3Error("InvalidAccessKeyId", "The access key is unknown.");
  const ms = millisecondsOf(claim);
  if (inQuery) refuseExpired(call, ms, nowMs);
  else refuseSkew(ms, nowMs);
  refuseUnsignedHeaders(call, claim);

  const signing = signingOf(claim, account);
  const expected = signing.sign("AWS4-HMAC-SHA256", [sha256(canonicalRequest(call, claim))]);
  if (timingSafeEqual(Buffer.from(expected), Buffer.from(claim.signature))) return signing;
  throw new S3Error("SignatureDoesNotMatch", "The signature does not match the request.");
}

const scopeForm = /^([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request$/;
const signatureForm = /^[0-9a-f]{64}$/;

function claimOfHeaders(call: Call, authorization: string): Claim {
  const [, scope = "", signedHeaders = "", signature = ""] =
    /^AWS4-HMAC-SHA256 Credential=([^, ]+), ?SignedHeaders=([^, ]+), ?Signature=([0-9a-f]{64})$/.exec(
      authorization,
    ) ?? [];
  const [, accessKey = "", day = "", region = ""] = scopeForm.exec(scope) ?? [];
  if (!accessKey || !signature)
    throw new S3Error("InvalidArgument", "The Authorization header is not understood.");
  const date = header(call, "x-amz-date") ?? "";
  const payload = header(call, "x-amz-content-sha256") ?? "UNSIGNED-PAYLOAD";
  return { accessKey, day, region, signedHeaders, signature, date, payload };
}

function claimOfQuery(call: Call): Claim {
  const { query } = call;
  const of = (name: string) => query.get(`X-Amz-${name}`) ?? "";
  const [, accessKey = "", day = "", region = ""] = scopeForm.exec(of("Credential")) ?? [];
  const signature = of("Signature");
  if (of("Algorithm") !== "AWS4-HMAC-SHA256" || !accessKey || !signatureForm.test(signature)) {
    throw new S3Error("AuthorizationQueryParametersError", "The query's signature is not understood.");
  }
  const payload =
    header(call, "x-amz-content-sha256") ?? query.get("X-Amz-Content-Sha256") ?? "UNSIGNED-PAYLOAD";
  const signedHeaders = of("SignedHeaders");
  return { accessKey, day, region, signedHeaders, signature, date: of("Date"), payload };
}

function millisecondsOf({ date, day }: Claim): number {
  const [, year, month, dayOfMonth, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? [];
  const ms = Date.parse(`${year}-${month}-${dayOfMonth}T${hour}:${minute}:${second}Z`);
  if (!Number.isNaN(ms) && date.startsWith(day)) return ms;
  throw new S3Error("AccessDenied", "x-amz-date is missing or wrong.");
}

function refuseSkew(ms: number, nowMs: number): void {
  if (Math.abs(nowMs - ms) <= largestSkewMs) return;
  throw new S3Error(
    "RequestTimeTooSkewed",
    "x-amz-date differs from the server's time by more than 15 minutes.",
  );
}

function refuseExpired(call: Call, ms: number, nowMs: number): void {
  const given = call.query.get("X-Amz-Expires") ?? "";
  const seconds = Number(given);
  if (!/^\d+$/.test(given) || seconds < 1 || seconds > longestExpiry) {
    throw new S3Error("AuthorizationQueryParametersError", "X-Amz-Expires must be from 1 to 604800 seconds.");
  }
  if (ms > nowMs + largestSkewMs) throw new S3Error("AccessDenied", "The request is not valid yet.");
  if (ms + seconds * 1000 < nowMs) throw new S3Error("AccessDenied", "The request has expired.");
}

/** What nobody signed, anybody could have added on the way. */
function refuseUnsignedHeaders(call: Call, { signedHeaders }: Claim): void {
  const signed = new Set(signedHeaders.split(";"));
  const needed = ["host", ...Object.keys(call.headers).filter((name) => name.startsWith("x-amz-"))];
  const missing = needed.filter((name) => !signed.has(name));
  // Where the payload's hash stands in the query, or is part of what is signed, its header adds nothing.
  const harmful = missing.filter((name) => name !== "x-amz-content-sha256");
  if (harmful.length > 0)
    throw new S3Error("AccessDenied", `Headers were not signed: ${harmful.join(", ")}.`);
}

function signingOf({ day, region, date, signature }: Claim, account: Account): Signing {
  const key = [day, region, "s3", "aws4_request"].reduce<string | Buffer>(hmac, `AWS4${account.secretKey}`);
  const scope = `${day}/${region}/s3/aws4_request`;
  const sign = (algorithm: string, lines: string[]) =>
    hmac(key, [algorithm, date, scope, ...lines].join("\n")).toString("hex");
  return { account, region, signature, sign };
}

function canonicalRequest(call: Call, { signedHeaders, payload }: Claim): string {
  const headers = signedHeaders
    .split(";")
    .map((name) => `${name}:${canonicalValue(header(call, name) ?? "")}\n`);
  const path = call.path.split("/").map(reencoded).join("/");
  return [call.method, path, canonicalQuery(call), headers.join(""), signedHeaders, payload].join("\n");
}

function canonicalQuery({ target, path }: Call): string {
  const query = target.slice(path.length + 1);
  if (!query) return "";
  const pairs = query
    .split("&")
    .map((pair) => {
      const [name = "", ...value] = pair.split("=");
      return [reencoded(name), reencoded(value.join("="))] as const;
    })
    .filter(([name]) => name !== "X-Amz-Signature");
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
