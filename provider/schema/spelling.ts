import type { Image } from "../api/images";
import { isSameObject } from "../api/object-url";

/** What can never change once an image is created. */
export const immutableProperties = ["name", "osDistro", "url", "diskFormat", "containerFormat"] as const;

/** Texts that a service may write otherwise than it was told. */
const spelledProperties = [...immutableProperties, "visibility"] as const;
type SpelledProperty = (typeof spelledProperties)[number];

/** What the service says in place of what the program says, where it writes it otherwise. */
export type Echo = Partial<Record<SpelledProperty, string>>;

type Declared = Partial<Record<SpelledProperty, unknown>>;

/** Whether two values of a property mean the same. A name is taken as it stands: it may differ by case alone. */
export function meansTheSame(property: string, one: unknown, other: unknown): boolean {
  if (typeof one !== "string" || typeof other !== "string" || property === "name") {
    return one === other;
  }
  return property === "url" ? isSameObject(one, other) : one.toLowerCase() === other.toLowerCase();
}

/** What of an image is not as declared and can never be: a sentence's part each. What the service does not show is no mismatch. */
export function immutableMismatches(image: Image, declared: Declared): string[] {
  return immutableProperties
    .filter((key) => image[key] !== undefined && !meansTheSame(key, image[key], declared[key]))
    .map((key) => `its ${key} is ${JSON.stringify(image[key])}, not ${JSON.stringify(declared[key])}`);
}

/**
 * What the state says of an image after an operation of ours: what the program says. The service's own spelling is kept beside it, so
 * that a later read can tell a change from a spelling. Only a visibility can have been left as it was.
 */
export function asDeclared(image: Image, declared: Declared): { properties: Echo; echo?: Echo } {
  return spell(
    image,
    declared,
    (key, now) => key === "visibility" && !meansTheSame(key, now, declared.visibility),
  );
}

/**
 * What the state says after a read: what it said before, as long as the service says what it said before, or means the same.
 * @param before what the state said
 */
export function asRead(
  image: Image,
  before: Declared & { echo?: unknown },
): { properties: Echo; echo?: Echo } {
  const echo = (before.echo ?? {}) as Echo;
  return spell(
    image,
    before,
    (key, now) => now !== (echo[key] ?? before[key]) && !meansTheSame(key, now, before[key]),
  );
}

function spell(
  image: Image,
  declared: Declared,
  hasChanged: (key: SpelledProperty, now: string) => boolean,
): { properties: Echo; echo?: Echo } {
  const properties: Echo = {};
  const echo: Echo = {};
  for (const key of spelledProperties) {
    const now = image[key];
    const said = declared[key];
    if (typeof said !== "string" || (now !== undefined && hasChanged(key, now))) {
      properties[key] = now;
    } else {
      properties[key] = said;
      if (now !== undefined && now !== said) {
        echo[key] = now;
      }
    }
  }
  return Object.keys(echo).length === 0 ? { properties } : { properties, echo };
}
