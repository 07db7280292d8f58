import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { type Call, header } from "../http";
import { S3Error } from "./errors";

/** A body on its way into the storage: measured as it passes, checked against what the client said of it. */
export class Upload {
  size = 0;
  private crc = 0;
  private readonly md5 = createHash("md5");
  private readonly sha1 = createHash("sha1");
  private readonly sha256 = createHash("sha256");
  private readonly trailers = new Map<string, string>();

  constructor(private readonly call: Call) {}

  /** MD5, hexadecimal; to be asked once, at the end. */
  etag = "";

  async *bytes(): AsyncGenerator<Buffer> {
    for await (const chunk of this.payload()) {
      this.size += chunk.length;
      this.crc = crc32(chunk, this.crc);
      for (const hash of [this.md5, this.sha1, this.sha256]) hash.update(chunk);
      yield chunk;
    }
    this.check();
  }

  private payload(): AsyncIterable<Buffer> {
    const kind = header(this.call, "x-amz-content-sha256") ?? "";
    if (kind === "STREAMING-UNSIGNED-PAYLOAD-TRAILER") return chunked(this.call.source, this.trailers);
    if (kind.startsWith("STREAMING-")) throw new S3Error("NotImplemented", `${kind} is not supported.`);
    return this.call.source;
  }

  private check(): void {
    const length = header(this.call, "x-amz-decoded-content-length") ?? header(this.call, "content-length");
    if (length !== undefined && Number(length) !== this.size) {
      throw new S3Error("IncompleteBody", "The body has another length than the headers say.");
    }
    const md5 = this.md5.digest();
    const sha256 = this.sha256.digest();
    this.etag = md5.toString("hex");
    const signed = header(this.call, "x-amz-content-sha256") ?? "";
    if (/^[0-9a-f]{64}$/.test(signed) && signed !== sha256.toString("hex")) {
      throw new S3Error("XAmzContentSHA256Mismatch", "The body is not the one that was signed.");
    }
    this.compare("content-md5", md5);
    this.compare("x-amz-checksum-sha1", this.sha1.digest());
    this.compare("x-amz-checksum-sha256", sha256);
    const crc = Buffer.alloc(4);
    crc.writeUInt32BE(this.crc);
    this.compare("x-amz-checksum-crc32", crc);
  }

  private compare(name: string, actual: Buffer): void {
    const stated = this.trailers.get(name) ?? header(this.call, name);
    if (stated !== undefined && stated !== actual.toString("base64")) {
      throw new S3Error("BadDigest", `The body does not match ${name}.`);
    }
  }
}

/** Takes the aws-chunked framing off: `size in hex CRLF bytes CRLF …`, ended by a chunk of size 0 and trailers. */
async function* chunked(
  source: AsyncIterable<Buffer>,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer> {
  const reader = new Reader(source);
  for (;;) {
    const [head = ""] = (await reader.line()).split(";");
    if (!/^[0-9a-fA-F]+$/.test(head)) throw new S3Error("IncompleteBody", "The chunks are not understood.");
    const size = parseInt(head, 16);
    if (size === 0) break;
    yield* reader.take(size);
    await reader.line();
  }
  for (let line = await reader.line(); line !== ""; line = await reader.line()) {
    const colon = line.indexOf(":");
    trailers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
}

const longestLine = 8192;

class Reader {
  private readonly source: AsyncIterator<Buffer>;
  private rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.source = source[Symbol.asyncIterator]();
  }

  /** Up to the next CRLF, or the end. */
  async line(): Promise<string> {
    let end = this.rest.indexOf("\r\n");
    while (end < 0 && (await this.more())) {
      end = this.rest.indexOf("\r\n");
      if (end < 0 && this.rest.length > longestLine)
        throw new S3Error("IncompleteBody", "A chunk's head is too long.");
    }
    const line = this.rest.subarray(0, end < 0 ? this.rest.length : end).toString("latin1");
    this.rest = end < 0 ? Buffer.alloc(0) : this.rest.subarray(end + 2);
    return line;
  }

  async *take(size: number): AsyncGenerator<Buffer> {
    for (let missing = size; missing > 0;) {
      if (this.rest.length === 0 && !(await this.more()))
        throw new S3Error("IncompleteBody", "The last chunk is cut short.");
      const part = this.rest.subarray(0, missing);
      this.rest = this.rest.subarray(part.length);
      missing -= part.length;
      yield part;
    }
  }

  private async more(): Promise<boolean> {
    const next = await this.source.next();
    if (next.done) return false;
    this.rest = this.rest.length === 0 ? next.value : Buffer.concat([this.rest, next.value]);
    return true;
  }
}
