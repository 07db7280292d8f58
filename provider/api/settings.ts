import { keysOfProfiles, profilesIn } from "./profile";
import { Resolver, type SettingSources, type Source } from "./resolver";
import {
  checkPlace,
  isEnvironment,
  isLoopback,
  noEnvironment,
  type Environment,
  type Place,
} from "./regions";
import {
  anyText,
  Complaint,
  flag,
  needed,
  ofAccount,
  ofProcess,
  oneOf,
  possible,
  whole,
  type Setting,
} from "./setting";
import type { KeyPair } from "./sign";

/** The versions of the Virtual Server API, the newest first. 1.0 and 1.1 are deprecated and do not show `scp_gpu_driver`. */
export const apiVersions = ["1.3", "1.2", "1.1", "1.0"] as const;

export type ApiVersion = (typeof apiVersions)[number];

/** The newest that is proven. */
const defaultVersion: ApiVersion = "1.3";

const environmentOfAuthUrl = (text: string) => /^https:\/\/iam\.([a-z])\./.exec(text)?.[1];

/** Each setting and every place it is looked for, besides Pulumi config `scp:<name>`. The documentation's table is made from this. */
export const settingSources = {
  accessKey: ofAccount(
    needed(
      "the access key of the key pair (a secret)",
      {
        env: ["SCP_ACCESS_KEY", "SCP_TF_ACCESS_KEY"],
        file: { name: "credentials.json", key: "access-key" },
      },
      readKey,
    ),
  ),
  secretKey: ofAccount(
    needed(
      "the secret key of the key pair (a secret)",
      {
        env: ["SCP_SECRET_KEY", "SCP_TF_SECRET_KEY"],
        file: { name: "credentials.json", key: "secret-key" },
      },
      readKey,
    ),
  ),
  region: needed(
    "the region, such as `kr-west1`",
    {
      env: ["SCP_REGION", "SCP_TF_DEFAULT_REGION"],
      file: { name: "config.json", key: "default-region" },
    },
    anyText,
  ),
  environment: needed<Environment>(
    "`s` (for Samsung), `g` (sovereign) or `e` (enterprise)",
    {
      env: ["SCP_ENVIRONMENT", "SCP_TF_AUTH_URL"],
      file: { name: "config.json", key: "auth-url" },
      from: { SCP_TF_AUTH_URL: environmentOfAuthUrl, "auth-url": environmentOfAuthUrl },
    },
    (text) => (isEnvironment(text) ? text : new Complaint(noEnvironment(text))),
  ),
  endpoint: possible(
    "SCP_ENDPOINT",
    "one base URL for every SCP service: the emulator, a proxy",
    "the documented host of each service",
    readEndpoint,
  ),
  objectStorageEndpoint: possible(
    "SCP_OBJECT_STORAGE_ENDPOINT",
    "the S3-compatible endpoint",
    "the documented host",
    readEndpoint,
  ),
  apiVersion: oneOf(
    "SCP_API_VERSION",
    `the API's version: ${apiVersions.map((version) => `\`${version}\``).join(", ")}`,
    { standard: defaultVersion, words: apiVersions, what: "API version" },
  ),
  maxRequests: ofProcess(
    whole("SCP_MAX_REQUESTS", "how many requests may be under way at once", {
      standard: 16,
      minimum: 1,
      what: "the number of requests under way",
    }),
  ),
  accountId: ofAccount(
    possible(
      "SCP_ACCOUNT_ID",
      "the account that the keys must be of; checked once in a run, before anything is done",
      "any account",
    ),
  ),
  creationTag: flag(
    "SCP_CREATION_TAG",
    "`true`, or `false`: create images without the tag that tells what a killed run left (see When things fail)",
    { standard: true, what: "creationTag" },
  ),
};

export type SettingName = keyof typeof settingSources;

type SettingValues = {
  [K in SettingName]: (typeof settingSources)[K] extends Setting<infer T> ? T : never;
};

/** Everything the client needs to know. */
export interface Settings extends SettingValues, KeyPair, Place {
  /** Whose keys these are; undefined where they are the stack's. */
  profile?: string;
  /** The keys of the other profiles, and of the stack: whatever an answer says, none of them is shown. */
  otherKeys?: readonly string[];
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
  const problems = resolver.strangersInProfile(namesForProfiles);
  const values = Object.entries(settingSources).map(([key, one]) => {
    const name = key as SettingName;
    const { required, standard, read }: Setting<unknown> = one;
    const text = resolver.find(name, one);
    if (text === undefined) {
      problems.push(...(required ? [resolver.missing(name, one)] : []));
      return [name, standard];
    }
    const value = read(text);
    if (value instanceof Complaint) {
      problems.push(...resolver.attribute(value.text, name));
      return [name, undefined];
    }
    return [name, value];
  });
  const settings = Object.fromEntries(values) as Partial<SettingValues>;
  const { environment, region } = settings;
  if (environment !== undefined && region !== undefined) {
    problems.push(...resolver.attribute(checkPlace(environment, region), "region", "environment"));
  }
  if (problems.length > 0) {
    throw new SettingsError(problems);
  }
  const { profile } = sources;
  const others = keysOfOthers(sources, [settings.accessKey, settings.secretKey]);
  return {
    ...(settings as SettingValues),
    profile,
    ...(others.length > 0 && { otherKeys: others }),
    sources: resolver.sources,
    warnings: resolver.warnings,
  };
}

/** A process that knows several accounts must not show the keys of one where the other's are used. */
function keysOfOthers(sources: SettingSources, own: readonly unknown[]): string[] {
  const { config, env = process.env } = sources;
  const { accessKey, secretKey } = settingSources;
  const ofStack = { ...sources, overrides: undefined, profile: undefined };
  const all = [
    keyIn(ofStack, "accessKey", accessKey),
    keyIn(ofStack, "secretKey", secretKey),
    ...keysOfProfiles(config?.("scp:profiles"), env),
  ];
  return [...new Set(all)].filter((key) => key !== undefined && !own.includes(key)) as string[];
}

function keyIn(sources: SettingSources, name: SettingName, source: Source): string | undefined {
  try {
    return resolverOf(sources).find(name, source);
  } catch (error) {
    if (error instanceof SettingsError) {
      return undefined; // What is wrong with it is said where it is used.
    }
    throw error;
  }
}

/** Whether any place names a key pair: what decides between the real cloud and an emulator. Reads no value out. */
export function hasCredentials(sources: SettingSources = {}): boolean {
  return hasKeys(sources) || profilesOf(sources).some((profile) => hasKeys({ ...sources, profile }));
}

/** The names of the profiles that are configured. */
export function profilesOf({ config, env = process.env }: SettingSources): string[] {
  return profilesIn(config?.("scp:profiles"), env);
}

/** The same of the stack's keys alone, or of those of a profile. */
export function hasKeys(sources: SettingSources): boolean {
  const resolver = resolverOf(sources);
  const { accessKey, secretKey } = settingSources;
  return (
    resolver.find("accessKey", accessKey) !== undefined || resolver.find("secretKey", secretKey) !== undefined
  );
}

/** What a profile can set. */
const namesForProfiles = Object.entries<Source>(settingSources).flatMap(([name, { ofProcess }]) =>
  ofProcess === true ? [] : [name],
);

function resolverOf(sources: SettingSources): Resolver {
  return new Resolver(sources, (problem) => new SettingsError([problem]));
}

function readEndpoint(endpoint: string): string | Complaint {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    return new Complaint("the endpoint is not a URL; write it like https://host or https://host/path");
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    return new Complaint("the endpoint must be a plain base URL, without credentials, query or fragment");
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    return new Complaint(
      `the endpoint ${endpoint} is plain http, which would carry signed requests in the open; use https (http is for this machine's own addresses)`,
    );
  }
  return endpoint;
}

/** A key goes into a header: anything that cannot stand there, such as a line break from a file, makes every request fail strangely. */
function readKey(key: string): string | Complaint {
  return /^[\u0021-\u007e]*$/.test(key)
    ? key
    : new Complaint("the key has white space or characters outside ASCII; was more than the key pasted?");
}
