import type { Reply } from "../http";

const statuses = {
  AccessDenied: 403,
  BadDigest: 400,
  BucketAlreadyExists: 409,
  BucketNotEmpty: 409,
  EntityTooLarge: 413,
  IncompleteBody: 400,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidBucketName: 400,
  InvalidRange: 416,
  MissingContentLength: 411,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NotFoundBucketNameInPath: 400,
  NotImplemented: 501,
  PreconditionFailed: 412,
  RequestTimeTooSkewed: 403,
  SignatureDoesNotMatch: 403,
  XAmzContentSHA256Mismatch: 400,
} as const;

/** What Object Storage refuses, in S3's XML. */
export class S3Error extends Error {
  constructor(
    readonly code: keyof typeof statuses,
    message: string,
  ) {
    super(message);
  }

  reply(resource: string): Reply {
    const parts = { Code: this.code, Message: this.message, Resource: resource };
    return xml(statuses[this.code], element("Error", parts));
  }
}

type Content = string | number | boolean | Element | Content[] | { [name: string]: Content | undefined };

class Element {
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
