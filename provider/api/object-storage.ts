import axios from "axios";
import { isLoopback } from "./regions";
import type { Settings } from "./settings";

/** What Object Storage tells of an object. */
export interface StoredObject {
  /** When it was written: milliseconds since 1970, in whole seconds. */
  lastModified: number;
  /** Bytes. */
  size: number;
  /** The MD5 of the object in hexadecimal; undefined where it was uploaded in parts. */
  md5?: string;
}

/** Of a silence, and of the whole. */
const timeout = 10_000;

/** Asks for an object's head without credentials. Undefined where the answer does not tell. */
export async function showObject(
  url: string,
  { objectStorageEndpoint, endpoint }: Pick<Settings, "objectStorageEndpoint" | "endpoint">,
): Promise<StoredObject | undefined> {
  if (!URL.canParse(url)) {
    return undefined;
  }
  // With an endpoint for all of SCP, nothing is asked of the documented hosts.
  const base = objectStorageEndpoint ?? endpoint;
  const { pathname } = new URL(url);
  const target = base === undefined ? url : base.replace(/\/+$/, "") + pathname;
  try {
    const { status, headers } = await axios.head<unknown>(target, {
      timeout,
      signal: AbortSignal.timeout(timeout),
      maxRedirects: 0,
      validateStatus: () => true,
      proxy: isLoopback(new URL(target).hostname) ? false : undefined,
    });
    return status === 200 ? objectFrom(headers) : undefined;
  } catch {
    return undefined;
  }
}

function objectFrom(headers: Record<string, unknown>): StoredObject | undefined {
  const lastModified = Date.parse(String(headers["last-modified"]));
  const size = Number(headers["content-length"] ?? NaN);
  const [, md5] = /^"?([0-9a-f]{32})"?$/i.exec(String(headers.etag)) ?? [];
  return Number.isNaN(lastModified) || Number.isNaN(size)
    ? undefined
    : { lastModified, size, md5: md5?.toLowerCase() };
}
