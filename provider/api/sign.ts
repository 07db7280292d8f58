import { createHmac } from "node:crypto";

/** A pair of SCP credentials. */
export interface KeyPair {
  accessKey: string;
  secretKey: string;
}

/** What a request is signed over, and with what. The body is not signed. */
export interface Signable extends KeyPair {
  method: string;
  /** The whole URL, query included, exactly as it goes over the wire: already encoded. */
  url: string;
  /** Milliseconds since 1970. */
  timestamp: number;
}

/** The one client type that programs use. */
export const clientType = "Openapi";

/**
 * The headers that sign a request: HMAC-SHA256, keyed with the secret, over method, URL, time stamp, access key and
 * client type with nothing between them, in Base64. Pure: clock and keys come from the caller.
 */
export function signedHeaders({
  method,
  url,
  timestamp,
  accessKey,
  secretKey,
}: Signable): Record<string, string> {
  const message = `${method}${url}${timestamp}${accessKey}${clientType}`;
  return {
    "Scp-Accesskey": accessKey,
    "Scp-Signature": createHmac("sha256", secretKey).update(message).digest("base64"),
    "Scp-Timestamp": String(timestamp),
    "Scp-ClientType": clientType,
  };
}

/**
 * A URL with its query, in the encoding that is both signed and sent: `encodeURI`'s, which leaves `:` and `,` alone and writes
 * a space as `%20`. What would end a value early (`&`, `#`, `+` …), or what URL parsers rewrite (`'`), is escaped in the value first. Parameters without a value are left out.
 */
export function encodeUrl(
  base: string,
  path: string,
  query: Record<string, string | number | undefined> = {},
): string {
  const pairs = Object.entries(query).flatMap(([key, value]) =>
    value === undefined ? [] : [`${encodeQueryPart(key)}=${encodeQueryPart(String(value))}`],
  );
  // A base as a person writes it (`HTTPS://Host:443/`) goes over the wire as URL parsers rewrite it.
  const url = new URL(base).href.replace(/\/+$/, "") + encodeURI(path);
  return pairs.length === 0 ? url : `${url}?${pairs.join("&")}`;
}

function encodeQueryPart(text: string): string {
  const wellFormed = Buffer.from(text).toString(); // encodeURI throws at half a surrogate pair.
  return encodeURI(wellFormed).replace(
    /[&#+=?;$']/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
