import { createHash } from "node:crypto";
import { type Call, header } from "../http";
import type { Signing } from "./awsSignature";
import { type Checksum, checksums } from "./checksums";
import { dechunked } from "./chunks";
import { S3Error } from "./errors";

/** The most that one request may store. */
export const largestBody = 5 * 1024 ** 3;

/** A body on its way into the storage: measured as it passes, checked against what the client said of it. */
export class Upload {
  size = 0;
  /** MD5, hexadecimal; known at the end. */
  etag = "";
  /** The checksums that the client gave, by the names of their headers; known, and found right, at the end. */
  readonly checksum: Record<string, string> = {};
  private readonly md5 = createHash("md5");
  private readonly kind: string;
  private readonly trailers = new Map<string, string>();
  /** Only what the client named is computed. */
  private readonly sums: Map<string, Checksum>;

  constructor(
    private readonly call: Call,
    private readonly signing: Signing | undefined,
  ) {
    this.kind = header(call, "x-amz-content-sha256") ?? "";
    const announced = this.announced();
    const named = Object.entries(checksums).filter(
      ([name]) => header(call, name) !== undefined || announced.includes(name),
    );
    this.sums = new Map(named.map(([name, make]) => [name, make()]));
    if ((this.declaredSize ?? 0) > largestBody)
      throw new S3Error("EntityTooLarge", "One request may store 5 GiB at most.");
  }

  /** How long the object is to be, if the client says so. */
  get declaredSize(): number | undefined {
    const name = this.kind.startsWith("STREAMING-") ? "x-amz-decoded-content-length" : "content-length";
    const length = header(this.call, name);
    return length === undefined ? undefined : Number(length);
  }

  async *bytes(): AsyncGenerator<Buffer> {
    const signed = /^[0-9a-f]{64}$/.test(this.kind) ? createHash("sha256") : undefined;
    for await (const chunk of this.payload()) {
      this.size += chunk.length;
      this.md5.update(chunk);
      signed?.update(chunk);
      for (const sum of this.sums.values()) sum.update(chunk);
      yield chunk;
    }
    if (this.declaredSize !== undefined && this.declaredSize !== this.size)
      throw new S3Error("IncompleteBody", "The body has another length than the headers say.");
    if (signed && signed.digest("hex") !== this.kind)
      throw new S3Error("XAmzContentSHA256Mismatch", "The body is not the one that was signed.");
    this.check();
  }

  private payload(): AsyncIterable<Buffer> {
    const { kind, call, signing, trailers } = this;
    if (!kind.startsWith("STREAMING-")) return call.source;
    if (this.declaredSize === undefined)
      throw new S3Error("MissingContentLength", "x-amz-decoded-content-length is missing.");
    if (kind === "STREAMING-UNSIGNED-PAYLOAD-TRAILER") return dechunked(call.source, trailers, undefined);
    if (!/^STREAMING-AWS4-HMAC-SHA256-PAYLOAD(-TRAILER)?$/.test(kind))
      throw new S3Error("NotImplemented", `${kind} is not supported.`);
    if (!signing) throw new S3Error("AccessDenied", "Signed chunks need a signed request.");
    return dechunked(call.source, trailers, signing);
  }

  private check(): void {
    const md5 = this.md5.digest();
    this.etag = md5.toString("hex");
    this.compare("content-md5", header(this.call, "content-md5"), md5);
    for (const [name, sum] of this.sums) {
      const stated = this.trailers.get(name) ?? header(this.call, name);
      if (stated === undefined) throw new S3Error("MalformedTrailerError", `The trailer ${name} is missing.`);
      const actual = sum.digest();
      this.compare(name, stated, actual);
      this.checksum[name] = actual.toString("base64");
    }
  }

  private compare(name: string, stated: string | undefined, actual: Buffer): void {
    if (stated === undefined || stated === actual.toString("base64")) return;
    if (Buffer.from(stated, "base64").length !== actual.length)
      throw new S3Error(name === "content-md5" ? "InvalidDigest" : "InvalidRequest", `${name} is no digest.`);
    throw new S3Error("BadDigest", `The body does not match ${name}.`);
  }

  private announced(): string[] {
    if (!this.kind.endsWith("-TRAILER")) return [];
    return (header(this.call, "x-amz-trailer") ?? "").toLowerCase().split(/ *, */);
  }
}
