// Property values as Pulumi's protocol writes them: JSON, in which secrets, unknowns and references to resources carry a signature.
// The engine keeps them in this form everywhere; the state on disk differs only in that its secrets are encrypted.

export type Value = null | boolean | number | string | Value[] | Properties;
export interface Properties {
  [key: string]: Value;
}

const SIGNATURE = "4dabf18193072939515e22adb298388d";
export const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e";
const NAMED: Record<string, string> = {
  c44067f5952c0a294b673a41bacd8c17: "an asset",
  "0def7320c3a5731c473e5ecbe6d01bc7": "an archive",
  d0e6a833031e9bbcd3f4e8bde6ca49a4: "an output value",
};
/** What stands for a value that is not known before the deployment. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export function isProperties(value: Value | undefined): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const signed = (value: Value | undefined, signature: string): value is Properties =>
  isProperties(value) && value[SIGNATURE] === signature;

export const isSecret = (value: Value | undefined): value is Properties => signed(value, SECRET);

export function secret(value: Value): Value {
  return isSecret(value) ? value : { [SIGNATURE]: SECRET, value };
}

/** A copy in which `change` may replace any part; where it returns undefined, the copy goes deeper. */
export function transform(value: Value, change: (part: Value) => Value | undefined): Value {
  const changed = change(value);
  if (changed !== undefined) return changed;
  if (Array.isArray(value)) return value.map((item) => transform(item, change));
  if (isProperties(value)) return mapProperties(value, (item) => transform(item, change));
  return value;
}

/** A deep copy, in arrays and objects of this context also under jest, where those of `structuredClone` are of another. */
export const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

export function mapProperties(props: Properties, change: (value: Value, key: string) => Value): Properties {
  return Object.fromEntries(Object.entries(props).map(([key, value]) => [key, change(value, key)]));
}

function some(value: Value, test: (part: Value) => boolean): boolean {
  if (test(value)) return true;
  if (Array.isArray(value)) return value.some((item) => some(item, test));
  return isProperties(value) && Object.values(value).some((item) => some(item, test));
}

export const containsSecret = (value: Value): boolean => some(value, isSecret);
export const containsUnknown = (value: Value): boolean => some(value, (part) => part === UNKNOWN);

/** The value without its secrets' wrapping, at any depth. */
export function reveal(value: Value): Value {
  return transform(value, (part) => (isSecret(part) ? reveal(part.value ?? null) : undefined));
}

export const revealAll = (props: Properties): Properties => mapProperties(props, reveal);

/** A value as text: itself if it is one, else JSON. */
export const textOf = (value: Value): string => (typeof value === "string" ? value : JSON.stringify(value));

/** What a provider that takes neither secrets nor references is sent: plain values, ids for references. */
export function forProvider(props: Properties): Properties {
  const plain = (value: Value): Value =>
    transform(value, (part) => {
      if (isSecret(part)) return plain(part.value ?? null);
      if (signed(part, RESOURCE)) return part.id === "" ? UNKNOWN : (part.id ?? part.urn ?? null);
      return undefined;
    });
  return mapProperties(props, plain);
}

/** Refuses by name what the engine cannot carry. */
export function refuseUnsupported(props: Properties, where: string): void {
  some(props, (part) => {
    const signature = isProperties(part) ? part[SIGNATURE] : undefined;
    const kind = typeof signature === "string" ? NAMED[signature] : undefined;
    if (kind !== undefined) throw new Error(`the embedded engine does not support ${kind} (in ${where})`);
    return false;
  });
}

/** A provider answers in clear: what was secret when it went in is made secret again when it comes out. */
export function annotateSecrets(outs: Properties, ins: Properties): void {
  for (const [key, value] of Object.entries(ins)) {
    const out = outs[key];
    if (out === undefined) continue;
    if (isProperties(out) && isProperties(value) && !isSecret(out) && !isSecret(value))
      annotateSecrets(out, value);
    else if (containsSecret(value)) outs[key] = secret(out);
  }
}

/** Deep equality; a missing property equals a null one. */
export function equal(a: Value | undefined, b: Value | undefined): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => equal(item, b[index]));
  }
  if (isProperties(a) && isProperties(b)) return changedKeys(a, b).length === 0;
  return (a ?? null) === (b ?? null);
}

export function changedKeys(a: Properties, b: Properties): string[] {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].filter((key) => !equal(a[key], b[key]));
}
