import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { sanitize } from "./errors";
import { parseObject } from "./json";
import { Profile } from "./profile";

/** Where one setting is looked for: its environment variables in order, and its place in the vendor's files. */
export interface Source {
  env: [string, ...string[]];
  file?: { name: "credentials.json" | "config.json"; key: string };
  /** Whether it belongs to one account: a profile has its own, and never the stack's. */
  ofAccount?: true;
  /** Whether it is the process's, whatever the account: no profile has one. */
  ofProcess?: true;
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
    this.profile =
      given.profile === undefined
        ? undefined
        : Profile.read(given.profile, given.config?.("scp:profiles"), error);
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

  /** What is wrong with the names of the settings that a profile states in Pulumi config. */
  strangersInProfile(known: readonly string[]): string[] {
    const { name = "", stated = {} } = this.profile ?? {};
    return Object.keys(stated)
      .filter((setting) => !known.includes(setting))
      .map(
        (setting) =>
          `Pulumi config scp:profiles: profile "${name}" has a setting "${sanitize(setting, [])}"; there are ${known.join(", ")}.`,
      );
  }

  private *places(name: string, source: Source): Generator<[string, string | undefined]> {
    const { overrides = {}, env = process.env } = this.given;
    yield [`the argument ${name}`, overrides[name]];
    if (this.profile !== undefined && source.ofProcess !== true) {
      yield [this.profile.placeOf(name), this.profile.stated[name]];
      const variable = this.profile.variableOf(source.env[0]);
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
    const { env, file, meaning, ofAccount, ofProcess } = source;
    const { profile } = this;
    const ofStack = [
      `Pulumi config scp:${name}`,
      `${env.length > 1 ? "environment variables" : "environment variable"} ${env.join(", ")}`,
      ...(file === undefined ? [] : [`"${file.key}" in ${join(this.directory, file.name)}`]),
    ];
    const places = [
      ...(Object.hasOwn(this.given.overrides ?? {}, name) ? [`the argument ${name}`] : []),
      ...(profile === undefined || ofProcess === true
        ? []
        : [profile.placeOf(name), `environment variable ${profile.variableOf(env[0])}`]),
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
