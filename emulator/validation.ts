import { ApiError, type JsonObject, invalid, isObject } from "./http";

/** Says what is wrong with a value, or nothing. */
export type Rule = (value: unknown) => string | undefined;

interface Field {
  rule: Rule;
  required?: boolean;
  /** null means the same as leaving it out. */
  nullable?: boolean;
  /** So does an empty text. */
  emptyable?: boolean;
  /** The whole complaint, where the service's own words are known. */
  words?: string;
}

export type Shape = Record<string, Field>;

/** Refuses a body that breaks its shape with one 400 that lists everything. */
export function check(body: JsonObject, shape: Shape, others: "ignored" | "refused" = "ignored"): void {
  const complaints = Object.entries(shape).flatMap(
    ([name, field]) => complaint(name, field, body[name]) ?? [],
  );
  const strangers = others === "refused" ? Object.keys(body).filter((name) => !(name in shape)) : [];
  complaints.push(...strangers.map((name) => `Field "${name}" is not allowed.`));
  if (complaints.length > 0) throw invalid(complaints);
}

function complaint(name: string, field: Field, value: unknown): string | undefined {
  if (value === undefined || (value === null && field.nullable) || (value === "" && field.emptyable)) {
    return field.required ? `Field "${name}" is required.` : undefined;
  }
  const fault = field.rule(value);
  return fault && (field.words ?? `Field "${name}" is invalid: ${fault}.`);
}

export const text =
  (least: number, most: number, pattern = /^/): Rule =>
  (value) => {
    if (typeof value !== "string") return "it must be a text";
    if (value.length < least || value.length > most) return `it must have ${least} to ${most} characters`;
    return pattern.test(value) ? undefined : `it must match ${pattern.source}`;
  };

export const whole =
  (least: number, most = Number.MAX_SAFE_INTEGER): Rule =>
  (value) =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= most
      ? undefined
      : `it must be a whole number from ${least} to ${most}`;

export const flag: Rule = (value) => (typeof value === "boolean" ? undefined : "it must be true or false");

export const oneOf =
  (...choices: string[]): Rule =>
  (value) =>
    choices.includes(value as string) ? undefined : `it must be one of ${choices.join(", ")}`;

const tagLetters = /^[a-zA-Z0-9ㄱ-ㅣ가-힣 +\-=._:/@]*$/;

export const tagValue = text(0, 256, tagLetters);

/** Tags as the resource manager takes them. A value may be left out. */
export const tagList: Rule = (value) => {
  if (!Array.isArray(value)) return "it must be a list";
  const keys = value.map((tag: unknown) => (isObject(tag) ? tag.key : undefined));
  const values = value.map((tag: unknown) => (isObject(tag) ? (tag.value ?? "") : undefined));
  const bad =
    keys.map((key) => text(1, 128, tagLetters)(key)).find(Boolean) ?? values.map(tagValue).find(Boolean);
  if (bad) return `a tag's key or value is wrong, ${bad}`;
  return new Set(keys).size < keys.length ? "a key appears twice" : undefined;
};

/** A whole number of a query. An empty one is none. */
export function queryNumber(
  query: URLSearchParams,
  name: string,
  standard: number,
  least: number,
  most: number,
): number {
  const given = query.get(name);
  if (given === null) return standard;
  if (!/^-?\d+$/.test(given) || Number(given) < least || Number(given) > most) {
    throw new ApiError(
      400,
      "ValidationError",
      `Query "${name}" must be a whole number from ${least} to ${most}.`,
    );
  }
  return Number(given);
}

export function isPattern(text: string): boolean {
  try {
    return Boolean(new RegExp(text));
  } catch {
    return false;
  }
}
