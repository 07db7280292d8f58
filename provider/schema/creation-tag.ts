import { randomBytes } from "node:crypto";

/**
 * The key of the creation tag: set by the request that creates an image, removed once the record is in the state. A tag that stays says
 * only where an image comes from, never whose it is now: nothing is deleted for it.
 */
export const creationTagKey = "pulumi-scp-images";

/** Whether an image was created as a part of an `Image`, whose import removes the tag, or by an `ImageRecord` alone. */
export type CreatedAs = "image" | "record";

/** What the value of a creation tag says. */
export interface CreationTag {
  /** The stack and the resource that the image was created for: see `originOf`. */
  origin: string;
  /** Organization, project and stack, as far as a tag can hold them: for people. */
  stackName: string;
  /** The id that the stack keeps in its state. */
  stackId: string;
  createdAs: CreatedAs;
  /** When the creation began, by the service's clock: milliseconds since 1970. */
  createdAt: number;
}

/** A tag's value can be looked up again only as a whole, so it differs for every creation. */
export function newCreationTag(origin: string, createdAs: CreatedAs, now: number): string {
  return `${origin}/${createdAs}-${Math.floor(now).toString(36)}-${randomBytes(6).toString("hex")}`;
}

const pattern =
  /^(?<stackName>.+)\/(?<stackId>[0-9a-f-]{36})\/(?<place>[0-9a-f]{16})\/(?<createdAs>image|record)-(?<time>[0-9a-z]{1,12})-[0-9a-f]{12}$/;

/** Undefined for a text that this version did not write: then nothing is known of the image. */
export function parseCreationTag(value: string): CreationTag | undefined {
  const { stackName, stackId, place, createdAs, time } = pattern.exec(value)?.groups ?? {};
  if (stackName === undefined || stackId === undefined || place === undefined || time === undefined) {
    return parseOldTag(value);
  }
  const origin = `${stackName}/${stackId}/${place}`;
  return { origin, stackName, stackId, createdAs: asCreatedAs(createdAs), createdAt: parseInt(time, 36) };
}

function asCreatedAs(word: string | undefined): CreatedAs {
  return word === "image" ? "image" : "record";
}

/** The stack that a tag's origin names; undefined where it names none. */
export function stackIdOf(origin: string): string | undefined {
  return /\/([0-9a-f-]{36})\/[0-9a-f]{16}$/.exec(origin)?.[1];
}

/** What version 0.1.0 wrote. */
function parseOldTag(value: string): CreationTag | undefined {
  const [, stackId, createdAs] =
    /^([0-9a-f-]{36})\/[0-9a-f]{16}\/(image|record)-[0-9a-f-]{36}$/.exec(value) ?? [];
  return stackId === undefined
    ? undefined
    : { origin: "", stackName: "a stack", stackId, createdAs: asCreatedAs(createdAs), createdAt: 0 };
}
