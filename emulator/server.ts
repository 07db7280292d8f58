import { randomUUID } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Cloud } from "./cloud";
import { type Line, type RequestFaultKind, effectOf } from "./effects";
import type { Service } from "./faults";
import { ApiError, type Call, type Reply, callFrom, header, report } from "./http";
import { bucketOfHost } from "./objectUrl";
import { refusal } from "./storage/errors";

/** A request with somebody to answer it. */
export interface Task {
  operation: string;
  imageId?: string;
  work: () => Promise<Reply>;
}

/** One service, or several that share a base URL: finds the operation that a request asks for. */
export type Room = (call: Call) => Task;

export interface Rooms {
  api: Room;
  storage: Room;
  /** Never struck by faults, never counted. */
  control: Room;
}

export class Server {
  private readonly closing = new AbortController();
  private readonly http = http.createServer((request, response) => {
    void this.receive(request, response);
  });

  constructor(
    private readonly cloud: Cloud,
    private readonly rooms: Rooms,
  ) {
    this.http.keepAliveTimeout = 60_000;
    // A large upload over a slow line may take any time.
    this.http.requestTimeout = 0;
  }

  /** Listens on loopback only, and returns the base URL. */
  async listen(port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.http.once("error", reject).listen(port, "127.0.0.1", resolve);
    });
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.closing.abort();
    const closed = new Promise((resolve) => this.http.close(resolve));
    this.http.closeAllConnections();
    await closed;
  }

  private async receive(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    try {
      await this.answer(callFrom(request), response);
    } catch {
      // The client went away, or the server is closing.
      response.destroy();
    }
  }

  private async answer(call: Call, response: http.ServerResponse): Promise<void> {
    const service = serviceOf(call);
    const task = this.rooms[service](call);
    if (service === "control") return this.send(response, await task.work());
    await this.answerLogged(service, call, task, this.lineTo(response, service));
  }

  private async answerLogged(service: Service, call: Call, task: Task, line: Line): Promise<void> {
    const { method, path } = call;
    const { operation, imageId } = task;
    const { journal, faults } = this.cloud;
    const scpApiVersion = header(call, "scp-api-version");
    const entry = journal.open({
      operation,
      method,
      path,
      imageId,
      status: null,
      scpApiVersion,
      at: this.cloud.now(),
    });
    const logged: Line = {
      ...line,
      send: (reply) => {
        entry.status = reply.status;
        return line.send(reply);
      },
    };
    const work = async () => {
      const reply = await task.work();
      entry.imageId = task.imageId;
      return (await this.trySaving(call)) ?? reply;
    };

    const fault = faults.meet({ service, operation, method, path });
    if (!fault) return logged.send(await work());
    entry.fault = fault.kind;
    if (fault.latencyMs) await delay(fault.latencyMs, undefined, { signal: this.closing.signal });
    await effectOf(fault.kind as RequestFaultKind)(fault, work, logged);
  }

  /** Nothing is answered as done that is not on disk: a failure to save is the answer then. */
  private async trySaving(call: Call): Promise<Reply | undefined> {
    try {
      await this.cloud.store.saved();
      return undefined;
    } catch (error) {
      report(call, error);
      return new ApiError(500, "InternalServerError", "The emulator cannot save its data.").reply();
    }
  }

  private lineTo(response: http.ServerResponse, service: Service): Line {
    return {
      refusal: refusals[service],
      send: (reply) => this.send(response, reply),
      sendHalf: async (reply) => {
        this.writeHead(response, reply);
        const half = Math.floor(Number(response.getHeader("content-length") ?? 0) / 2);
        for await (const part of firstBytes(reply.body, half)) response.write(part);
        response.write("", () => response.destroy());
      },
      reset: () => {
        response.socket?.resetAndDestroy();
      },
    };
  }

  private async send(response: http.ServerResponse, reply: Reply): Promise<void> {
    this.writeHead(response, reply);
    // What is left of a refused upload is read, or the client would see a reset instead of the refusal.
    response.req.resume();
    if (reply.body instanceof Readable) await pipeline(reply.body, response);
    else response.end(reply.body);
  }

  private writeHead(response: http.ServerResponse, { status, headers, body }: Reply): void {
    response.sendDate = false;
    response.setHeader("date", new Date(this.cloud.now()).toUTCString());
    response.setHeader("x-request-id", `req-${randomUUID()}`);
    if (body !== undefined && !(body instanceof Readable))
      response.setHeader("content-length", Buffer.byteLength(body));
    for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
    response.writeHead(status);
  }
}

/**
 * All services share one address. No bucket's name is as short as `v1` or begins with `_`, so that a path tells
 * whom it means; `/` is Object Storage's when the request is signed the S3 way, and all is when the host says so.
 */
function serviceOf(call: Call): Service | "control" {
  const first = call.path.split("/")[1] ?? "";
  if (first === "_emulator") return "control";
  if (header(call, "host")?.startsWith("object-store.") || bucketOfHost(call) !== undefined) return "storage";
  const isSignedForS3 =
    call.query.has("X-Amz-Signature") || header(call, "authorization")?.startsWith("AWS4-") === true;
  if (first === "") return isSignedForS3 ? "storage" : "api";
  return first.length < 3 ? "api" : "storage";
}

const refusals: Record<Service, Line["refusal"]> = {
  api: (status, code = "Emulator.OrderedFault", detail) => new ApiError(status, code, detail).reply(),
  storage: (status, code = usualCodes[status] ?? "InternalError", detail) => refusal(status, code, detail),
};

/** What Object Storage calls errors that a client may meet at any time. */
const usualCodes: Record<number, string> = {
  400: "RequestTimeout",
  403: "AccessDenied",
  404: "NoSuchKey",
  409: "OperationAborted",
  429: "SlowDown",
  503: "SlowDown",
};

async function* firstBytes(body: Reply["body"], count: number): AsyncGenerator<Buffer> {
  const source = body instanceof Readable ? (body as AsyncIterable<Buffer>) : [Buffer.from(body ?? "")];
  let missing = count;
  for await (const chunk of source) {
    if (missing > 0) yield chunk.subarray(0, missing);
    missing -= chunk.length;
    if (missing <= 0) return;
  }
}
