/** How a call to Object Storage ended when it did not end well. */
export type StorageFailure =
  | "noBucket"
  | "noObject"
  | "noUpload" // a multipart upload that is completed, aborted, or never was
  | "forbidden"
  | "credentials" // the key pair, or what it signed, is not accepted
  | "clock"
  | "region" // the bucket is in another one
  | "quota" // no room: of the account, the bucket, or for an object of this size
  | "conflict" // what is there is not ours to replace
  | "invalid" // the request, or the endpoint, is refused as it is
  | "damaged" // what was stored is not what was sent
  | "fileChanged"
  | "busy"
  | "server"
  | "noResponse"
  | "untrusted" // TLS
  | "unexpected" // an answer that is none of S3's
  | "cancelled";

export interface ObjectStorageErrorDetails {
  failure: StorageFailure;
  /** The operation, as a sentence's beginning: `Upload golden.qcow2 to images/golden.qcow2`. */
  operation: string;
  status?: number;
  /** The service's own error code, such as `NoSuchBucket`. */
  code?: string;
  /** The service's own words, fit to be shown. */
  detail?: string;
  requestId?: string;
  /** What the user can do. */
  advice?: string;
}

/**
 * The one error that this room throws. It is no `ScpError`: a bucket that is not found must never pass for an image that is gone.
 * It never holds a request, a header or a key: what it carries is what its message says.
 */
export class ObjectStorageError extends Error {
  override readonly name = "ObjectStorageError";
  readonly failure: StorageFailure;
  readonly status?: number;
  readonly code?: string;

  constructor(readonly details: Readonly<ObjectStorageErrorDetails>) {
    super(describe(details));
    this.failure = details.failure;
    this.status = details.status;
    this.code = details.code;
  }
}

export function failedAs(error: unknown, ...failures: StorageFailure[]): error is ObjectStorageError {
  return error instanceof ObjectStorageError && failures.includes(error.failure);
}

/** Trouble that passes by itself: the service is busy, broken for now, or out of reach. */
export function isTransient(error: unknown): error is ObjectStorageError {
  return failedAs(error, "busy", "server", "noResponse");
}

/** @throws ObjectStorageError where the caller has given up. */
export function refuseIfCancelled({ operation, signal }: { operation: string; signal?: AbortSignal }): void {
  if (signal?.aborted === true) {
    throw new ObjectStorageError({ failure: "cancelled", operation });
  }
}

/** The same failure, with more to say about what can be done. */
export function withAdvice(error: ObjectStorageError, more: string): ObjectStorageError {
  const advice = [error.details.advice, more].filter((part) => part !== undefined).join(" ");
  return new ObjectStorageError({ ...error.details, advice });
}

function describe(details: ObjectStorageErrorDetails): string {
  const { operation, failure, status, code, detail, requestId, advice } = details;
  const outcome = status === undefined ? summaries[failure] : `${status} ${summaries[failure]}`;
  const words = [code, detail].filter((word) => word !== undefined && word !== "").join(": ");
  const request = requestId === undefined ? "" : ` (request ${requestId})`;
  return [`${operation}: ${outcome}${request}.`, words === "" ? "" : sentence(words), advice ?? ""]
    .filter((part) => part !== "")
    .join(" ");
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

const summaries: Record<StorageFailure, string> = {
  noBucket: "the bucket does not exist",
  noObject: "the object does not exist",
  noUpload: "the multipart upload does not exist",
  forbidden: "this is not allowed",
  credentials: "Object Storage does not accept the key pair",
  clock: "this machine's clock is wrong",
  region: "the bucket is in another region",
  quota: "there is no room for it",
  conflict: "something else is there",
  invalid: "Object Storage refuses the request",
  damaged: "what is stored is not what was sent",
  fileChanged: "the file changed while it was uploaded",
  busy: "too many requests",
  server: "Object Storage failed",
  noResponse: "no answer",
  untrusted: "the certificate is not trusted",
  unexpected: "an answer that is not Object Storage's",
  cancelled: "cancelled",
};

/** What the service's error codes mean here. What is not in it is told by the status. */
export const failures: Partial<Record<string, StorageFailure>> = {
  NoSuchBucket: "noBucket",
  NoSuchKey: "noObject",
  NoSuchUpload: "noUpload",
  AccessDenied: "forbidden",
  AllAccessDisabled: "forbidden",
  AccountProblem: "forbidden",
  MethodNotAllowed: "forbidden",
  InvalidAccessKeyId: "credentials",
  SignatureDoesNotMatch: "credentials",
  InvalidToken: "credentials",
  ExpiredToken: "credentials",
  RequestTimeTooSkewed: "clock",
  PermanentRedirect: "region",
  TemporaryRedirect: "region",
  AuthorizationHeaderMalformed: "region",
  IllegalLocationConstraint: "region",
  IllegalLocationConstraintException: "region",
  QuotaExceeded: "quota",
  ServiceQuotaExceeded: "quota",
  ServiceQuotaExceededException: "quota",
  EntityTooLarge: "quota",
  TooManyParts: "quota",
  InsufficientStorage: "quota",
  SlowDown: "busy",
  TooManyRequests: "busy",
  TooManyRequestsException: "busy",
  ThrottlingException: "busy",
  RequestLimitExceeded: "busy",
  ServiceUnavailable: "server",
  InternalError: "server",
  RequestTimeout: "noResponse",
  // The bytes were damaged on the way: the same part may arrive whole the next time.
  BadDigest: "server",
  IncompleteBody: "server",
  XAmzContentSHA256Mismatch: "server",
  OperationAborted: "server",
};

export function failureOf(code: string | undefined, status: number): StorageFailure {
  const named = code === undefined ? undefined : failures[code];
  if (named !== undefined) {
    return named;
  }
  if (status === 429) {
    return "busy";
  }
  if (status === 403) {
    return "forbidden";
  }
  if (status === 401) {
    return "credentials";
  }
  if (status === 413 || status === 507) {
    return "quota";
  }
  if (status === 501 || (status >= 400 && status < 500)) {
    return "invalid";
  }
  // A redirect without the service's word for it is somebody else's.
  return status >= 500 ? "server" : "unexpected";
}

export const advice: Partial<Record<StorageFailure, string>> = {
  noBucket: "Create the bucket in this region and account, or correct its name.",
  forbidden:
    "The bucket may belong to another account, or the key pair's user lacks the permission: to list the bucket and its multipart uploads, to read, write and delete objects, and to set their ACLs.",
  credentials: "Check the access key and the secret key; Object Storage takes the same pair as the API.",
  clock: "Set the clock: up to 15 minutes' difference is accepted.",
  region: "Use a bucket in the region of the image, or check scp:region and scp:objectStorageEndpoint.",
  quota: "Make room, ask for a higher quota, or upload to another bucket.",
  damaged: "Run again; if it stays so, look at what is between this machine and Object Storage.",
  fileChanged: "Run again when nothing writes to it any more.",
  busy: "Run again later.",
  server: "This is the service's trouble, not the request's; run again later.",
  noResponse: "Check the network, the proxy settings (HTTPS_PROXY, NO_PROXY) and the endpoint.",
  untrusted:
    "Check the endpoint. Behind a proxy that opens TLS, set NODE_EXTRA_CA_CERTS to the file of its certificate authority.",
  unexpected:
    "Check the endpoint and the proxy settings: something else may answer in Object Storage's place.",
};
