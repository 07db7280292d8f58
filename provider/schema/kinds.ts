import { isDeepStrictEqual } from "node:util";
import { isSameAccount } from "../api/account-id";
import { imageIdPattern, isImageId } from "../api/images";
import { isSameObject } from "../api/object-url";
import { complaintAboutProfile, profilePattern } from "../api/profile";
import { memberIdPattern } from "../api/paths";
import { checkPlace, isLoopback, objectStoragePlace, type Place } from "../api/regions";
import { isUnknown } from "./unknown";

/** What a check knows beside the value. */
export interface CheckContext {
  /** Where the image is to be; undefined while that is not known. */
  place?: Place;
}

/** A JSON Schema, as far as this package writes one. */
export interface JsonSchema {
  type: "string" | "number" | "integer" | "boolean" | "object" | "array";
  enum?: readonly string[];
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  format?: string;
  /** What editors say of a value that is wrong: the end of a sentence, as of `Kind.check`. */
  errorMessage?: string;
}

/** What values a property takes. `T` is their type in TypeScript. */
export interface Kind<T> {
  readonly json: JsonSchema;
  /** What is wrong with a value, as the end of a sentence that begins with the property's name; undefined when nothing is. */
  readonly check: (value: unknown, context: CheckContext) => string | undefined;
  /** Whether two values mean the same: a service may write one otherwise than it was told. */
  readonly same: (one: unknown, other: unknown) => boolean;
  /** Never there: it carries the type. */
  readonly values?: T;
}

function kind<T>(json: JsonSchema, check: Kind<T>["check"], same: Kind<T>["same"] = isSame): Kind<T> {
  return { json, check, same };
}

export interface TextRules {
  pattern: RegExp;
  /** The end of a sentence: `must be …`. */
  complaint: string;
}

export function text(rules?: TextRules): Kind<string> {
  return kind({ type: "string", pattern: rules?.pattern.source, errorMessage: rules?.complaint }, (value) => {
    if (typeof value !== "string") {
      return "must be a text";
    }
    return rules && !rules.pattern.test(value) ? rules.complaint : undefined;
  });
}

/** Hexadecimal digits, so many as one of these lengths. Capitals mean the same. */
export function hex(digits: number | readonly number[], what: string): Kind<string> {
  const lengths = typeof digits === "number" ? [digits] : digits;
  const pattern = `^(${lengths.map((length) => `[0-9a-fA-F]{${length}}`).join("|")})$`;
  const complaint = `must be a ${what}: ${lengths.join(" or ")} hexadecimal digits`;
  return kind(
    { type: "string", pattern, errorMessage: complaint },
    (value) => unless(typeof value === "string" && new RegExp(pattern).test(value), complaint),
    (one, other) => isSame(lowerCase(one), lowerCase(other)),
  );
}

/** One of some words. A service may write them in capitals. */
export function oneOf<const W extends string>(...words: readonly W[]): Kind<W> {
  const [only] = words;
  const complaint =
    words.length === 1 ? `must be ${JSON.stringify(only)}` : `must be one of ${words.join(", ")}`;
  return kind(
    { type: "string", enum: words, errorMessage: complaint },
    (value) => unless((words as readonly unknown[]).includes(value), complaint),
    (one, other) => isSame(lowerCase(one), lowerCase(other)),
  );
}

/** A whole number. */
export function whole(minimum: number, maximum?: number): Kind<number> {
  const range = maximum === undefined ? `${minimum} or more` : `${minimum} to ${maximum}`;
  const complaint = `must be a whole number, ${range}`;
  return kind({ type: "integer", minimum, maximum, errorMessage: complaint }, (value) =>
    unless(
      Number.isSafeInteger(value) && Number(value) >= minimum && Number(value) <= (maximum ?? Infinity),
      complaint,
    ),
  );
}

export const flag: Kind<boolean> = kind({ type: "boolean", errorMessage: "must be true or false" }, (value) =>
  unless(typeof value === "boolean", "must be true or false"),
);

