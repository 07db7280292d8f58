import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { checkPlace, isLoopback, type Environment, type Place } from "./regions";
import type { KeyPair } from "./sign";

export const apiVersions = ["1.3", "1.2", "1.1", "1.0"] as const;

/** A version of the Virtual Server API. 1.3 is current; 1.0 and 1.1 are deprecated and do not show `scp_gpu_driver`. */
export type ApiVersion = (typeof apiVersions)[number];

/** Everything the client needs to know. */
export interface Settings extends KeyPair, Place {
  /** One base URL for every SCP service, in place of the documented host names. */
  endpoint?: string;
  /** The S3-compatible endpoint, in place of the documented host name. */
  objectStorageEndpoint?: string;
  apiVersion: ApiVersion;
  /** How many requests may be under way at once. */
  maxRequests: number;
  /** The account that the keys must be of. */
  accountId?: string;
  /** Whether an image is created with a tag that says for which resource. */
  creationTag: boolean;
  /** Where each of the settings was found, for messages. */
  sources: Partial<Record<SettingName, string>>;
  /** What the user should know although it stops nothing. */
  warnings: string[];
}

export type SettingName =
  | "accessKey"
  | "secretKey"
  | "region"
  | "environment"
  | "endpoint"
  | "objectStorageEndpoint"
  | "apiVersion"
  | "maxRequests"
  | "accountId"
  | "creationTag";

/** Where settings are looked for. What is not given is the process's own. */
export interface SettingSources {
  /** What a resource or a call states itself: the most explicit of all. */
  overrides?: Partial<Record<SettingName, string | undefined>>;
  /** Looks up Pulumi config, such as `scp:region`. */
  config?: (key: string) => string | undefined;
  env?: NodeJS.ProcessEnv;
  home?: string;
}

/** One setting: its environment variables in order, and its place in the vendor's files. */
interface Source {
  env: [string, ...string[]];
  file?: { name: "credentials.json" | "config.json"; key: string };
  /** Reads the setting out of a found text, as the environment's letter out of an auth URL. */
  from?: Record<string, (text: string) => string | undefined>;
  meaning: string;
  fallback?: string;
}

const environmentOfAuthUrl = (text: string) => /^https:\/\/iam\.([a-z])\./.exec(text)?.[1];

/** Each setting and every place it is looked for, besides Pulumi config `scp:<name>`. The README's table is made from this. */
export const settingSources: Record<SettingName, Source> = {
  accessKey: {
    env: ["SCP_ACCESS_KEY", "SCP_TF_ACCESS_KEY"],
    file: { name: "credentials.json", key: "access-key" },
    meaning: "the access key of the key pair (a secret)",
  },
  secretKey: {
    env: ["SCP_SECRET_KEY", "SCP_TF_SECRET_KEY"],
    file: { name: "credentials.json", key: "secret-key" },
    meaning: "the secret key of the key pair (a secret)",
  },
  region: {
    env: ["SCP_REGION", "SCP_TF_DEFAULT_REGION"],
    file: { name: "config.json", key: "default-region" },
    meaning: "the region, such as `kr-west1`",
  },
  environment: {
    env: ["SCP_ENVIRONMENT", "SCP_TF_AUTH_URL"],
    file: { name: "config.json", key: "auth-url" },
    from: { SCP_TF_AUTH_URL: environmentOfAuthUrl, "auth-url": environmentOfAuthUrl },
    meaning: "`s` (for Samsung), `g` (sovereign) or `e` (enterprise)",
  },
  endpoint: {
    env: ["SCP_ENDPOINT"],
    meaning: "one base URL for every SCP service: the emulator, a proxy",
    fallback: "the documented host of each service",
  },
  objectStorageEndpoint: {
    env: ["SCP_OBJECT_STORAGE_ENDPOINT"],
    meaning: "the S3-compatible endpoint",
    fallback: "the documented host",
  },
  apiVersion: {
    env: ["SCP_API_VERSION"],
    meaning: "the API's version: `1.3`, `1.2`, `1.1` or `1.0`",
    fallback: "`1.3`",
  },
  maxRequests: {
    env: ["SCP_MAX_REQUESTS"],
    meaning: "how many requests may be under way at once",
    fallback: "`16`",
  },
  accountId: {
    env: ["SCP_ACCOUNT_ID"],
    meaning: "the account that the keys must be of; checked once in a run, before anything is done",
    fallback: "any account",
  },
  creationTag: {
    env: ["SCP_CREATION_TAG"],
    meaning:
      "`true`, or `false`: create images without the tag that tells what a killed run left (see When things fail)",
    fallback: "`true`",
  },
};

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
export function findSettings(given: SettingSources = {}): Settings {
  const resolver = new Resolver(given);
  const problems: string[] = [];
  const required = (name: SettingName): string => {
    const found = resolver.find(name);
    if (found === undefined) {
      problems.push(resolver.missing(name));
    }
    return found ?? "";
  };

  const accessKey = required("accessKey");
  const secretKey = required("secretKey");
  const region = required("region");
  const environment = required("environment");
  const endpoint = resolver.find("endpoint");
  const objectStorageEndpoint = resolver.find("objectStorageEndpoint");
  const apiVersion = resolver.find("apiVersion") ?? "1.3";
  const maxRequests = Number(resolver.find("maxRequests") ?? "16");
  const accountId = resolver.find("accountId");
  const creationTag = resolver.find("creationTag") ?? "true";

  if (region !== "" && environment !== "") {
    problems.push(...resolver.attribute(checkPlace(environment, region), "region", "environment"));
  }
  problems.push(
    ...resolver.attribute(checkEndpoint(endpoint), "endpoint"),
    ...resolver.attribute(checkEndpoint(objectStorageEndpoint), "objectStorageEndpoint"),
    ...resolver.attribute(checkKey(accessKey), "accessKey"),
    ...resolver.attribute(checkKey(secretKey), "secretKey"),
  );
  if (!isApiVersion(apiVersion)) {
    problems.push(
      ...resolver.attribute(
        `API version "${apiVersion}" does not exist; SCP has ${apiVersions.join(", ")}`,
        "apiVersion",
      ),
    );
  }
  if (!Number.isInteger(maxRequests) || maxRequests < 1) {
    problems.push(
      ...resolver.attribute(
        "the number of requests under way must be a whole number, 1 or more",
        "maxRequests",
      ),
    );
  }
  if (creationTag !== "true" && creationTag !== "false") {
    problems.push(
      ...resolver.attribute(`creationTag must be true or false, not "${creationTag}"`, "creationTag"),
    );
  }
  if (problems.length > 0) {
    throw new SettingsError(problems);
  }
  return {
    accessKey,
    secretKey,
    region,
    environment: environment as Environment,
    endpoint,
    objectStorageEndpoint,
    apiVersion: apiVersion as ApiVersion,
    maxRequests,
    accountId,
    creationTag: creationTag === "true",
    sources: resolver.sources,
    warnings: resolver.warnings,
  };
}

