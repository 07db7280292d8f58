import { type Reply, isObject, json } from "./http";

/** The way back to the client. */
export interface Line {
  send(reply: Reply): Promise<void>;
  /** Promises the whole answer, sends half of it, and breaks off. */
  sendHalf(reply: Reply): Promise<void>;
  /** Resets the connection. */
  reset(): void;
  /** A refusal in the service's own envelope. */
  refusal(status: number, code: string | undefined, detail: string): Reply;
}

/** What a fault may say of the answer that it gives, or spoils. */
export interface SpoiledAnswer {
  /** Default 503. */
  status?: number;
  /** The Retry-After header: seconds, or an HTTP date. */
  retryAfter?: number | string;
  /** The answer's body, instead of the kind's own. */
  body?: string;
  /** The error's code in the kind's own body. Default: one that says what it is; of Object Storage, by the status. */
  code?: string;
  /** Of `redirect`. */
  location?: string;
  /** Of `null-fields`: which members. Default: all. */
  fields?: string[];
  /** Of `huge`. Default 32 MiB. */
  bytes?: number;
}

/** What a kind of fault makes of a request. `work` does what was asked for; a kind that never calls it prevents it. */
type Effect = (fault: SpoiledAnswer, work: () => Promise<Reply>, line: Line) => Promise<void> | void;

const effects = {
  latency: async (_fault, work, line) => line.send(await work()),
  status: (fault, _work, line) => line.send(refusal(fault, line)),
  "status-after": async (fault, work, line) => {
    await work();
    await line.send(refusal(fault, line));
  },
  "reset-before": (_fault, _work, line) => {
    line.reset();
  },
  "reset-after": async (_fault, work, line) => {
    await work();
    line.reset();
  },
  truncated: async (_fault, work, line) => line.sendHalf(await work()),
  "not-json": async (fault, work, line) => line.send({ ...(await work()), body: fault.body ?? "{ not json" }),
  html: async (fault, work, line) => {
    const { status } = await work();
    const body = fault.body ?? "<html><body>Please wait.</body></html>";
    await line.send({ status, headers: { "content-type": "text/html" }, body });
  },
  "wrong-content-type": async (_fault, work, line) => {
    const reply = await work();
    await line.send({ ...reply, headers: { ...reply.headers, "content-type": "text/plain" } });
  },
  "null-fields": async (fault, work, line) => {
    const reply = await work();
    await line.send({ ...reply, body: withNulls(reply.body, fault.fields) });
  },
  huge: async (fault, work, line) => {
    const { status } = await work();
    await line.send(json(status, { filler: "x".repeat(fault.bytes ?? 32 * 1024 * 1024) }));
  },
  redirect: (fault, _work, line) => {
    const location = fault.location ?? "https://elsewhere.invalid/";
    return line.send({ status: fault.status ?? 302, headers: { location } });
  },
  hang: () => undefined,
  "hang-after": async (_fault, work) => {
    await work();
  },
} satisfies Record<string, Effect>;

export type RequestFaultKind = keyof typeof effects;
export const requestFaultKinds = Object.keys(effects) as RequestFaultKind[];

export const effectOf = (kind: RequestFaultKind): Effect => effects[kind];

function refusal(fault: SpoiledAnswer, line: Line): Reply {
  const reply = line.refusal(fault.status ?? 503, fault.code, "This answer was ordered as a fault.");
  const headers = { ...reply.headers };
  if (fault.retryAfter !== undefined) headers["retry-after"] = String(fault.retryAfter);
  return { ...reply, headers, body: fault.body ?? reply.body };
}

function withNulls(body: Reply["body"], fields: string[] | undefined): Reply["body"] {
  const value: unknown = typeof body === "string" ? JSON.parse(body) : undefined;
  if (!isObject(value)) return body;
  const names = fields ?? Object.keys(value);
  return JSON.stringify({ ...value, ...Object.fromEntries(names.map((name) => [name, null])) });
}
