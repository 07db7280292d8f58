import * as http from "node:http";
import * as https from "node:https";
import axios, { type AxiosInstance, type AxiosResponse } from "axios";
import { bulkhead, DelegateBackoff, handleWhen, retry, wrap, type IPolicy } from "cockatiel";
import { withConnectTimeout } from "./agents";
import {
  clockDifference,
  endless,
  failureOf,
  firstError,
  header,
  isProxysOwn,
  largestAnswer,
  noResponse,
  notJson,
  parse,
  refusedByProxy,
  requestId,
  unusable,
} from "./response";
import { isTransient, sanitize, ScpError, type Failure } from "./errors";
import { isLoopback, serviceUrl, type Service } from "./regions";
import type { Settings } from "./settings";
import { encodeUrl, signedHeaders } from "./sign";

/** One call of an API operation. */
export interface Call<T> {
  service: Service;
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** The path below the service's root, its parts already safe. */
  path: string;
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  /** The operation, as the beginning of a sentence for messages: `Import image 70a5…`. */
  operation: string;
  /**
   * Whether doing it twice is the same as doing it once. If not, it is repeated only where the first one surely
   * did nothing: it never reached the service, or was turned away for being one too many.
   */
  idempotent: boolean;
  /** Whether the main job does not depend on it: then it is given up sooner. */
  bestEffort?: true;
  /** Takes out of an answer's JSON what the operation is for; undefined when that is not in it. */
  read: (body: unknown, status: number) => T | undefined;
  /** What to do about a failure, where the operation knows better than the status. */
  advice?: (failure: Failure, code: string | undefined) => string | undefined;
}

/** How patient the client is. */
export interface RetryPolicy {
  /** How long a connection may take to be made, in milliseconds. */
  connectTimeout: number;
  /** How long an answer may be silent, in milliseconds. A whole request may take `wholeRequest` times as long. */
  responseTimeout: number;
  /** How often a call is tried in all. */
  attempts: number;
  /** The first pause between tries, doubled each time, in milliseconds. */
  initialBackoff: number;
  /** The longest pause of our own, in milliseconds; the service may ask for more. */
  maxBackoff: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  connectTimeout: 10_000,
  responseTimeout: 60_000,
  attempts: 6,
  initialBackoff: 500,
  maxBackoff: 20_000,
};

/** How much longer than a silence a whole request may last: an answer that comes byte by byte is never silent, and never whole. */
const wholeRequest = 5;

/** How long an answer that the main job does not depend on may be silent, in milliseconds. */
const bestEffortTimeout = 15_000;

/** The longest pause that the service's Retry-After is followed to. Who asks for more gets an error instead of a hanging deployment. */
const longestRetryAfter = 120_000;

/**
 * All the client's input and output: signs, sends, retries, and turns whatever does not end well into a `ScpError`.
 */
export class Http {
  private readonly axios: AxiosInstance;
  private readonly responseTimeout: number;
  private readonly policy: (idempotent: boolean) => IPolicy;
  /** Of what the main job does not depend on. */
  private readonly soon: IPolicy;
  private offset = 0;

  constructor(
    private readonly settings: Settings,
    retryPolicy: Partial<RetryPolicy> = {},
    private readonly now: () => number = Date.now,
  ) {
    const { connectTimeout, responseTimeout, attempts, initialBackoff, maxBackoff } = {
      ...defaultRetryPolicy,
      ...retryPolicy,
    };
    this.responseTimeout = responseTimeout;
    this.axios = axios.create({
      httpAgent: withConnectTimeout(new http.Agent({ keepAlive: true }), connectTimeout),
      httpsAgent: withConnectTimeout(new https.Agent({ keepAlive: true }), connectTimeout),
      // A redirect is never followed: it would carry the credentials to wherever it points.
      maxRedirects: 0,
      maxContentLength: largestAnswer,
      responseType: "text",
      transformResponse: (body: unknown) => body,
      validateStatus: () => true,
    });
    const places = bulkhead(settings.maxRequests, Infinity);
    const retries = (idempotent: boolean, most = attempts) =>
      retry(
        handleWhen((error) => isRetryable(error, idempotent)),
        {
          maxAttempts: most - 1,
          backoff: new DelegateBackoff(({ attempt, result }) => {
            const asked =
              "error" in result && result.error instanceof ScpError ? result.error.retryAfter : undefined;
            return pause(attempt, { initialBackoff, maxBackoff, asked });
          }),
        },
      );
    const [always, onlyIfUndone] = [wrap(retries(true), places), wrap(retries(false), places)];
    this.soon = wrap(retries(true, Math.min(2, attempts)), places);
    this.policy = (idempotent) => (idempotent ? always : onlyIfUndone);
  }

  /** The service's clock, as far as its last answer told it. Milliseconds since 1970. */
  serverNow(): number {
    return this.now() + this.offset;
  }

  /** @throws ScpError */
  async send<T>(call: Call<T>): Promise<T> {
    const policy = call.bestEffort === true ? this.soon : this.policy(call.idempotent);
    return policy.execute(() => this.once(call));
  }

