/** How a call ended when it did not end well. Each is told apart by what the caller can do about it. */
export type Failure =
  | "invalid" // 400
  | "unauthorized" // 401
  | "forbidden" // 403
  | "notFound" // 404
  | "conflict" // 409
  | "throttled" // 429
  | "server" // 5xx
  | "noResponse" // nothing came back: no connection, a reset, silence
  | "unexpected"; // an answer that is none of the API's

export interface ScpErrorDetails {
  failure: Failure;
  /** The operation, as a sentence's beginning: `Import image 70a5…`. */
  operation: string;
  status?: number;
  /** The service's own error code, such as `Image.InvalidObjectStorageUrl`. */
  code?: string;
  /** The service's own words. */
  detail?: string;
  requestId?: string;
  /** What the user can do. */
  advice?: string;
  /** How long the service asks to be left alone, in milliseconds. */
  retryAfter?: number;
  /** Whether the service may have done the work all the same: its answer was lost, or it failed while working. */
  mayHaveWorked: boolean;
  /** Whether the answer was in the service's own envelope: anything on the way can answer with a status. */
  inEnvelope?: boolean;
}

/**
 * The one error that the client throws. It never holds a request, a header or a key: what it carries is what its message says.
 * Ask the predicates below, never the text.
 */
export class ScpError extends Error {
  override readonly name = "ScpError";
  readonly failure: Failure;
  readonly status?: number;
  readonly code?: string;
  readonly detail?: string;
  readonly retryAfter?: number;
  readonly mayHaveWorked: boolean;
  readonly inEnvelope: boolean;

  constructor(details: ScpErrorDetails) {
    super(describe(details));
    this.failure = details.failure;
    this.mayHaveWorked = details.mayHaveWorked;
    this.inEnvelope = details.inEnvelope ?? false;
    this.status = details.status;
    this.code = details.code;
    this.detail = details.detail;
    this.retryAfter = details.retryAfter;
  }
}

function is(failure: Failure): (error: unknown) => error is ScpError {
  return (error): error is ScpError => error instanceof ScpError && error.failure === failure;
}

/** The image is gone, or never was: a 404 and nothing else. */
export const isNotFound = is("notFound");
export const isConflict = is("conflict");
export const isForbidden = is("forbidden");
/** The service does not accept the signature: of a wrong key, or of a wrong clock. */
export const isUnauthorized = is("unauthorized");
export const isInvalid = is("invalid");
/** Nothing came back: nobody is there, or nothing reaches it. */
export const isUnanswered = is("noResponse");

/** Whether it is the service that answered, and not something on the way to it. */
export function isServicesOwn(error: unknown): boolean {
  return error instanceof ScpError && error.inEnvelope;
}

/** Trouble that passes by itself: the service is busy, broken for now, or out of reach. */
export function isTransient(error: unknown): error is ScpError {
  return error instanceof ScpError && ["throttled", "server", "noResponse"].includes(error.failure);
}

function describe({ operation, failure, status, code, detail, requestId, advice }: ScpErrorDetails): string {
  const outcome = status === undefined ? summaries[failure] : `${status} ${summaries[failure]}`;
  const words = [code, detail].filter((word) => word !== undefined && word !== "").join(": ");
  const request = requestId === undefined ? "" : ` (request ${requestId})`;
  return [`${operation}: ${outcome}${request}.`, words === "" ? "" : sentence(words), advice ?? ""]
    .filter((part) => part !== "")
    .join(" ");
}

const summaries: Record<Failure, string> = {
  invalid: "the service refuses the request",
  unauthorized: "the service does not accept the signature",
  forbidden: "this is not allowed",
  notFound: "not found",
  conflict: "conflict with the image's present state",
  throttled: "too many requests",
  server: "the service failed",
  noResponse: "no answer",
  unexpected: "an answer that is not the API's",
};

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** How much of a foreign text is shown. */
const shown = 400;

/**
 * Makes a foreign text fit to be shown: secrets taken out, terminal escapes and control characters removed, white space folded, cut short.
 */
export function sanitize(text: string, secrets: readonly string[]): string {
  const plain = unescaped(redact(text, secrets));
  // Once more: what was in the midst of a secret is gone now.
  const safe = redact(plain, secrets);
  return cutShort(safe, shown);
}

/** At most so much of a text, and how long it was. */
export function cutShort(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest)} … (cut short, ${text.length} characters)` : text;
}

/** Signs that speak to a terminal, or turn the direction of writing. */
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
export const unfitToShow = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g;

function unescaped(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex -- control characters are what is looked for
      .replace(/\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|.)/g, "")
      .replace(unfitToShow, " ")
      .replace(/ {2,}/g, " ")
      .trim()
  );
}

function redact(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret !== "")
    .reduce((rest, secret) => rest.replace(inAnySpelling(secret), "[redacted]"), text);
}

/** Finds a secret also where its signs are escaped, as URLs, JSON and HTML do: a signature ends in `=`, which is `\u003d` to some. */
function inAnySpelling(secret: string): RegExp {
  const spellings = Array.from(secret, (char) => {
    const hex = (char.codePointAt(0) ?? 0).toString(16).padStart(2, "0");
    return /[A-Za-z0-9]/.test(char)
      ? char
      : `(?:\\\\{0,3}\\u{${hex}}|%${hex}|\\\\{1,3}u00${hex}|&#x0{0,4}${hex};|&#0{0,4}${parseInt(hex, 16)};)`;
  });
  return new RegExp(spellings.join(""), "giu");
}
