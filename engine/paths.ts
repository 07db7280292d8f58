// Property paths, as in ignoreChanges and replaceOnChanges: `tags.owner`, `volumes[0].size`, `list[*]`, `map["a.b"]`.

import { copy, isProperties, isSecret, secret, type Properties, type Value } from "./values";

export type Path = (string | number)[];

const STEP = /\.?([^.[\]"]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\[(\*)\]/y;

/** The path's steps, or undefined if it is not well formed. */
export function parsePath(text: string): Path | undefined {
  const path: Path = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < text.length) {
    const step = STEP.exec(text);
    if (!step) return undefined;
    path.push(step[2] === undefined ? (step[1] ?? step[3]?.replace(/\\(.)/g, "$1") ?? "*") : Number(step[2]));
  }
  return path;
}

/** Whether `path` is `other` or one of the places above it. */
export function pathContains(path: Path, other: Path): boolean {
  return path.length <= other.length && path.every((step, index) => step === "*" || step === other[index]);
}

/**
 * The new inputs with the old values in the ignored places, and the paths where that was not possible: they go through an element
 * that was added or removed.
 */
export function ignoreChanges(
  news: Properties,
  olds: Properties,
  ignored: readonly string[],
): { inputs: Properties; impossible: string[] } {
  const inputs = copy(news);
  const paths = ignored.map((text) => [text, parsePath(text)] as const);
  const impossible = paths.filter(([, path]) => path && !reset(path, olds, inputs)).map(([text]) => text);
  return { inputs, impossible };
}

type Container = Value[] | Properties;
type Slot = Value | undefined;

const container = (value: Slot): Container | undefined =>
  Array.isArray(value) || isProperties(value) ? value : undefined;

const keysOf = (value: Container): Path => (Array.isArray(value) ? [...value.keys()] : Object.keys(value));

function get(from: Container | undefined, key: string | number): Slot {
  if (Array.isArray(from)) return typeof key === "number" ? from[key] : undefined;
  return from?.[key];
}

function put(to: Container, key: string | number, value: Slot): void {
  if (Array.isArray(to)) to[Number(key)] = copy(value ?? null);
  else if (value === undefined) Reflect.deleteProperty(to, key);
  else to[key] = copy(value);
}

function unwrap(value: Slot): { inner: Container | undefined; hidden: boolean } {
  return isSecret(value)
    ? { inner: container(value.value), hidden: true }
    : { inner: container(value), hidden: false };
}

/** Writes what `olds` has at the path into `news`; false if the two differ in shape on the way. */
function reset(path: Path, olds: Slot, news: Slot, secretOld = false, secretNew = false): boolean {
  const [key, ...rest] = path;
  if (key === undefined) return false;
  const from = unwrap(olds);
  const to = unwrap(news);
  const hiddenOld = secretOld || from.hidden;
  const hiddenNew = secretNew || to.hidden;
  if (key === "*") return resetAll(rest, from.inner, to.inner, hiddenOld, hiddenNew);
  const old = get(from.inner, key);
  const present = get(to.inner, key);
  if (rest.length > 0) {
    if (old !== undefined && present === undefined) return false;
    return old === undefined && present === undefined
      ? true
      : reset(rest, old, present, hiddenOld, hiddenNew);
  }
  if (typeof key === "number" && (old === undefined) !== (present === undefined)) return false;
  if (to.inner === undefined) return old === undefined;
  if (old === undefined && Array.isArray(to.inner)) return true;
  put(to.inner, key, old !== undefined && hiddenOld && !hiddenNew ? secret(old) : old);
  return true;
}

function resetAll(
  rest: Path,
  from: Container | undefined,
  to: Container | undefined,
  hiddenOld: boolean,
  hiddenNew: boolean,
): boolean {
  if (!to) return false;
  if (!from || Array.isArray(from) !== Array.isArray(to)) return rest.length === 0;
  const isArray = Array.isArray(to);
  const shared = keysOf(from).filter((key) => !isArray || get(to, key) !== undefined);
  if (rest.length === 0) {
    for (const key of shared) {
      const old = get(from, key);
      put(to, key, old !== undefined && hiddenOld && !hiddenNew ? secret(old) : old);
    }
    if (!isArray) for (const key of keysOf(to)) if (get(from, key) === undefined) put(to, key, undefined);
  } else {
    const done = shared.every((key) => {
      const present = get(to, key);
      return present !== undefined && reset(rest, get(from, key), present, hiddenOld, hiddenNew);
    });
    if (!done) return false;
  }
  return !isArray || keysOf(from).length === keysOf(to).length;
}
