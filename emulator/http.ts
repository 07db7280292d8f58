import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Readable } from "node:stream";

/** A request as every room sees it. */
export interface Call {
  method: string;
  /** Path and query exactly as they came over the wire: what signatures cover. */
  target: string;
  /** The part before `?`, still percent-encoded. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** The body, still unread. */
  source: IncomingMessage;
}

export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer | Readable;
}

/** What a service of SCP refuses, in the envelope that all of them use. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string | string[],
  ) {
    super(Array.isArray(detail) ? detail.join(" ") : detail);
  }

  reply(): Reply {
    return json(this.status, { errors: [{ status: this.status, code: this.code, detail: this.detail }] });
  }
}

export const notFound = (detail: string) => new ApiError(404, "NotFound", detail);
export const forbidden = (detail: string) => new ApiError(403, "Forbidden", detail);
export const conflict = (detail: string) => new ApiError(409, "Conflict", detail);
export const invalid = (details: string[]) =>
  new ApiError(400, "ValidationError", details.length === 1 && details[0] ? details[0] : details);

export function json(status: number, value: unknown): Reply {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}

export function callFrom(source: IncomingMessage): Call {
  const target = source.url ?? "/";
  const mark = target.indexOf("?");
  return {
    method: source.method ?? "GET",
    target,
    path: mark < 0 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? "" : target.slice(mark + 1)),
    headers: source.headers,
    source,
  };
}

export function header(call: Call, name: string): string | undefined {
  const value = call.headers[name];
  return Array.isArray(value) ? value.join(",") : value;
}

/** Decodes one part of a path; what is no valid encoding stands for itself. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Says a mistake of the emulator's own aloud, unless it is only that the client went away. */
export function report(call: Call, error: unknown): void {
  if (!call.source.socket.destroyed) console.error(error);
}

const largestJson = 1024 * 1024;

export async function readBody(source: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestJson) throw new ApiError(413, "PayloadTooLarge", "The body is larger than 1 MiB.");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function parseObject(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid(["The body is not valid JSON."]);
  }
  if (!isObject(value)) throw invalid(["The body must be a JSON object."]);
  return value;
}
