import { ScpClient } from "../../provider/api/client";
import { ScpError } from "../../provider/api/errors";
import type { RetryPolicy } from "../../provider/api/http";
import { findSettings, type Settings } from "../../provider/api/settings";

/** A key pair with every sign that texts escape in their own ways. */
export const keys = { accessKey: "2sd2gg=2agb/dSD26svcD", secretKey: "fG7/pq+Zs9dK/secret+key==" };

/** Pauses too short to be noticed, few tries. */
export const hasty: Partial<RetryPolicy> = { initialBackoff: 1, maxBackoff: 2, attempts: 3 };

export function settingsFor(endpoint: string, more: Partial<Settings> = {}): Settings {
  const overrides = { ...keys, region: "kr-west1", environment: "e" };
  return {
    ...findSettings({ overrides, env: {}, home: "/nonexistent" }),
    endpoint,
    sources: { accessKey: "environment variable SCP_ACCESS_KEY", secretKey: "Pulumi config scp:secretKey" },
    warnings: [],
    ...more,
  };
}

export function clientFor(
  server: { url: string },
  { settings = {}, retryPolicy = {}, now = Date.now }: ClientOptions = {},
): ScpClient {
  return new ScpClient(settingsFor(server.url, settings), { ...hasty, ...retryPolicy }, now);
}

export interface ClientOptions {
  settings?: Partial<Settings>;
  retryPolicy?: Partial<RetryPolicy>;
  now?: () => number;
}

/** The error that a call ends with. A call that ends well, or with any other error, fails the test. */
export async function errorOf(call: Promise<unknown>): Promise<ScpError> {
  const outcome = await call.then(
    (value) => new Error(`It worked: ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  if (!(outcome instanceof ScpError)) throw outcome;
  return outcome;
}

/** An answer of Show that says as little as an image can. */
export const tiny = (id = "one") => ({ body: JSON.stringify({ id, name: "n", status: "queued" }) });

export const imageId = "70a599e0-31e7-49b7-b260-868f441e862b";
export const fileUrl =
  "https://object-store.kr-west1.s.samsungsdscloud.com/8989447062e04a818baf9e073fd04fa7/bucket/object.qcow2";
