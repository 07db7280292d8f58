import { sanitize } from "../api/errors";
import { hidden, type Told } from "./model";

export type Values = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The same without what is undefined. */
export function present<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T;
}

/** The key, and its value for a secret, by which Pulumi tells special values in a state. */
const signature = { key: "4dabf18193072939515e22adb298388d", secret: "1b47061264138c4ac30d75fd1eb44270" };

/** Whether a value is a secret, encrypted or (after `--show-secrets`) in clear. */
function isSecret(value: unknown): boolean {
  return isObject(value) && value[signature.key] === signature.secret;
}

/** Foreign text, fit to be shown: also without signs that cannot be seen. */
export function shown(text: string): string {
  return sanitize(text.replace(/\p{Default_Ignorable_Code_Point}/gu, ""), []);
}

function told<T>(value: unknown, read: (value: unknown) => T | undefined): Told<T> | undefined {
  return isSecret(value) ? hidden : read(value);
}

export function textIn(values: Values, name: string): Told<string> | undefined {
  return told(values[name], (value) =>
    typeof value === "string" && value !== "" ? shown(value) : undefined,
  );
}

export function numberIn(values: Values, name: string): Told<number> | undefined {
  return told(values[name], (value) =>
    typeof value === "number" && Number.isFinite(value) ? value : undefined,
  );
}

export function flagIn(values: Values, name: string): Told<boolean> | undefined {
  return told(values[name], (value) => (typeof value === "boolean" ? value : undefined));
}

/** What is an object, and no secret. */
export function objectIn(values: Values, name: string): Values {
  const value = values[name];
  return isObject(value) && !isSecret(value) ? value : {};
}

export function listIn(values: Values, name: string): Values[] {
  const value = values[name];
  return Array.isArray(value)
    ? (value as unknown[]).filter((one): one is Values => isObject(one) && !isSecret(one))
    : [];
}

export function mapIn(values: Values, name: string): Told<Record<string, Told<string>>> | undefined {
  const value = values[name];
  return told(value, () => {
    if (!isObject(value)) {
      return undefined;
    }
    const entries = Object.keys(value).map((key): [string, Told<string>] => [
      shown(key),
      textIn(value, key) ?? "",
    ]);
    return Object.fromEntries(entries);
  });
}
