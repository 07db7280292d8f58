import { bytes } from "../lifecycle/progress";
import type { Report, ReportedImage } from "./model";
import {
  ageInWords,
  changeInWords,
  changeNames,
  entryInWords,
  generationInWords,
  shortened,
  sizeInWords,
  timeInWords,
  totals,
  type Piece,
} from "./words";

/** How many rows a comment takes before nobody reads it, and GitHub refuses it. */
const mostRows = 100;

/** The report as GitHub-flavoured Markdown: what changed, then the images in a compact table. */
export function markdownOf(report: Report): string {
  const { stack, stateTime, notices } = report;
  const heading = `### Images of ${stack ? code(`${stack.project}/${stack.name}`) : "an empty stack"}`;
  const parts = [
    heading,
    `${summary(report)}${stateTime === undefined ? "" : ` State of ${timeInWords(stateTime)}.`}`,
    ...notices.map((notice) => `> ${code(notice)}`),
    ...changes(report),
    ...table(report),
  ];
  return `${parts.join("\n\n")}\n`;
}

/**
 * Foreign text as a code span: there GitHub finds no mention, link, issue, HTML or emphasis. A pipe is escaped as tables want it.
 */
export function code(text: string): string {
  const runs = (text.match(/`+/g) ?? []).map(({ length }) => length);
  let length = 1;
  while (runs.includes(length)) {
    length += 1;
  }
  const fence = "`".repeat(length);
  const space = /^[` ]|[` ]$/.test(text) ? " " : "";
  return text === "" ? "" : `${fence}${space}${text}${space}${fence}`;
}

/** The same in a table, which takes every pipe for a border, also in code. */
function inCell(text: string | undefined): string {
  return text === undefined ? "" : code(text).replaceAll("|", "\\|");
}

function summary(report: Report): string {
  const { images, earlier, channels, size, off } = totals(report);
  const plural = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
  return [
    plural(images, "image"),
    ...(earlier > 0 ? [plural(earlier, "earlier generation")] : []),
    ...(channels > 0 ? [plural(channels, "channel")] : []),
    `files of ${bytes(size)}`,
    ...(off > 0 ? [`**${off} not active**`] : []),
  ]
    .join(", ")
    .concat(".");
}

function changes({ changes, since }: Report): string[] {
  if (changes === undefined) {
    return [];
  }
  const heading = `**What changed${since === undefined ? "" : ` since ${timeInWords(since)}`}**`;
  const items = changes
    .slice(0, mostRows)
    .map((change) => `- **${changeNames[change.kind]}** ${pieces(changeInWords(change))}`);
  return [heading, changes.length === 0 ? "Nothing." : items.join("\n"), ...more(changes.length, "changes")];
}

function pieces(all: readonly Piece[]): string {
  return all.map((piece) => (typeof piece === "string" ? piece : code(piece.foreign))).join("");
}

function more(count: number, what: string): string[] {
  return count > mostRows ? [`… and ${count - mostRows} more ${what}.`] : [];
}

const columns = ["image", "version", "state", "channels", "system", "size / disk", "age", "md5", "id"];

function table({ images }: Report): string[] {
  if (images.length === 0) {
    return ["The stack has no images."];
  }
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rows = images.slice(0, mostRows).map((image) => line(cellsOf(image)));
  const whole = [line(columns), line(columns.map(() => "---")), ...rows].join("\n");
  return [whole, ...more(images.length, "images")];
}

function cellsOf(image: ReportedImage): string[] {
  const { id, version, name, status, channels, osDistro, size, virtualSize, age, md5 } = image;
  const sizes = [sizeInWords(size), sizeInWords(virtualSize)].filter((one) => one !== undefined);
  const state = [
    generationInWords(image),
    ...(status === undefined ? [] : [inCell(status)]),
    ...(image.protected === true ? ["protected"] : []),
  ];
  return [
    inCell(entryInWords(image)),
    inCell(version ?? name),
    state.join(", "),
    channels.map(inCell).join(" "),
    inCell(osDistro),
    sizes.join(" / "),
    ageInWords(age) ?? "",
    md5 === undefined ? "" : inCell(shortened(md5)),
    inCell(id),
  ];
}
