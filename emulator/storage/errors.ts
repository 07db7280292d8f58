import type { Reply } from "../http";

const statuses = {
  AccessDenied: 403,
  AuthorizationQueryParametersError: 400,
  BadDigest: 400,
  BucketAlreadyExists: 409,
  BucketNotEmpty: 409,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  IncompleteBody: 400,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidBucketName: 400,
  InvalidDigest: 400,
  InvalidLocationConstraint: 400,
  InvalidPart: 400,
  InvalidPartOrder: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  KeyTooLongError: 400,
  MalformedACLError: 400,
  MalformedTrailerError: 400,
  MalformedXML: 400,
  MissingContentLength: 411,
  NoSuchBucket: 404,
  NoSuchBucketPolicy: 404,
  NoSuchCORSConfiguration: 404,
  NoSuchKey: 404,
  NoSuchLifecycleConfiguration: 404,
  NoSuchTagSet: 404,
  NoSuchUpload: 404,
  NoSuchWebsiteConfiguration: 404,
  NotFoundBucketNameInPath: 400,
  NotImplemented: 501,
  ObjectLockConfigurationNotFoundError: 404,
  PermanentRedirect: 301,
  PreconditionFailed: 412,
  QuotaExceeded: 403,
  RequestTimeTooSkewed: 403,
  ServerSideEncryptionConfigurationNotFoundError: 404,
  SignatureDoesNotMatch: 403,
  XAmzContentSHA256Mismatch: 400,
} as const;

/** What Object Storage refuses, in S3's XML. */
export class S3Error extends Error {
  constructor(
    readonly code: keyof typeof statuses,
    message: string,
    /** Further headers of the answer. */
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
  }

  reply(resource: string): Reply {
    const reply = refusal(statuses[this.code], this.code, this.message, resource);
    return { ...reply, headers: { ...reply.headers, ...this.headers } };
  }
}

/** A refusal as Object Storage words it. */
export function refusal(status: number, code: string, message: string, resource?: string): Reply {
  return xml(status, element("Error", { Code: code, Message: message, Resource: resource }));
}

export type Content =
  string | number | boolean | Element | Content[] | { [name: string]: Content | undefined };

export class Element {
  constructor(readonly text: string) {}
}

/** An element with text, with children (a list repeats its name; undefined is left out), or with ready elements. */
export function element(name: string, content: Content, attributes = ""): Element {
  return new Element(`<${name}${attributes}>${inner(content)}</${name}>`);
}

function inner(content: Content): string {
  if (content instanceof Element) return content.text;
  if (Array.isArray(content)) return content.map(inner).join("");
  if (typeof content !== "object") return escaped(String(content));
  return Object.entries(content)
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((item) => ({ name, item })))
    .map(({ name, item }) => (item === undefined ? "" : element(name, item).text))
    .join("");
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

export function xml(status: number, root: Element): Reply {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n${root.text}`;
  return { status, headers: { "content-type": "application/xml" }, body };
}

export const s3Namespace = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
