import { sanitize } from "../api/errors";
import { advice, failureOf, ObjectStorageError, type StorageFailure } from "./errors";

/** What TLS calls the certificates that it does not trust. */
const badCertificate = /CERT|^UNABLE_TO_|^INVALID_CA$|^HOSTNAME_MISMATCH$/;

/** How much of an answer is read that is not the service's, in bytes. */
const mostRead = 16 * 1024;

interface RawAnswer {
  statusCode: number;
  headers: Record<string, string>;
  body: AsyncIterable<Buffer>;
}

/** Whether an answer has a body that Object Storage never sends: a page of HTML, or a refusal that is not XML. */
export function hasForeignBody(response: unknown): response is RawAnswer {
  const { statusCode, headers } = response as RawAnswer;
  const type = headers["content-type"] ?? "";
  return /\bhtml\b/i.test(type) || (statusCode >= 300 && type !== "" && !/\bxml\b/i.test(type));
}

/** An answer of somebody else's: a proxy, a login page. */
export class ForeignAnswer extends Error {
  private constructor(
    readonly status: number,
    readonly type: string,
    readonly text: string,
  ) {
    super(text);
  }

  static async read({ statusCode, headers, body }: RawAnswer): Promise<ForeignAnswer> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= mostRead) {
        break;
      }
    }
    const text = Buffer.concat(chunks).subarray(0, mostRead).toString();
    return new ForeignAnswer(statusCode, headers["content-type"] ?? "", text);
  }
}

/** Nothing came back. Taken at the wire, since the SDK does not hand on every such error as it is. */
export class NoAnswer extends Error {
  readonly code: string;

  constructor(error: unknown) {
    const { code, name, message } = error as SdkError;
    super(message);
    this.name = name ?? "Error";
    this.code = code ?? name ?? "";
  }
}

/** What the SDK's errors may carry. */
interface SdkError {
  name?: string;
  message?: string;
  code?: string;
  Code?: string;
  $metadata?: { httpStatusCode?: number; requestId?: string };
  $response?: { statusCode?: number };
}

interface Secrets {
  accessKey: string;
  secretKey: string;
}

/** One kind of error for all that can be thrown on the way. Only what is said here leaves: the SDK's errors hold requests and headers. */
export function asStorageError(
  error: unknown,
  operation: string,
  { accessKey, secretKey }: Secrets,
  signal?: AbortSignal,
): ObjectStorageError {
  if (error instanceof ObjectStorageError) {
    return error;
  }
  const show = (foreign: string) =>
    sanitize(foreign, [secretKey, accessKey]).replace(/(Signature=?)\s*[0-9a-f]{64}/gi, "$1[redacted]");
  const build = (failure: StorageFailure, more: { status?: number; code?: string; detail?: string } = {}) =>
    new ObjectStorageError({ failure, operation, advice: advice[failure], ...more });

  const { name, message = "", code, Code, $metadata, $response } = error as SdkError;
  if (signal?.aborted === true || name === "AbortError") {
    return build("cancelled");
  }
  if (error instanceof ForeignAnswer) {
    return foreign(error, build, show);
  }
  if (error instanceof NoAnswer) {
    return noAnswer(error, build, show);
  }
  const status = $metadata?.httpStatusCode ?? $response?.statusCode;
  if (status === undefined || status < 300) {
    // An answer that breaks off, one that is no XML, or a request that the SDK does not send.
    return noAnswer({ code: code ?? name ?? "", message }, build, show);
  }
  const named = Code ?? (name === undefined || unnamed.has(name) ? undefined : name);
  const failure = failureOf(named, status);
  const requestId = $metadata?.requestId;
  return new ObjectStorageError({
    failure,
    operation,
    status,
    code: named === undefined ? undefined : show(named),
    detail: unnamed.has(message) ? undefined : show(message),
    requestId: requestId === undefined ? undefined : show(requestId),
    advice: advice[failure],
  });
}

/** What the SDK calls an answer without a code of the service's, such as every refusal of a HEAD. */
const unnamed = new Set([
  "Error",
  "UnknownError",
  "Unknown",
  "NotFound",
  "400",
  "403",
  "Forbidden",
  "BadRequest",
]);

type Build = (
  failure: StorageFailure,
  more?: { status?: number; code?: string; detail?: string },
) => ObjectStorageError;

function foreign({ status, type, text }: ForeignAnswer, build: Build, show: (text: string) => string) {
  const shown = show(text);
  const detail = `The body (${show(type)}) is none of Object Storage's: ${shown === "" ? "it is empty" : shown}`;
  // A proxy whose way to the service is shut for the moment says so in a page of its own.
  const isPassing = status === 429 || (status >= 500 && status !== 501);
  const error = build(isPassing ? "server" : "unexpected", { status, detail });
  return isPassing ? new ObjectStorageError({ ...error.details, advice: advice.unexpected }) : error;
}

function noAnswer(
  { code, message }: { code: string; message: string },
  build: Build,
  show: (text: string) => string,
) {
  if (badCertificate.test(code)) {
    return build("untrusted", { detail: show(message) });
  }
  const isNetwork = /^E(?!RR_)[A-Z0-9_]+$/.test(code) || code === "TimeoutError";
  const words = message
    .replace(/^@smithy\/node-http-handler - /, "")
    .replace(/ \((?:configured by client requestHandler|service default socket timeout)\)/, "");
  return build(isNetwork ? "noResponse" : "unexpected", { detail: show(words === "" ? code : words) });
}
