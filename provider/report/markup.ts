import { escape } from "html-escaper";
import { timeInWords } from "./words";

/** HTML that is written, or escaped, already. */
export class Markup {
  constructor(readonly text: string) {}
}

type Part = Markup | string | number | undefined | readonly Part[];

/** Writes HTML: whatever is put in is escaped, unless it was made by this too. Undefined is nothing. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Markup {
  return new Markup(strings.map((string, index) => string + textOf(parts[index])).join(""));
}

function textOf(part: Part): string {
  if (part === undefined) {
    return "";
  }
  if (part instanceof Markup) {
    return part.text;
  }
  return typeof part === "string" || typeof part === "number"
    ? escape(String(part))
    : part.map(textOf).join("");
}

/** Foreign text: its direction of writing stays its own. */
export function foreign(text: string): Markup {
  return html`<bdi>${text}</bdi>`;
}

export function time(value: string): Markup {
  return html`<time datetime="${value}">${timeInWords(value)}</time>`;
}

/** Lines of a cell, as far as there are any: the first one, and what is less important. */
export function lines(first: Markup | undefined, second?: Markup): Markup[] {
  return [first ?? [], second === undefined ? [] : html` <span class="sub">${second}</span>`].flat();
}
