import type { RetryPolicy } from "../../provider/api/http";
import type { Fault } from "../../emulator";

/** A kind of fault, as it is ordered from the emulator. */
export interface Kind {
  fault: Fault;
  /** Whether it passes by itself, so that it can strike for longer than the client tries again. */
  transient?: true;
  /** Needed for the fault to be met in a short time. */
  retryPolicy?: Partial<RetryPolicy>;
}

/** What a service that gives away what it was sent might say. */
const telling = (status: number, secrets: readonly string[]) =>
  JSON.stringify({
    errors: [
      { status, code: "Ordered.Fault", detail: `You sent ${secrets.join(" and ")}. \u001b[31mRed\u001b[0m` },
    ],
  });

const impatient: Partial<RetryPolicy> = { responseTimeout: 100 };

/** All kinds, each by the name that the report gives it. The secrets are what a refusal gives away. */
export function kindsOf(secrets: readonly string[]): Record<string, Kind> {
  const refusal = (status: number): Kind => ({
    fault: { kind: "status", status, body: telling(status, secrets) },
  });
  return {
    "400": refusal(400),
    "401": refusal(401),
    "403": refusal(403),
    "404": refusal(404),
    "409": refusal(409),
    "429": { fault: { kind: "status", status: 429 }, transient: true },
    "429, Retry-After: 0": { fault: { kind: "status", status: 429, retryAfter: 0 }, transient: true },
    "429, Retry-After: 3600": { fault: { kind: "status", status: 429, retryAfter: 3600 } },
    "500": { ...refusal(500), transient: true },
    "500 after the work": { fault: { kind: "status-after", status: 500 }, transient: true },
    "502 with HTML": {
      fault: { kind: "status", status: 502, body: "<html><h1>Bad Gateway</h1></html>" },
      transient: true,
    },
    "502 after the work": {
      fault: { kind: "status-after", status: 502, body: "<html><h1>Bad Gateway</h1></html>" },
      transient: true,
    },
    "503": { fault: { kind: "status", status: 503 }, transient: true },
    "reset before the work": { fault: { kind: "reset-before" }, transient: true },
    "reset after the work": { fault: { kind: "reset-after" }, transient: true },
    "time-out before the work": { fault: { kind: "hang" }, transient: true, retryPolicy: impatient },
    "time-out after the work": { fault: { kind: "hang-after" }, transient: true, retryPolicy: impatient },
    "truncated JSON": { fault: { kind: "truncated" }, transient: true },
    "no JSON": { fault: { kind: "not-json" }, transient: true },
    "HTML in its place": { fault: { kind: "html" }, transient: true },
    "wrong content type": { fault: { kind: "wrong-content-type" }, transient: true },
    "null fields": { fault: { kind: "null-fields" }, transient: true },
    "a huge body": { fault: { kind: "huge", bytes: 17 * 1024 * 1024 } },
    redirect: { fault: { kind: "redirect", location: "http://127.0.0.1:9/v1/images" } },
  };
}