/** A regular expression of JavaScript's, without slashes and flags. */
export const regularExpression: Kind<string> = kind({ type: "string", format: "regex" }, (value) => {
  if (typeof value !== "string" || value === "") {
    return "must be a regular expression, as a text";
  }
  try {
    new RegExp(value);
    return undefined;
  } catch (error) {
    return `must be a regular expression: ${error instanceof Error ? error.message : show(value)}`;
  }
});

/** The name of a profile, which also stands in the names of environment variables. */
export const profileName: Kind<string> = kind({ type: "string", pattern: profilePattern.source }, (value) =>
  typeof value === "string" ? complaintAboutProfile(value) : "must be a text",
);

/** Capitals mean the same, here and in a server's id. */
export const imageId = idOf("an image");
export const serverId = idOf("a server");

function idOf(whose: string): Kind<string> {
  const errorMessage = `must be ${whose}'s id, a UUID`;
  return kind(
    { type: "string", pattern: imageIdPattern.source, errorMessage },
    (value) => unless(typeof value === "string" && isImageId(value), errorMessage),
    (one, other) => isSame(lowerCase(one), lowerCase(other)),
  );
}

/** The id of an account that an image is shared with. Capitals mean the same. */
export const memberId: Kind<string> = {
  ...text({
    pattern: memberIdPattern,
    complaint: `must be an account's id: 1 to 64 characters out of letters, digits and "-"`,
  }),
  same: (one, other) =>
    typeof one === "string" && typeof other === "string" ? isSameAccount(one, other) : isSame(one, other),
};

/** What the content of an image is called. */
export const versionLabel: Kind<string> = text({
  pattern: /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/,
  complaint: `must be 1 to 64 characters out of letters, digits and ". _ + -", a letter or a digit first`,
});

/** What a map's keys and values may be. */
export interface MapRules {
  /** An example of the whole. */
  example: string;
  /** Whether a key is not the program's to set. */
  isReserved?: (key: string) => boolean;
  /** What may stand in keys and values. */
  letters: RegExp;
  /** The same in words. */
  lettersInWords: string;
  longestKey: number;
  longestValue: number;
}

/** A map of texts by texts. An empty one says that there are none, which is more than to say nothing. */
export function map(rules: MapRules): Kind<Record<string, string>> {
  const { letters, lettersInWords, longestKey, longestValue } = rules;
  const badKey = (key: string) => key === "" || key.length > longestKey || !letters.test(key);
  const badValue = (value: unknown) =>
    typeof value !== "string" || value.length > longestValue || !letters.test(value);
  return kind(
    {
      type: "object",
      additionalProperties: {
        type: "string",
        maxLength: longestValue,
        errorMessage: `must be a text of up to ${longestValue} ${lettersInWords}`,
      },
    },
    (value) => {
      if (typeof value !== "object" || value === null || Array.isArray(value)) {
        return `must be a map of texts, like ${rules.example}`;
      }
      for (const [key, item] of Object.entries(value)) {
        if (rules.isReserved?.(key) === true) {
          return `has the key "${key}", which this package uses itself; choose another`;
        }
        if (badKey(key)) {
          return `has the key ${show(key)}; a key is 1 to ${longestKey} ${lettersInWords}`;
        }
        if (!isUnknown(item) && badValue(item)) {
          return `has the value ${show(item)} at ${show(key)}; a value is a text of up to ${longestValue} ${lettersInWords}`;
        }
      }
      return undefined;
    },
    (one, other) => isDeepStrictEqual(one ?? undefined, other ?? undefined),
  );
}

/** An object of which every member may be left out. */
export function object<M extends Record<string, Kind<unknown>>>(
  members: M,
  example: string,
): Kind<{ [K in keyof M]?: M[K] extends Kind<infer T> ? T : never }> {
  const properties = Object.fromEntries(Object.entries(members).map(([name, { json }]) => [name, json]));
  return kind({ type: "object", properties, additionalProperties: false }, (value, context) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return `must be like ${example}`;
    }
    for (const [name, item] of Object.entries(value)) {
      const member = Object.hasOwn(members, name) ? members[name] : undefined;
      if (member === undefined) {
        return `has no "${name}"; there is ${Object.keys(members).join(", ")}`;
      }
      const complaint = isUnknown(item) ? undefined : member.check(item, context);
      if (complaint !== undefined) {
        return `${name} ${complaint}`;
      }
    }
    return undefined;
  });
}

