import { parse, join } from "node:path";
import { sanitize } from "../api/errors";

/** What a shell takes as it is, and shows nothing by itself. */
const plain = /^[\w@%+=:,./-]+$/;

/** Control characters, and those that turn the direction of text: a terminal would obey them. */
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const obeyed = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** A word for a POSIX shell. What a terminal would obey is written as an escape, which bash and zsh read. */
export function quote(word: string): string {
  if (plain.test(word)) {
    return word;
  }
  if (word.search(obeyed) === -1) {
    return `'${word.replaceAll("'", `'\\''`)}'`;
  }
  const escaped = word.replace(/[\\']/g, "\\$&").replace(obeyed, asEscape);
  return `$'${escaped}'`;
}

function asEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/**
 * A path as an argument: one that begins with `-` would be an option, and QEMU takes what stands before a colon for a protocol's name.
 */
export function argument(path: string): string {
  const mistakable = path.startsWith("-") || /^[^/\\]*:/.test(path);
  return quote(mistakable && !/^[A-Za-z]:[\\/]/.test(path) ? `./${path}` : path);
}

/** Where a command that mends `path` can write: beside it, as a qcow2, never over it. */
export function beside(path: string): string {
  const { dir, name, ext } = parse(path);
  return join(dir, ext === ".qcow2" ? `${name}-new.qcow2` : `${name}.qcow2`);
}

/** A text that stands in the file, such as the name of its backing file. */
export function foreign(text: string): string {
  return `"${sanitize(text, [])}"`;
}
