import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";

export type Operation =
  | "create"
  | "part"
  | "complete"
  | "abort"
  | "listUploads"
  | "listParts"
  | "listObjects"
  | "head"
  | "get"
  | "delete"
  | "putAcl"
  | "getAcl"
  | "other";

/** What becomes of one request on its way. */
export type Fate =
  | "passes"
  | "lost" // the connection breaks before the server has it
  | "unanswered" // the server does it, and the connection breaks before the answer
  | "silent" // nobody ever answers
  | "silent-after" // likewise, but the server does it
  | { status: number; headers?: http.OutgoingHttpHeaders; body: string };

export interface Passing {
  operation: Operation;
  /** Of this operation, from 1 on. */
  nth: number;
  part?: number;
}

/** Between a client and a server on loopback: counts what passes, and makes a part of it fail. */
export class FaultyProxy {
  readonly passed: Passing[] = [];
  /** How many parts were on their way at once, at most. */
  busiest = 0;
  /** Bytes of parts that came here. */
  bytes = 0;
  fate: (passing: Passing) => Fate | Promise<Fate> = () => "passes";
  private underWay = 0;

  private constructor(
    private readonly server: http.Server,
    private readonly target: URL,
  ) {
    server.on("request", (request: http.IncomingMessage, response: http.ServerResponse) => {
      this.pass(request, response).catch(() => response.destroy());
    });
  }

  static async start(target: string): Promise<FaultyProxy> {
    const server = http.createServer({ requestTimeout: 0 });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new FaultyProxy(server, new URL(target));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${this.target.pathname.replace(/\/$/, "")}`;
  }

  count(operation: Operation): number {
    return this.passed.filter((passing) => passing.operation === operation).length;
  }

  parts(): number[] {
    return this.passed.flatMap(({ part }) => (part === undefined ? [] : [part])).sort((a, b) => a - b);
  }

  reset(): void {
    this.passed.length = 0;
    this.busiest = this.bytes = 0;
    this.fate = () => "passes";
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private async pass(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { method = "", url = "" } = request;
    const query = new URL(url, this.target).searchParams;
    const operation = operationOf(method, query, url);
    const part = operation === "part" ? Number(query.get("partNumber")) : undefined;
    const passing = { operation, part, nth: this.count(operation) + 1 };
    this.passed.push(passing);
    if (operation === "part") {
      this.busiest = Math.max(this.busiest, ++this.underWay);
      // Before the client knows: it sends the next part at once.
      const ended = () => {
        this.underWay -= 1;
        response.off("answered", ended).off("close", ended);
      };
      response.once("answered", ended).once("close", ended);
    }
    const fate = await this.fate(passing);
    if (fate === "lost") return void request.socket.destroy();
    if (fate === "silent") return void request.resume(); // Unread, it would not be noticed that the client has gone.
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      if (operation === "part") this.bytes += chunk.length;
    }
    if (typeof fate === "object") {
      response.writeHead(fate.status, { "content-type": "application/xml", ...fate.headers }).end(fate.body);
      return;
    }
    const answer = await this.forward(request, Buffer.concat(chunks));
    if (fate === "unanswered") {
      answer.resume();
      await once(answer, "end");
      request.socket.destroy();
    } else if (fate === "silent-after") {
      answer.resume();
    } else {
      response.emit("answered");
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
    }
  }

  /** With the Host header as it came: it is signed. */
  private async forward({ method, url, headers }: http.IncomingMessage, body: Buffer) {
    const { hostname, port } = this.target;
    const out = http.request({ hostname, port, method, path: url, headers, agent: false }).end(body);
    const [answer] = (await once(out, "response")) as [http.IncomingMessage];
    return answer;
  }
}

function operationOf(method: string, query: URLSearchParams, url: string): Operation {
  if (query.has("uploads")) return method === "POST" ? "create" : "listUploads";
  if (query.has("uploadId")) {
    const byMethod: Record<string, Operation> = {
      PUT: "part",
      POST: "complete",
      DELETE: "abort",
      GET: "listParts",
    };
    return byMethod[method] ?? "other";
  }
  if (query.has("acl")) return method === "PUT" ? "putAcl" : "getAcl";
  if (query.has("list-type")) return "listObjects";
  const byMethod: Record<string, Operation> = { HEAD: "head", GET: "get", DELETE: "delete" };
  return url.startsWith("/?") || url === "/" ? "other" : (byMethod[method] ?? "other");
}

export const s3Error = (status: number, code: string, message = "As ordered."): Fate => ({
  status,
  body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
});
