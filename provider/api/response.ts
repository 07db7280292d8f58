import type * as http from "node:http";
import { TLSSocket } from "node:tls";
import { isAxiosError, type AxiosResponse } from "axios";
import { ScpError, type Failure } from "./errors";
import { isObject, text } from "./images";

/** The largest answer that is read, in bytes. A full page of 1000 images takes some 2 MB. */
export const largestAnswer = 16 * 1024 * 1024;

/** System errors after which the service cannot have got the request. */
const neverSent = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ECONNECTTIMEOUT",
]);

/** What TLS calls the certificates that it does not trust. */
const badCertificate = /CERT|^UNABLE_TO_|^INVALID_CA$|^HOSTNAME_MISMATCH$/;

export function noResponse(error: unknown, operation: string, show: (foreign: string) => string): ScpError {
  const { code, response } = isAxiosError(error) ? error : {};
  const message = error instanceof Error ? error.message : "";
  if (code !== undefined && badCertificate.test(code)) {
    return new ScpError({
      failure: "unexpected",
      operation,
      detail: `The certificate is not trusted: ${show(message)}`,
      advice:
        "Check the endpoint. Behind a proxy that opens TLS, set NODE_EXTRA_CA_CERTS to the file of its certificate authority.",
      mayHaveWorked: false,
    });
  }
  if (code === "ERR_BAD_RESPONSE" && response === undefined) {
    return new ScpError({
      failure: "unexpected",
      operation,
      detail: `The answer is larger than ${largestAnswer / 1024 / 1024} MB`,
      mayHaveWorked: true,
    });
  }
  return new ScpError({
    failure: "noResponse",
    operation,
    detail:
      code === "ERR_BAD_RESPONSE"
        ? "The answer was cut off"
        : show(message === "" ? (code ?? "the connection ended") : message),
    advice: "Check the network, the proxy settings (HTTPS_PROXY, NO_PROXY) and the endpoint.",
    mayHaveWorked: !(code !== undefined && neverSent.has(code)),
  });
}

/** Of a request that was given up although something kept coming. */
export function endless(operation: string, milliseconds: number): ScpError {
  return new ScpError({
    failure: "noResponse",
    operation,
    detail: `The answer was not whole after ${milliseconds / 1000} s`,
    advice: "Check the network, the proxy settings (HTTPS_PROXY, NO_PROXY) and the endpoint.",
    mayHaveWorked: true,
  });
}

/** Whether the proxy answered instead of connecting: then there never was TLS, although the URL asks for it. */
export function isProxysOwn(response: AxiosResponse, url: string): boolean {
  const { socket } = response.request as http.ClientRequest;
  return url.startsWith("https:") && !(socket instanceof TLSSocket);
}

/** Such an answer proves nothing about the request: a proxy that was sent it in the open may have passed it on, and answer for others. */
export function refusedByProxy(status: number, operation: string): ScpError {
  return new ScpError({
    failure: "noResponse",
    operation,
    detail: `The proxy answers ${status} instead of making a TLS connection to the service`,
    advice: "Check the proxy settings (HTTPS_PROXY, NO_PROXY) and what the proxy allows.",
    mayHaveWorked: true,
  });
}

export function unusable(
  operation: string,
  response: AxiosResponse<string>,
  show: (foreign: string) => string,
): ScpError {
  const type = show(header(response, "content-type") ?? "no content type");
  const shown = show(response.data);
  return new ScpError({
    failure: "unexpected",
    operation,
    status: response.status,
    detail: `The body (${type}) is not what this operation answers: ${shown === "" ? "it is empty" : shown}`,
    advice: "If a proxy or a login page answers in the service's place, fix that; otherwise run again.",
    mayHaveWorked: true,
  });
}

export function failureOf(status: number): Failure {
  const named: Partial<Record<number, Failure>> = {
    400: "invalid",
    401: "unauthorized",
    403: "forbidden",
    404: "notFound",
    409: "conflict",
    429: "throttled",
  };
  return named[status] ?? (status >= 500 ? "server" : "unexpected");
}

/**
 * The service's own words out of its envelope, every member of which may be missing; undefined when this is no envelope.
 * Without a detail that is text, whoever shows the error shows the body as it is.
 */
export function firstError(body: unknown): { code?: string; detail?: string } | undefined {
  const errors = isObject(body) ? body.errors : undefined;
  const all = Array.isArray(errors) ? errors.filter(isObject) : [];
  if (all.length === 0) {
    return undefined;
  }
  const details = all.flatMap(({ detail }): unknown[] => (Array.isArray(detail) ? detail : [detail]));
  const words = details.filter((word) => word !== undefined && word !== null);
  const isText = words.length > 0 && words.every((word) => typeof word === "string");
  return { code: text(all[0]?.code), detail: isText ? words.join("; ") : undefined };
}

export const notJson = Symbol("not JSON");

/** The body's JSON; undefined where there is no body. */
export function parse(data: string): unknown {
  if (data.trim() === "") {
    return undefined;
  }
  try {
    return JSON.parse(data) as unknown;
  } catch {
    return notJson;
  }
}

export function header(response: AxiosResponse, name: string): string | undefined {
  return text((response.headers as Record<string, unknown>)[name]);
}

export function requestId(response: AxiosResponse, show: (foreign: string) => string): string | undefined {
  const id = ["x-request-id", "x-openstack-request-id", "scp-request-id"].map((name) =>
    header(response, name),
  );
  const found = id.find((value) => value !== undefined);
  return found === undefined ? undefined : show(found);
}

export function clockDifference(offset: number | undefined): string {
  if (offset === undefined) {
    return "The answer does not tell the service's time.";
  }
  const seconds = Math.round(Math.abs(offset) / 1000);
  if (seconds < 2) {
    return "The clock agrees with the service's.";
  }
  const amount = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
  return `The clock is ${amount} ${offset > 0 ? "behind" : "ahead of"} the service's.`;
}
