import { Resolver, type SettingSources, type Source } from "./resolver";
import { checkPlace, isLoopback, type Environment, type Place } from "./regions";
import type { KeyPair } from "./sign";

/** The versions of the Virtual Server API, the newest first. 1.0 and 1.1 are deprecated and do not show `scp_gpu_driver`. */
export const apiVersions = ["1.3", "1.2", "1.1", "1.0"] as const;

export type ApiVersion = (typeof apiVersions)[number];

/** The newest that is proven. */
const defaultVersion: ApiVersion = "1.3";

/** One setting: where it is looked for, and how its text is read. */
interface Setting<T> extends Source {
  /** Whether nothing works without it. */
  required?: true;
  /** What it is where no place has it, in words. */
  fallback?: string;
  /** The value of a text, or of no text at all. */
  read: (text: string | undefined) => T;
  /** What is wrong with a value, as a sentence without its end; undefined when nothing is. */
  check?: (value: T, text: string) => string | undefined;
}

const given = (text: string | undefined) => text ?? "";
const ifGiven = (text: string | undefined) => text;
const environmentOfAuthUrl = (text: string) => /^https:\/\/iam\.([a-z])\./.exec(text)?.[1];

function setting<T>(one: Setting<T>): Setting<T> {
  return one;
}

/** Each setting and every place it is looked for, besides Pulumi config `scp:<name>`. The documentation's table is made from this. */
export const settingSources = {
  accessKey: setting({
    env: ["SCP_ACCESS_KEY", "SCP_TF_ACCESS_KEY"],
    file: { name: "credentials.json", key: "access-key" },
    meaning: "the access key of the key pair (a secret)",
    required: true,
    read: given,
    check: checkKey,
  }),
  secretKey: setting({
    env: ["SCP_SECRET_KEY", "SCP_TF_SECRET_KEY"],
    file: { name: "credentials.json", key: "secret-key" },
    meaning: "the secret key of the key pair (a secret)",
    required: true,
    read: given,
    check: checkKey,
  }),
  region: setting({
    env: ["SCP_REGION", "SCP_TF_DEFAULT_REGION"],
    file: { name: "config.json", key: "default-region" },
    meaning: "the region, such as `kr-west1`",
    required: true,
    read: given,
  }),
  environment: setting({
    env: ["SCP_ENVIRONMENT", "SCP_TF_AUTH_URL"],
    file: { name: "config.json", key: "auth-url" },
    from: { SCP_TF_AUTH_URL: environmentOfAuthUrl, "auth-url": environmentOfAuthUrl },
    meaning: "`s` (for Samsung), `g` (sovereign) or `e` (enterprise)",
    required: true,
    read: (text) => given(text) as Environment,
  }),
  endpoint: setting({
    env: ["SCP_ENDPOINT"],
    meaning: "one base URL for every SCP service: the emulator, a proxy",
    fallback: "the documented host of each service",
    read: ifGiven,
    check: checkEndpoint,
  }),
  objectStorageEndpoint: setting({
    env: ["SCP_OBJECT_STORAGE_ENDPOINT"],
    meaning: "the S3-compatible endpoint",
    fallback: "the documented host",
    read: ifGiven,
    check: checkEndpoint,
  }),
  apiVersion: setting({
    env: ["SCP_API_VERSION"],
    meaning: `the API's version: ${apiVersions.map((version) => `\`${version}\``).join(", ")}`,
    fallback: `\`${defaultVersion}\``,
    read: (text = defaultVersion) => text as ApiVersion,
    check: (version) =>
      unless(
        apiVersions.includes(version),
        `API version "${version}" does not exist; SCP has ${apiVersions.join(", ")}`,
      ),
  }),
  maxRequests: setting({
    env: ["SCP_MAX_REQUESTS"],
    meaning: "how many requests may be under way at once",
    fallback: "`16`",
    read: (text = "16") => Number(text),
    check: (number) =>
      unless(
        Number.isInteger(number) && number >= 1,
        "the number of requests under way must be a whole number, 1 or more",
      ),
  }),
  accountId: setting({
    env: ["SCP_ACCOUNT_ID"],
    meaning: "the account that the keys must be of; checked once in a run, before anything is done",
    fallback: "any account",
    read: ifGiven,
  }),
  creationTag: setting({
    env: ["SCP_CREATION_TAG"],
    meaning:
      "`true`, or `false`: create images without the tag that tells what a killed run left (see When things fail)",
    fallback: "`true`",
    read: (text = "true") => text === "true",
    check: (_, text) =>
      unless(text === "true" || text === "false", `creationTag must be true or false, not "${text}"`),
  }),
};