/** A time span like `1h30m` or `90s`, as Pulumi's `customTimeouts` has them. */
export const duration: Kind<string> = kind(
  {
    type: "string",
    pattern: "^([\\d.]+h)?([\\d.]+m)?([\\d.]+s)?$",
    errorMessage: `must be a duration like "45m", "2h" or "1h30m"`,
  },
  (value) =>
    unless(
      parseDuration(value) !== undefined,
      `must be a duration like "45m", "2h" or "1h30m"; it is ${show(value)}`,
    ),
);

/** A duration in milliseconds. */
export function parseDuration(value: unknown): number | undefined {
  const match = typeof value === "string" ? /^(?:([\d.]+)h)?(?:([\d.]+)m)?(?:([\d.]+)s)?$/.exec(value) : null;
  if (!match || match[0] === "") {
    return undefined;
  }
  const [, hours = "0", minutes = "0", seconds = "0"] = match;
  const milliseconds = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

/** The Object Storage URL of a qcow2 file. Both path forms, and every encoding, mean the same object. */
export const objectUrl: Kind<string> = kind(
  {
    type: "string",
    maxLength: 255,
    pattern: "^https?://.*\\.qcow2$",
    errorMessage: `must be an Object Storage URL, at most 255 characters that end in ".qcow2", without a query`,
  },
  (value, { place }) => checkUrl(value, place),
  (one, other) =>
    typeof one === "string" && typeof other === "string" ? isSameObject(one, other) : one === other,
);

function checkUrl(value: unknown, own: Place | undefined): string | undefined {
  if (value === "") {
    return "is missing: an image is made of the object at its url, or of the file that its source names";
  }
  const url = typeof value === "string" ? value : "";
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined) {
    return `must be an Object Storage URL like https://object-store.kr-west1.e.samsungsdscloud.com/account:bucket/object.qcow2`;
  }
  if (parsed.username !== "" || parsed.password !== "") {
    return "must not hold a user name or password; SCP reads the object without credentials";
  }
  if (parsed.protocol !== "https:" && !(parsed.protocol === "http:" && isLoopback(parsed.hostname))) {
    return "must begin with https://";
  }
  if (url.includes("?") || url.includes("#")) {
    return `must have no query and no fragment (a presigned URL cannot be used: make the object public-read instead)`;
  }
  if (!url.endsWith(".qcow2")) {
    return `must end in ".qcow2", as SCP demands`;
  }
  if (url.length > 255) {
    return `must be at most 255 characters; it has ${url.length}`;
  }
  const there = objectStoragePlace(parsed.hostname);
  const nowhere = there && checkPlace(there.environment, there.region);
  if (nowhere !== undefined) {
    return `names no Object Storage that there is: ${nowhere}`;
  }
  if (there && own && (there.region !== own.region || there.environment !== own.environment)) {
    return (
      `names Object Storage in region ${there.region}, environment ${there.environment}, but the image is to be in region ${own.region}, ` +
      `environment ${own.environment}; both must be the same. Put the file there, or set region and environment`
    );
  }
  return undefined;
}

/** Anything: what is ours, and no program's to state. */
export function anything<T>(): Kind<T> {
  return kind({ type: "object" }, () => undefined);
}

/** No value, null, and an empty map or list, are the same. */
function isSame(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(plain(one), plain(other));
}

function plain(value: unknown): unknown {
  const empty = typeof value === "object" && value !== null && Object.keys(value).length === 0;
  return empty || value === null ? undefined : value;
}

function lowerCase(value: unknown): unknown {
  return typeof value === "string" ? value.toLowerCase() : value;
}

function unless(right: boolean, complaint: string): string | undefined {
  return right ? undefined : complaint;
}

function show(value: unknown): string {
  const json = JSON.stringify(value);
  return json.length > 120 ? `${json.slice(0, 120)}…` : json;
}
