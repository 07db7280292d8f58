import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where one setting is looked for: its environment variables in order, and its place in the vendor's files. */
export interface Source {
  env: [string, ...string[]];
  file?: { name: "credentials.json" | "config.json"; key: string };
  /** Whether it belongs to one account: a profile has its own, and never the stack's. */
  ofAccount?: true;
  /** Reads the setting out of a found text, as the environment's letter out of an auth URL. */
  from?: Record<string, (text: string) => string | undefined>;
  meaning: string;
}

/** Where settings are looked for. What is not given is the process's own. */
export interface SettingSources {
  /** What a resource or a call states itself: the most explicit of all. */
  overrides?: Record<string, string | undefined>;
  /** Whose settings: a name in Pulumi config `scp:profiles`, and in environment variables. By default nobody's, which are the stack's. */
  profile?: string;
  /** Looks up Pulumi config, such as `scp:region`. */
  config?: (key: string) => string | undefined;
  env?: NodeJS.ProcessEnv;
  home?: string;
}

/** One search through all places; remembers where each setting was found, and reads each file once. */
export class Resolver {
  readonly sources: Record<string, string> = {};
  readonly warnings: string[] = [];
  /** Places that hold a text out of which the setting cannot be read. */
  private readonly unread: string[] = [];
  private readonly directory: string;
  private readonly files = new Map<string, Record<string, unknown>>();
  private readonly profile?: Profile;

  constructor(
    private readonly given: SettingSources,
    private readonly error: (problem: string) => Error,
  ) {
    this.directory = join(given.home ?? homedir(), ".scpconf");
    this.profile = given.profile === undefined ? undefined : this.readProfile(given.profile);
  }

  find(name: string, where: Source): string | undefined {
    for (const [source, text] of this.places(name, where)) {
      if (text !== undefined && text !== "") {
        this.sources[name] = source;
        return text;
      }
    }
    return undefined;
  }

  /** The settings that a profile states in Pulumi config. */
  namesInProfile(): string[] {
    return Object.keys(this.profile?.stated ?? {});
  }

  private *places(name: string, source: Source): Generator<[string, string | undefined]> {
    const { overrides = {}, env = process.env } = this.given;
    yield [`the argument ${name}`, overrides[name]];
    if (this.profile !== undefined) {
      yield [this.profile.place(name), this.profile.stated[name]];
      const variable = this.profile.variable(source);
      yield [`environment variable ${variable}`, env[variable]];
    }
    if (this.profile === undefined || source.ofAccount !== true) {
      yield* this.placesOfStack(name, source);
    }
  }

  private *placesOfStack(
    name: string,
    { env: variables, file, from = {} }: Source,
  ): Generator<[string, string | undefined]> {
    const { config = () => undefined, env = process.env } = this.given;
    const read = (key: string, text: string | undefined, place: string) => {
      const reader = Object.hasOwn(from, key) ? from[key] : undefined;
      const result = text && reader ? reader(text) : text;
      if (text && result === undefined) {
        this.unread.push(place);
      }
      return result;
    };
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

  /** What Pulumi config states of a profile; any of it may stand in the environment instead. */
  private readProfile(name: string): Profile {
    const { config = () => undefined } = this.given;
    const profile: Profile = {
      name,
      stated: {},
      place: (setting) => `Pulumi config scp:profiles, ${name}.${setting}`,
      variable: ({ env }) => variableOf(name, env[0]),
    };
    const text = config("scp:profiles");
    if (text === undefined || text === "") {
      return profile;
    }
    const profiles = parseObject(text);
    const stated = profiles !== undefined && Object.hasOwn(profiles, name) ? profiles[name] : {};
    if (profiles === undefined || !isRecord(stated) || Object.values(stated).some(isNested)) {
      throw this.error(
        "Pulumi config scp:profiles must hold an object of settings for each profile: set each by " +
          `pulumi config set --path --secret 'scp:profiles.${name}.accessKey'.`,
      );
    }
    // With --path, Pulumi takes what looks like a number or a truth value for one.
    const texts = Object.entries(stated).map(([setting, value]) => [setting, value as string]);
    return { ...profile, stated: Object.fromEntries(texts) as Record<string, string> };
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
    const content = parseObject(text);
    if (content === undefined) {
      throw this.error(`${path} is not a JSON object, so no setting can be read from it.`);
    }
    return content;
  }

  /** What to say about a setting that no place has. */
  missing(name: string, source: Source): string {
    const { env, file, meaning, ofAccount } = source;
    const { profile } = this;
    const ofStack = [
      `Pulumi config scp:${name}`,
      `${env.length > 1 ? "environment variables" : "environment variable"} ${env.join(", ")}`,
      ...(file === undefined ? [] : [`"${file.key}" in ${join(this.directory, file.name)}`]),
    ];
    const places = [
      ...(Object.hasOwn(this.given.overrides ?? {}, name) ? [`the argument ${name}`] : []),
      ...(profile === undefined
        ? []
        : [profile.place(name), `environment variable ${profile.variable(source)}`]),
      ...(profile === undefined || ofAccount !== true ? ofStack : []),
    ];
    const whose = profile === undefined ? "" : ` of profile "${profile.name}"`;
    const unread = this.unread.map(
      (place) => ` In ${place} there is an auth URL, but not one like https://iam.e.samsungsdscloud.com/v1.`,
    );
    return `SCP setting ${name}${whose} is missing: ${meaning}. Looked at ${places.join("; ")}.${unread.join("")}`;
  }

  /** Turns a complaint about a setting into a sentence that says where the setting came from. */
  attribute(complaint: string | undefined, ...names: string[]): string[] {
    if (complaint === undefined) {
      return [];
    }
    const where = names.map((name) => `${name} from ${this.sources[name] ?? "its default"}`).join(", ");
    return [`${complaint} (${where}).`];
  }
}

/** The settings of one account, where a program works with several. */
interface Profile {
  name: string;
  /** What Pulumi config says of it. */
  stated: Record<string, string>;
  /** Where Pulumi config says it, in words. */
  place: (setting: string) => string;
  /** Which environment variable says it. */
  variable: (source: Source) => string;
}

/** `SCP_ACCESS_KEY` of the profile `audit` is `SCP_PROFILE_AUDIT_ACCESS_KEY`. */
function variableOf(profile: string, variable: string): string {
  const name = profile.toUpperCase().replaceAll("-", "_");
  return variable.replace(/^SCP_/, `SCP_PROFILE_${name}_`);
}

/** A JSON object; undefined where the text is none. The parser's own message would quote the text, which may hold keys. */
function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNested(value: unknown): boolean {
  return typeof value === "object";
}
