import { sanitize, unfitToShow } from "../api/errors";

/** A place in the file: both count from 1, the column in UTF-16 units, as editors have it. */
export interface Position {
  line: number;
  column: number;
}

/** What is wrong in one place, and what is right. */
export interface Problem extends Position {
  message: string;
}

/** What is wrong with a manifest: all of it, in the order of the file. Its message is a line for each, `file:line:column: sentence`. */
export class ManifestError extends Error {
  override readonly name = "ManifestError";

  constructor(
    readonly file: string,
    readonly problems: readonly Problem[],
  ) {
    super(problems.map((problem) => lineOf(file, problem)).join("\n"));
  }
}

/** A problem as compilers write it. */
export function lineOf(file: string, { line, column, message }: Problem): string {
  return `${fit(file)}:${line}:${column}: ${message}`;
}

/** Collects what is wrong, by offset in the text. */
export class Problems {
  private readonly found = new Map<string, { at: number; message: string }>();

  add(at: number, message: string): void {
    const fitting = fit(message);
    this.found.set(`${at} ${fitting}`, { at, message: fitting });
  }

  get isEmpty(): boolean {
    return this.found.size === 0;
  }

  /** Each once, in the order of the text. */
  get all(): readonly { at: number; message: string }[] {
    return [...this.found.values()].sort((one, other) => one.at - other.at);
  }
}

/** A text of the file's in a sentence: in quotes, short, and without what speaks to a terminal. */
export function quoted(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return `"${sanitize(short, [])}"`;
}

function fit(text: string): string {
  return text.replace(unfitToShow, " ");
}
