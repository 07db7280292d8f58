import { createHmac } from "node:crypto";
import type { Emulator, ImageBody } from "../../emulator";
import type { Account } from "../../emulator/settings";

export interface Answer<T = unknown> {
  status: number;
  headers: Headers;
  text: string;
  json: T;
}

export interface CallOptions {
  body?: unknown;
  version?: string | null;
  headers?: Record<string, string>;
  as?: Pick<Account, "accessKey" | "secretKey">;
}

/** A small signing client of the emulator's own tests: by the documents, and with no code of the emulator. */
export function clientOf(emulator: Emulator) {
  async function call<T = unknown>(
    method: string,
    path: string,
    options: CallOptions = {},
  ): Promise<Answer<T>> {
    const url = emulator.url + path;
    const version = options.version === undefined ? "virtualserver 1.3" : options.version;
    const headers = {
      ...signed(method, url, options.as ?? emulator.options, emulator.options.now()),
      ...(version === null ? {} : { "Scp-Api-Version": version }),
      ...options.headers,
    };
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const response = await fetch(url, { method, headers, body, redirect: "manual" });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parsed(text) as T };
  }
  return { call, create: (given: object) => call<ImageBody>("POST", "/v1/images", { body: given }) };
}

export function signed(
  method: string,
  url: string,
  keys: Pick<Account, "accessKey" | "secretKey">,
  now: number,
) {
  const timestamp = String(now);
  const message = `${method}${url}${timestamp}${keys.accessKey}Openapi`;
  return {
    "Scp-Accesskey": keys.accessKey,
    "Scp-Signature": createHmac("sha256", keys.secretKey).update(message).digest("base64"),
    "Scp-Timestamp": timestamp,
    "Scp-ClientType": "Openapi",
    "Accept-Language": "en-US",
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The smallest file that passes for a qcow2 image. */
export function qcow2({
  version = 3,
  virtualSize = 1n << 30n,
  backingFile = 0n,
  features = 0n,
} = {}): Buffer {
  const header = Buffer.alloc(version === 3 ? 104 : 72);
  header.write("QFI\xfb", "latin1");
  header.writeUInt32BE(version, 4);
  header.writeBigUInt64BE(backingFile, 8);
  header.writeUInt32BE(16, 20);
  header.writeBigUInt64BE(virtualSize, 24);
  if (version === 3) header.writeBigUInt64BE(features, 72);
  return header;
}
