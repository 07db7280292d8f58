import * as http from "node:http";
import * as https from "node:https";
import type * as S3 from "@aws-sdk/client-s3";
import type * as Agents from "https-proxy-agent";
import type * as Environment from "proxy-from-env";
import { isLoopback } from "../api/regions";
import { ForeignAnswer, hasForeignBody, NoAnswer } from "./answers";
import type { ObjectStoreSettings } from "./settings";

export type Sdk = typeof S3;
type Proxies = typeof Agents & typeof Environment;

/** What is heavy to load, and loaded when the first request is sent. */
export interface Libraries {
  sdk: Sdk;
  proxies: Proxies;
}

export async function loadLibraries(): Promise<Libraries> {
  // Which versions of Node.js a future SDK will need is no news for who runs pulumi up.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  const [sdk, agent, environment] = await Promise.all([
    import("@aws-sdk/client-s3"),
    import("https-proxy-agent"),
    import("proxy-from-env"),
  ]);
  return { sdk, proxies: { ...agent, ...environment } };
}

/** Milliseconds. */
interface Timeouts {
  connectTimeout: number;
  silence: number;
}

export function newClient(
  { sdk, proxies }: Libraries,
  settings: ObjectStoreSettings,
  timeouts: Timeouts,
): S3.S3Client {
  const client = new sdk.S3Client(configuration(settings, timeouts, proxies));
  client.middlewareStack.add(
    (next) => (args) => {
      const { headers, body } = args.request as { headers: Record<string, string>; body?: unknown };
      if (Buffer.isBuffer(body)) {
        // TLS guards the body, and its MD5 is compared. A SHA-256 of it for the signature is dear for both sides.
        headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD";
      }
      return next(args);
    },
    { step: "build", name: "unsignedBody" },
  );
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args).catch((error: unknown) => {
        throw new NoAnswer(error);
      });
      if (hasForeignBody(result.response)) {
        throw await ForeignAnswer.read(result.response);
      }
      return result;
    },
    // Nearest to the wire: before the SDK reads the body as XML.
    { step: "deserialize", name: "wireTrouble", priority: "low" },
  );
  return client;
}

/** All that the SDK would else look for in the environment, and in the files of other tools, is said. */
function configuration(
  { endpoint, region, accessKey, secretKey }: ObjectStoreSettings,
  { connectTimeout, silence }: Timeouts,
  proxies: Proxies,
): S3.S3ClientConfig {
  return {
    endpoint,
    region,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    forcePathStyle: true,
    maxAttempts: 1,
    retryMode: "standard",
    defaultsMode: "standard",
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    useArnRegion: false,
    disableMultiregionAccessPoints: true,
    disableS3ExpressSessionAuth: true,
    // Older servers do not know the newer checksums.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    // The SDK would make a new connection for each part to wait for the service's consent.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: connectTimeout,
      socketTimeout: silence,
      ...agents(endpoint, proxies),
    },
  };
}

/** Keeps connections open, and goes through the user's proxy in a tunnel. This machine itself is never reached through a proxy. */
function agents(
  endpoint: string,
  { getProxyForUrl, HttpsProxyAgent }: Proxies,
): { httpAgent: http.Agent; httpsAgent: http.Agent } {
  const options = { keepAlive: true, maxSockets: 50 };
  const proxy = isLoopback(new URL(endpoint).hostname) ? "" : getProxyForUrl(endpoint);
  return {
    httpAgent: new http.Agent(options),
    httpsAgent: proxy === "" ? new https.Agent(options) : new HttpsProxyAgent(proxy, options),
  };
}