/** Whether any place names a key pair: what decides between the real cloud and an emulator. Reads no value out. */
export function hasCredentials(given: SettingSources = {}): boolean {
  const resolver = new Resolver(given);
  return resolver.find("accessKey") !== undefined || resolver.find("secretKey") !== undefined;
}

/** One search through all places; remembers where each setting was found, and reads each file once. */
class Resolver {
  readonly sources: Partial<Record<SettingName, string>> = {};
  readonly warnings: string[] = [];
  /** Places that hold a text out of which the setting cannot be read. */
  private readonly unread: string[] = [];
  private readonly directory: string;
  private readonly files = new Map<string, Record<string, unknown>>();

  constructor(private readonly given: SettingSources) {
    this.directory = join(given.home ?? homedir(), ".scpconf");
  }

  find(name: SettingName): string | undefined {
    for (const [source, text] of this.places(name)) {
      if (text !== undefined && text !== "") {
        this.sources[name] = source;
        return text;
      }
    }
    return undefined;
  }

  private *places(name: SettingName): Generator<[string, string | undefined]> {
    const { overrides = {}, config = () => undefined, env = process.env } = this.given;
    const { env: variables, file, from = {} } = settingSources[name];
    const read = (key: string, text: string | undefined, place: string) => {
      const reader = Object.hasOwn(from, key) ? from[key] : undefined;
      const result = text && reader ? reader(text) : text;
      if (text && result === undefined) {
        this.unread.push(place);
      }
      return result;
    };
    yield [`the argument ${name}`, overrides[name]];
    yield [`Pulumi config scp:${name}`, config(`scp:${name}`)];
    for (const variable of variables) {
      const place = `environment variable ${variable}`;
      yield [place, read(variable, env[variable], place)];
    }
    if (file !== undefined) {
      const place = join(this.directory, file.name);
      const text = this.file(file.name)[file.key];
      yield [place, typeof text === "string" ? read(file.key, text, place) : undefined];
    }
  }

  private file(name: string): Record<string, unknown> {
    const known = this.files.get(name);
    if (known !== undefined) {
      return known;
    }
    const path = join(this.directory, name);
    const content = this.readJson(path);
    this.files.set(name, content);
    if (
      name === "credentials.json" &&
      Object.keys(content).length > 0 &&
      (statSync(path).mode & 0o077) !== 0
    ) {
      this.warnings.push(`${path} can be read by other users of this machine; chmod 600 it.`);
    }
    return content;
  }

  private readJson(path: string): Record<string, unknown> {
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch {
      return {}; // Not there, or not ours to read: the message about what is missing names it.
    }
    try {
      const parsed: unknown = JSON.parse(text);
      if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) {
        return parsed as Record<string, unknown>;
      }
    } catch {
      // The parser's own message quotes the text, and the text holds keys.
    }
    throw new SettingsError([`${path} is not a JSON object, so no setting can be read from it.`]);
  }

  /** What to say about a setting that no place has. */
  missing(name: SettingName): string {
    const { env, file, meaning } = settingSources[name];
    const places = [
      ...(Object.hasOwn(this.given.overrides ?? {}, name) ? [`the argument ${name}`] : []),
      `Pulumi config scp:${name}`,
      `${env.length > 1 ? "environment variables" : "environment variable"} ${env.join(", ")}`,
      ...(file === undefined ? [] : [`"${file.key}" in ${join(this.directory, file.name)}`]),
    ];
    const unread = this.unread.map(
      (place) => ` In ${place} there is an auth URL, but not one like https://iam.e.samsungsdscloud.com/v1.`,
    );
    return `SCP setting ${name} is missing: ${meaning}. Looked at ${places.join("; ")}.${unread.join("")}`;
  }

  /** Turns a complaint about a setting into a sentence that says where the setting came from. */
  attribute(complaint: string | undefined, ...names: SettingName[]): string[] {
    if (complaint === undefined) {
      return [];
    }
    const where = names.map((name) => `${name} from ${this.sources[name] ?? "its default"}`).join(", ");
    return [`${complaint} (${where}).`];
  }
}

function isApiVersion(text: string): text is ApiVersion {
  return apiVersions.some((version) => version === text);
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