  private async once<T>(call: Call<T>): Promise<T> {
    const { endpoint, accessKey, secretKey, apiVersion, otherKeys = [] } = this.settings;
    const url = encodeUrl(endpoint ?? serviceUrl(call.service, this.settings), call.path, call.query);
    const signed = signedHeaders({ method: call.method, url, timestamp: this.now(), accessKey, secretKey });
    const secrets = [secretKey, accessKey, signed["Scp-Signature"] ?? "", ...otherKeys];
    const show = (foreign: string) => sanitize(foreign, secrets);
    const timeout =
      call.bestEffort === true ? Math.min(bestEffortTimeout, this.responseTimeout) : this.responseTimeout;
    const deadline = AbortSignal.timeout(wholeRequest * timeout);
    let response: AxiosResponse<string>;
    try {
      response = await this.axios.request<string>({
        method: call.method,
        url,
        timeout,
        signal: deadline,
        data: call.body === undefined ? undefined : JSON.stringify(call.body),
        // The emulator, or a proxy that runs here, is never reached through another proxy.
        proxy: isLoopback(new URL(url).hostname) ? false : undefined,
        headers: {
          ...signed,
          "Accept-Language": "en-US",
          Accept: "application/json",
          "User-Agent": "pulumi-scp-images",
          ...(call.service === "virtualserver" ? { "Scp-Api-Version": `virtualserver ${apiVersion}` } : {}),
          ...(call.body === undefined ? {} : { "Content-Type": "application/json" }),
        },
      });
    } catch (error) {
      if (deadline.aborted) {
        throw endless(call.operation, wholeRequest * timeout);
      }
      throw noResponse(error, call.operation, show); // Only what is said here leaves: axios's own error holds every header.
    }
    if (isProxysOwn(response, url)) {
      throw refusedByProxy(response.status, call.operation);
    }
    return this.read(response, call, show);
  }

  private read<T>(response: AxiosResponse<string>, call: Call<T>, show: (foreign: string) => string): T {
    const { status, data } = response;
    const date = Date.parse(header(response, "date") ?? "");
    const offset = Number.isNaN(date) ? undefined : date - this.now();
    this.offset = offset ?? this.offset;
    const body = parse(data);
    if (status >= 200 && status < 300) {
      const result = body === notJson ? undefined : call.read(body, status);
      if (result === undefined) {
        throw unusable(call.operation, response, show);
      }
      return result;
    }
    const envelope = body === notJson ? undefined : firstError(body);
    // Whoever stands between us and the service knows of no image: what is not the service's own 404 says nothing about one.
    const failure = status === 404 && envelope === undefined ? "unexpected" : failureOf(status);
    const code = envelope?.code === undefined ? undefined : show(envelope.code);
    const location = header(response, "location");
    throw new ScpError({
      failure,
      operation: call.operation,
      status,
      code,
      detail: location === undefined ? show(envelope?.detail ?? data) : `It redirects to ${show(location)}`,
      requestId: requestId(response, show),
      retryAfter: retryAfter(header(response, "retry-after"), this.serverNow()),
      mayHaveWorked: status >= 500,
      inEnvelope: envelope !== undefined,
      advice: call.advice?.(failure, code) ?? this.advice(failure, offset),
    });
  }

  private advice(failure: Failure, offset: number | undefined): string | undefined {
    const { accessKey: key = "?", secretKey: secret = "?" } = this.settings.sources;
    switch (failure) {
      case "unauthorized":
        return (
          `The access key (from ${key}), the secret key (from ${secret}) or this machine's clock may be wrong. ` +
          `${clockDifference(offset)} Up to 5 minutes' difference is accepted.`
        );
      case "forbidden":
        return "The key pair is accepted, but its user lacks the permission, or the image forbids it.";
      case "invalid":
        return "Correct what it complains about; the same request would be refused again.";
      case "conflict":
        return "Something else may be under way on it; run again when that has ended.";
      case "unexpected":
        return "Check the endpoint and the proxy settings: something else may answer in the service's place.";
      case "throttled":
        return "Too many requests at once; try again later, or set scp:maxRequests lower.";
      case "server":
        return "This is the service's trouble, not the request's; run again later.";
      default:
        return undefined;
    }
  }
}

function isRetryable(error: Error, idempotent: boolean): boolean {
  if (!(error instanceof ScpError) || (error.retryAfter ?? 0) > longestRetryAfter) {
    return false;
  }
  const { failure, mayHaveWorked } = error;
  // A garbled success may come out whole the next time; an unknown refusal or a redirect stays what it is.
  const passing = isTransient(error) || (failure === "unexpected" && mayHaveWorked);
  return passing && (idempotent || !mayHaveWorked);
}

/** The pause before the next try, in milliseconds: what the service asks for, or a random part of a doubling, capped one. */
export function pause(
  attempt: number,
  { initialBackoff, maxBackoff, asked }: { initialBackoff: number; maxBackoff: number; asked?: number },
  random: () => number = Math.random,
): number {
  const ceiling = Math.min(maxBackoff, initialBackoff * 2 ** (attempt - 1));
  const own = ceiling * (0.5 + random() / 2);
  return asked === undefined ? own : Math.max(asked, initialBackoff) + random() * initialBackoff;
}

/** Retry-After in milliseconds, given as seconds or as a date. */
export function retryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) {
    return undefined;
  }
  const milliseconds = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds);
}
