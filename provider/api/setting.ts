import type { Source } from "./resolver";

/** What is wrong with a text, as a sentence without its end. */
export class Complaint {
  constructor(readonly text: string) {}
}

/** One setting: where it is looked for, how its text is read, and what it is without one. */
export interface Setting<T> extends Source {
  /** Whether nothing works without it. */
  required?: true;
  /** What it is where no place has it, in words. */
  fallback?: string;
  /** The same as a value. */
  standard?: T;
  read: (text: string) => NonNullable<T> | Complaint;
}

type Place = Omit<Source, "meaning">;

/** A text that must be given. */
export function needed<T extends string = string>(
  meaning: string,
  place: Place,
  read: Setting<T>["read"],
): Setting<T> {
  return { ...place, meaning, required: true, read };
}

/** A text that may be given, with what it is without, in words. */
export function possible(
  variable: string,
  meaning: string,
  fallback: string,
  read: Setting<string>["read"] = anyText,
): Setting<string | undefined> {
  return { env: [variable], meaning, fallback, read };
}

/** The same as a setting that belongs to one account: a profile has its own, and never the stack's. */
export function ofAccount<T>(setting: Setting<T>): Setting<T> {
  return { ...setting, ofAccount: true };
}

/** The same as a setting of the process, whatever the account: no profile has one. */
export function ofProcess<T>(setting: Setting<T>): Setting<T> {
  return { ...setting, ofProcess: true };
}

/** A whole number. */
export function whole(
  variable: string,
  meaning: string,
  { standard, minimum, what }: { standard: number; minimum: number; what: string },
): Setting<number> {
  const read = (text: string) => {
    const number = Number(text);
    return Number.isSafeInteger(number) && number >= minimum
      ? number
      : new Complaint(`${what} must be a whole number, ${minimum} or more`);
  };
  return { env: [variable], meaning, standard, fallback: `\`${standard}\``, read };
}

/** `true` or `false`. */
export function flag(
  variable: string,
  meaning: string,
  { standard, what }: { standard: boolean; what: string },
): Setting<boolean> {
  const read = (text: string) =>
    text === "true" || text === "false"
      ? text === "true"
      : new Complaint(`${what} must be true or false, not "${text}"`);
  return { env: [variable], meaning, standard, fallback: `\`${standard}\``, read };
}

/** One of some words. */
export function oneOf<W extends string>(
  variable: string,
  meaning: string,
  { standard, words, what }: { standard: W; words: readonly W[]; what: string },
): Setting<W> {
  const read = (text: string) =>
    words.find((word) => word === text) ??
    new Complaint(`${what} "${text}" does not exist; SCP has ${words.join(", ")}`);
  return { env: [variable], meaning, standard, fallback: `\`${standard}\``, read };
}

export function anyText(text: string): string {
  return text;
}
