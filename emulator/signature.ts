import { createHmac, timingSafeEqual } from "node:crypto";
import { ApiError, type Call, header } from "./http";
import type { Account } from "./settings";

const largestSkewMs = 5 * 60 * 1000;

/** Finds who signed a request to an SCP service; refuses with 401 and its own words for each reason. */
export function signer(call: Call, accounts: readonly Account[], nowMs: number): Account {
  const accessKey = needed(call, "Scp-Accesskey");
  const signature = needed(call, "Scp-Signature");
  const timestamp = needed(call, "Scp-Timestamp");
  const clientType = needed(call, "Scp-ClientType");
  if (clientType !== "Openapi") throw unauthorized("Scp-ClientType must be 'Openapi'.");

  const account = accounts.find((candidate) => candidate.accessKey === accessKey);
  if (!account) throw unauthorized("The access key is unknown.");
  if (!/^\d{13}$/.test(timestamp)) throw unauthorized("Scp-Timestamp must be Unix time in milliseconds.");
  if (Math.abs(nowMs - Number(timestamp)) > largestSkewMs) {
    throw unauthorized("Scp-Timestamp differs from the server's time by more than 5 minutes.");
  }

  const start = call.method + urlOnTheWire(call) + timestamp + accessKey;
  const accountId = header(call, "scp-accountid") ?? "";
  const messages = [start + clientType, start + accountId + clientType];
  if (!messages.some((message) => matches(message, account.secretKey, signature))) {
    throw unauthorized("The signature does not match the request.");
  }
  if (accountId && accountId !== account.accountId) {
    throw new ApiError(403, "Forbidden", "Scp-AccountId is not the account of the access key.");
  }
  return account;
}

/** The URL as the client wrote it. A proxy that ends TLS says so in X-Forwarded-Proto. */
function urlOnTheWire(call: Call): string {
  const scheme = header(call, "x-forwarded-proto") === "https" ? "https" : "http";
  return `${scheme}://${header(call, "host") ?? ""}${call.target}`;
}

function matches(message: string, secretKey: string, signature: string): boolean {
  const expected = Buffer.from(createHmac("sha256", secretKey).update(message).digest("base64"));
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function needed(call: Call, name: string): string {
  const value = header(call, name.toLowerCase());
  if (!value) throw unauthorized(`Header ${name} is missing.`);
  return value;
}

const unauthorized = (detail: string) => new ApiError(401, "Unauthorized", detail);