export type SettingName = keyof typeof settingSources;

type SettingValues = {
  [K in SettingName]: (typeof settingSources)[K] extends Setting<infer T> ? T : never;
};

/** Everything the client needs to know. */
export interface Settings extends SettingValues, KeyPair, Place {
  /** Where each of the settings was found, for messages. */
  sources: Partial<Record<SettingName, string>>;
  /** What the user should know although it stops nothing. */
  warnings: string[];
}

/** What is wrong with the settings: one sentence each. Nothing was asked of the cloud yet. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  constructor(readonly problems: readonly string[]) {
    super(problems.join("\n"));
  }
}

/**
 * Finds the settings, the most explicit place first: what is stated on the spot, Pulumi config, environment, the vendor's files.
 * @throws SettingsError that names every place which was looked at, for each setting that is missing or not usable.
 */
export function findSettings(sources: SettingSources = {}): Settings {
  const resolver = resolverOf(sources);
  const problems: string[] = [];
  const values = Object.entries(settingSources).map(([key, one]) => {
    const name = key as SettingName;
    const { required, read, check } = one as Setting<unknown>;
    const text = resolver.find(name, one);
    const value = read(text);
    if (text !== undefined) {
      problems.push(...resolver.attribute(check?.(value, text), name));
    } else if (required) {
      problems.push(resolver.missing(name, one));
    }
    return [name, value];
  });
  const settings = Object.fromEntries(values) as SettingValues;
  const { environment, region } = settings;
  if (given(environment) !== "" && region !== "") {
    problems.push(...resolver.attribute(checkPlace(environment, region), "region", "environment"));
  }
  if (problems.length > 0) {
    throw new SettingsError(problems);
  }
  return { ...settings, sources: resolver.sources, warnings: resolver.warnings };
}

/** Whether any place names a key pair: what decides between the real cloud and an emulator. Reads no value out. */
export function hasCredentials(sources: SettingSources = {}): boolean {
  const resolver = resolverOf(sources);
  const { accessKey, secretKey } = settingSources;
  return (
    resolver.find("accessKey", accessKey) !== undefined || resolver.find("secretKey", secretKey) !== undefined
  );
}

function resolverOf(sources: SettingSources): Resolver {
  return new Resolver(sources, (problem) => new SettingsError([problem]));
}

function unless(right: boolean, complaint: string): string | undefined {
  return right ? undefined : complaint;
}

function checkEndpoint(endpoint: string | undefined): string | undefined {
  if (endpoint === undefined) {
    return undefined;
  }
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    return "the endpoint is not a URL; write it like https://host or https://host/path";
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    return "the endpoint must be a plain base URL, without credentials, query or fragment";
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    return `the endpoint ${endpoint} is plain http, which would carry signed requests in the open; use https (http is for this machine's own addresses)`;
  }
  return undefined;
}

/** A key goes into a header: anything that cannot stand there, such as a line break from a file, makes every request fail strangely. */
function checkKey(key: string): string | undefined {
  return /^[\u0021-\u007e]*$/.test(key)
    ? undefined
    : "the key has white space or characters outside ASCII; was more than the key pasted?";
}
