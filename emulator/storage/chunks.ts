import { createHash } from "node:crypto";
import type { Signing } from "./awsSignature";
import { S3Error } from "./errors";

/**
 * Takes the aws-chunked framing off: `size in hex;chunk-signature=… CRLF bytes CRLF …`, ended by a chunk of size 0
 * and trailers. With `signing`, each chunk's signature and that of the trailers is checked: none is taken as good
 * before the one after its last byte.
 */
export async function* dechunked(
  source: AsyncIterable<Buffer>,
  trailers: Map<string, string>,
  signing: Signing | undefined,
): AsyncGenerator<Buffer> {
  const reader = new Reader(source);
  const chain = signing && new Chain(signing);
  for (;;) {
    const [, hex = "", signature = ""] =
      /^([0-9a-fA-F]{1,13})(?:;chunk-signature=([0-9a-f]{64}))?(?:;.*)?$/.exec(await reader.line()) ?? [];
    if (!hex) throw new S3Error("IncompleteBody", "The chunks are not understood.");
    const size = parseInt(hex, 16);
    const seen = chain?.chunk();
    for await (const part of reader.take(size)) {
      seen?.update(part);
      yield part;
    }
    seen?.check(signature);
    if (size === 0) break;
    if ((await reader.line()) !== "") throw new S3Error("IncompleteBody", "A chunk is longer than it says.");
  }
  await readTrailers(reader, trailers);
  const signature = trailers.get("x-amz-trailer-signature");
  trailers.delete("x-amz-trailer-signature");
  if (chain && trailers.size > 0) chain.checkTrailers(trailers, signature ?? "");
}

async function readTrailers(reader: Reader, trailers: Map<string, string>): Promise<void> {
  // Some clients end the last chunk as they end the others, and what follows with the body.
  for (let line = await reader.line(); line !== "" || !(await reader.ended()); line = await reader.line()) {
    const colon = line.indexOf(":");
    if (colon > 0) trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
    else if (line !== "") throw new S3Error("MalformedTrailerError", "The trailers are not understood.");
  }
}

/** The signatures of one body: each signs the one before. */
class Chain {
  private previous: string;

  constructor(private readonly signing: Signing) {
    this.previous = signing.signature;
  }

  chunk() {
    const hash = sha256();
    const check = (signature: string) => {
      const nothing = sha256().digest("hex");
      this.check("AWS4-HMAC-SHA256-PAYLOAD", [nothing, hash.digest("hex")], signature);
    };
    return { update: (part: Buffer) => hash.update(part), check };
  }

  checkTrailers(trailers: Map<string, string>, signature: string): void {
    const text = [...trailers].map(([name, value]) => `${name}:${value}\n`).join("");
    this.check("AWS4-HMAC-SHA256-TRAILER", [sha256().update(text).digest("hex")], signature);
  }

  private check(algorithm: string, digests: string[], signature: string): void {
    const expected = this.signing.sign(algorithm, [this.previous, ...digests]);
    if (signature !== expected)
      throw new S3Error("SignatureDoesNotMatch", "A signature in the body does not match.");
    this.previous = signature;
  }
}

const sha256 = () => createHash("sha256");

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

  /** Whether nothing more comes. */
  async ended(): Promise<boolean> {
    return this.rest.length === 0 && !(await this.more());
  }

  private async more(): Promise<boolean> {
    const next = await this.source.next();
    if (next.done) return false;
    this.rest = this.rest.length === 0 ? next.value : Buffer.concat([this.rest, next.value]);
    return true;
  }
}
