import { createHash } from "node:crypto";
import type { Image } from "../api/images";
import { imageNames, propertyOf, type Description, type Properties } from "./description";

/**
 * What the service says in place of what the program says, by property, where it writes it otherwise: as a hash, since a program may have
 * marked what it says as a secret. Versions before this one kept the text itself.
 */
export type Echo = Record<string, string>;

const hashed = "sha256:";

/** What is kept of how the service writes something. */
export function echoOf(text: string): string {
  return text.startsWith(hashed)
    ? text
    : `${hashed}${createHash("sha256").update(text).digest("hex").slice(0, 32)}`;
}

/** Whether the service writes what it wrote before: what is kept of that, or, where nothing is, what the state says. */
export function isAsBefore(now: unknown, kept: string | undefined, said: unknown): boolean {
  return kept === undefined ? now === said : typeof now === "string" && echoOf(now) === echoOf(kept);
}

/** What the state says of an image. */
export interface Spelled {
  properties: Properties;
  echo?: Echo;
}

/** What of an image is not as declared and can never be: a sentence's part each. What the service does not show is no mismatch. */
export function immutableMismatches(description: Description, image: Image, declared: Properties): string[] {
  return imageNames(description, "replace").flatMap((name: string) => {
    const now = fieldOf(image, name);
    const shall = declared[name];
    return now === undefined || propertyOf(description, name).kind.same(now, shall)
      ? []
      : [`its ${name} is ${JSON.stringify(now)}, not ${JSON.stringify(shall)}`];
  });
}

/**
 * What the state says of an image after an operation of ours: what the program says. The service's own spelling is kept beside it, so
 * that a later read can tell a change from a spelling. What can be updated may have been left as it was, so there the service decides.
 */
export function asDeclared(description: Description, image: Image, declared: Properties): Spelled {
  return spell(description, image, declared, (name, now) => {
    const { kind, change } = propertyOf(description, name);
    return change === "update" && !kind.same(now, declared[name]);
  });
}

/**
 * What the state says after a read: what it said before, as long as the service says what it said before, or means the same. What cannot
 * change while an image lives has not changed, whatever the service calls it now: a replacement for a word would delete a live image.
 * @param before what the state said
 */
export function asRead(
  description: Description,
  image: Image,
  before: Properties & { echo?: Echo },
): Spelled {
  return spell(description, image, before, (name, now) => {
    const { kind, change } = propertyOf(description, name);
    const asBefore = isAsBefore(now, before.echo?.[name], before[name]);
    return change === "update" && !asBefore && !kind.same(now, before[name]);
  });
}

/** What a read newly tells otherwise of what cannot change: a sentence's part each. */
export function newMismatches(
  description: Description,
  image: Image,
  before: Properties & { echo?: Echo },
): string[] {
  const told = imageNames(description, "replace").filter(
    (name: string) =>
      before[name] !== undefined && !isAsBefore(fieldOf(image, name), before.echo?.[name], before[name]),
  );
  const news = Object.fromEntries(told.map((name: string) => [name, fieldOf(image, name)]));
  return immutableMismatches(description, { id: image.id, status: image.status, ...news }, before);
}

/** All that the image says of the properties that can be declared of it. */
function spell(
  description: Description,
  image: Image,
  declared: Properties,
  hasChanged: (name: string, now: unknown) => boolean,
): Spelled {
  const properties: Properties = {};
  const echo: Echo = {};
  for (const name of declaredNames(description)) {
    const now = fieldOf(image, name);
    const said = declared[name];
    if (said === undefined || (now !== undefined && hasChanged(name, now))) {
      properties[name] = now;
      continue;
    }
    properties[name] = said;
    if (typeof now === "string" && now !== said) {
      echo[name] = echoOf(now);
    }
  }
  return Object.keys(echo).length === 0 ? { properties } : { properties, echo };
}

function declaredNames(description: Description): string[] {
  return [...imageNames(description, "replace"), ...imageNames(description, "update")];
}

function fieldOf(image: Image, name: string): unknown {
  const fields: Properties = { ...image };
  return fields[name];
}
