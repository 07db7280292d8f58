import { sanitize } from "./errors";
import { isRecord, parseObject } from "./json";

/** What the name of a profile is made of: it also stands in the names of environment variables. */
export const profilePattern = /^[a-z][a-z0-9-]{0,31}$/;

/** What is wrong with the name of a profile, as the rest of a sentence. */
export function complaintAboutProfile(name: string): string | undefined {
  if (!profilePattern.test(name)) {
    return 'must be the name of a profile: up to 32 characters out of a-z, 0-9 and "-", a letter first';
  }
  // SCP_PROFILE_X_OBJECT_STORAGE_ENDPOINT would be the Object Storage of profile x, and the endpoint of this one.
  return name.endsWith("-object-storage")
    ? 'must not end in "-object-storage": its variables would be those of the profile without that ending'
    : undefined;
}

/** The settings of one account, where a program works with several: what Pulumi config says of it, and where the environment does. */
export class Profile {
  private constructor(
    readonly name: string,
    /** What Pulumi config says. */
    readonly stated: Readonly<Record<string, string>>,
  ) {}

  /**
   * @param profiles what Pulumi config `scp:profiles` holds: an object, by profile
   * @throws the error that a problem is made into
   */
  static read(name: string, profiles: string | undefined, error: (problem: string) => Error): Profile {
    const complaint = complaintAboutProfile(name);
    if (complaint !== undefined) {
      throw error(`profile "${sanitize(name, [])}" ${complaint}.`);
    }
    const all = objectIn(profiles);
    const stated = all !== undefined && Object.hasOwn(all, name) ? all[name] : {};
    if (all === undefined || !isRecord(stated) || !Object.values(stated).every(isText)) {
      throw error(
        "Pulumi config scp:profiles must hold an object for each profile, with a text for each setting: set each by " +
          `pulumi config set --path --secret 'scp:profiles.${name}.accessKey'.`,
      );
    }
    const texts = Object.entries(stated).map(([setting, value]) => [setting, String(value)] as const);
    return new Profile(name, Object.fromEntries(texts));
  }

  /** Where Pulumi config says a setting, in words. */
  placeOf(setting: string): string {
    return `Pulumi config scp:profiles, ${this.name}.${setting}`;
  }

  /** The environment variable that says what another says of the stack: `SCP_ACCESS_KEY` is `SCP_PROFILE_AUDIT_ACCESS_KEY`. */
  variableOf(ofStack: string): string {
    return ofStack.replace(/^SCP_/, `SCP_PROFILE_${this.name.toUpperCase().replaceAll("-", "_")}_`);
  }
}

/** What Pulumi config `scp:profiles` holds; undefined where it is no object. */
function objectIn(text: string | undefined): Record<string, unknown> | undefined {
  return text === undefined || text === "" ? {} : parseObject(text);
}

/** With --path, Pulumi takes what looks like a number or a truth value for one. A long number has lost its last digits by now. */
function isText(value: unknown): boolean {
  return typeof value === "string" || typeof value === "boolean" || Number.isSafeInteger(value);
}

/** What Pulumi config and the environment state as keys of any profile, also of one that cannot be used: none of it is to be shown. */
export function keysOfProfiles(config: string | undefined, env: NodeJS.ProcessEnv): string[] {
  const stated = Object.values(objectIn(config) ?? {}).flatMap((one) =>
    isRecord(one) ? Object.entries(one) : [],
  );
  const all = [
    ...stated.filter(([setting]) => /key$/i.test(setting)), // Such as `secretkey`.
    ...Object.entries(env).filter(([variable]) => /^SCP_PROFILE_.*_(ACCESS|SECRET)_KEY$/.test(variable)),
  ];
  return all.flatMap(([, value]) => (isText(value) && value !== "" ? [String(value)] : []));
}

/** The profiles that Pulumi config names, or the variable of an access key. */
export function profilesIn(config: string | undefined, env: NodeJS.ProcessEnv): string[] {
  const stated = Object.keys(objectIn(config) ?? {});
  const inEnv = Object.keys(env).flatMap((variable) => {
    const [, name] = /^SCP_PROFILE_([A-Z0-9_]+)_ACCESS_KEY$/.exec(variable) ?? [];
    return name === undefined ? [] : [name.toLowerCase().replaceAll("_", "-")];
  });
  const names = [...stated, ...inEnv].filter((name) => complaintAboutProfile(name) === undefined);
  return [...new Set(names)].sort();
}
