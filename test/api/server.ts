import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import path from "node:path";

/** A request as it came over the wire. */
export interface Recorded {
  method: string;
  /** Path and query, as they stand in the request's first line. */
  target: string;
  headers: http.IncomingHttpHeaders;
  body: string;
}

export interface Reply {
  status?: number;
  headers?: http.OutgoingHttpHeaders;
  body?: string | Buffer;
}

/** What becomes of a request: a reply, or anything at all that can be done to a connection. */
export type Answer = Reply | ((response: http.ServerResponse, request: Recorded) => void);

/**
 * The certificates were made with `openssl ca`, 2020 to 2120, and the authority's key thrown away. `server.pem` is for loopback and for
 * virtualserver.kr-west1.e.samsungsdscloud.com.
 */
const tls = (name: string) => path.join(__dirname, "tls", name);
export const caFile = tls("ca.pem");

/** A server on loopback that keeps what it was asked, and answers what the test tells it to. */
export class TestServer {
  readonly requests: Recorded[] = [];
  /** What to answer, in turn. The last one stays. */
  answers: Answer[] = [{}];
  connections = 0;
  /** How many requests were being answered at once, at most. */
  busiest = 0;
  private underWay = 0;
  private readonly waiting: { count: number; resolve: () => void }[] = [];

  private constructor(
    private readonly server: http.Server,
    readonly scheme: "http" | "https",
  ) {
    server.on(scheme === "https" ? "secureConnection" : "connection", () => (this.connections += 1));
    server.on("request", (request: http.IncomingMessage, response: http.ServerResponse) => {
      void this.receive(request, response);
    });
  }

  static async start(scheme: "http" | "https" = "http", port = 0): Promise<TestServer> {
    const server =
      scheme === "http"
        ? http.createServer()
        : https.createServer({ key: readFileSync(tls("server.key")), cert: readFileSync(tls("server.pem")) });
    const started = new TestServer(server, scheme);
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return started;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.scheme}://127.0.0.1:${this.port}`;
  }

  get last(): Recorded {
    return this.requests.at(-1)!;
  }

  /** Resolves when so many requests have come in all. */
  async received(count: number): Promise<void> {
    if (this.requests.length < count) {
      await new Promise<void>((resolve) => this.waiting.push({ count, resolve }));
    }
  }

  reset(...answers: Answer[]): void {
    this.requests.length = 0;
    this.connections = 0;
    this.busiest = 0;
    this.answers = answers;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private async receive(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    this.busiest = Math.max(this.busiest, ++this.underWay);
    response.once("close", () => (this.underWay -= 1));
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const recorded = {
      method: request.method!,
      target: request.url!,
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    };
    this.requests.push(recorded);
    this.waiting
      .filter(({ count }) => count <= this.requests.length)
      .forEach(({ resolve }) => {
        resolve();
      });
    const answer = this.answers.length > 1 ? this.answers.shift()! : this.answers[0]!;
    if (typeof answer === "function") answer(response, recorded);
    else response.writeHead(answer.status ?? 200, answer.headers).end(answer.body);
  }
}

/** Whether a request carries the signature of what went over the wire, reckoned without the client's code. */
export function isSigned(request: Recorded, origin: string, keys: { accessKey: string; secretKey: string }) {
  const stamp = request.headers["scp-timestamp"] as string;
  const message = `${request.method}${origin}${request.target}${stamp}${keys.accessKey}Openapi`;
  return (
    request.headers["scp-accesskey"] === keys.accessKey &&
    request.headers["scp-clienttype"] === "Openapi" &&
    request.headers["scp-signature"] === createHmac("sha256", keys.secretKey).update(message).digest("base64")
  );
}
