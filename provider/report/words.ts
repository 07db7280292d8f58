import { bytes } from "../lifecycle/progress";
import {
  hidden,
  type Change,
  type ImageReference,
  type PropertyChange,
  type Report,
  type ReportedChannel,
  type ReportedImage,
  type Told,
} from "./model";
import { isObject } from "./values";

/** A piece of a sentence: our own words, or what a state says, which each format marks and escapes in its own way. */
export type Piece = string | { foreign: string; as?: "subject" | "id" };

/** How a kind of change is called. */
export const changeNames: Readonly<Record<Change["kind"], string>> = {
  new: "new",
  replaced: "replaced",
  removed: "removed",
  renamed: "renamed",
  updated: "updated",
  channelAdded: "channel added",
  channelRemoved: "channel removed",
  promoted: "promoted",
  rolledBack: "rolled back",
  channelMoved: "channel moved",
};

export function sizeInWords(size: Told<number> | undefined): string | undefined {
  return typeof size === "number" ? bytes(size) : size;
}

const spans = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** A time span for people, in its largest unit: `5 months`, `3 hours`. */
export function ageInWords(seconds: number | undefined): string | undefined {
  if (seconds === undefined) {
    return undefined;
  }
  const [unit, length] = spans.find(([, one]) => seconds >= one) ?? ["second", 1];
  return new Intl.NumberFormat("en", { style: "unit", unit, unitDisplay: "long" }).format(
    Math.floor(seconds / length),
  );
}

/** A point in time, to the minute: `2026-11-25 09:30 UTC`. What is no time stays as it is. */
export function timeInWords(time: string): string {
  const parsed = Date.parse(time);
  return Number.isNaN(parsed) ? time : `${new Date(parsed).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** The beginning of a long id or hash. */
export function shortened(text: string, length = 8): string {
  return text === hidden || text.length <= length + 1 ? text : `${text.slice(0, length)}…`;
}

/** `current`, `1 back`; or that it is on its way out. */
export function generationInWords({ generation, leaving, lookedUp }: ReportedImage): string {
  if (leaving) {
    return "to be deleted";
  }
  if (lookedUp) {
    return "looked up";
  }
  return generation === 0 ? "current" : `${generation} back`;
}

/** What an entry is called: `ubuntu`, or `images / ubuntu` in a pipeline. */
export function entryInWords({ pipeline, entry }: { pipeline?: string; entry: string }): string {
  return pipeline === undefined ? entry : `${pipeline} / ${entry}`;
}

/** Whether something is to be done about it. */
export function isOff({ status }: ReportedImage): boolean {
  return status !== undefined && status !== "active" && status !== hidden;
}

/** What is most telling of an image: its version, else its name, else its id. */
function label({ version, name, id }: ImageReference): Piece {
  return { foreign: version ?? name ?? id };
}

/** A change in a sentence, without its kind. */
export function changeInWords(change: Change): Piece[] {
  const entry = { foreign: entryInWords(change), as: "subject" } as const;
  const channel = "channel" in change ? [{ foreign: change.channel, as: "subject" } as const] : [];
  switch (change.kind) {
    case "new":
    case "removed":
      return [entry, ": ", ...named(change.image)];
    case "replaced":
      return [
        entry,
        ": ",
        ...named(change.from),
        " → ",
        ...named(change.to),
        change.kept ? "; the earlier one is kept" : "; the earlier one is gone",
      ];
    case "renamed":
      return [{ foreign: change.from }, " → ", entry, ", the same image"];
    case "updated":
      return [entry, ": ", label(change.image), "; ", ...joined(change.properties.map(propertyInWords))];
    case "channelAdded":
      return [...channel, " → ", entry, " ", label(change.to)];
    case "channelRemoved":
      return [...channel, ", which pointed at ", entry, " ", label(change.from)];
    default:
      return [...channel, " of ", entry, ": ", label(change.from), " → ", label(change.to)];
  }
}

/** A version alone may be the same in two images; an id alone says little. */
function named(image: ImageReference): Piece[] {
  const isLabelled = image.version !== undefined || image.name !== undefined;
  return isLabelled ? [label(image), " (", { foreign: shortened(image.id), as: "id" }, ")"] : [label(image)];
}

function propertyInWords({ property, from, to }: PropertyChange): Piece[] {
  return [`${property} `, { foreign: valueInWords(from) }, " → ", { foreign: valueInWords(to) }];
}

function joined(parts: Piece[][]): Piece[] {
  return parts.flatMap((part, index) => (index === 0 ? part : [", ", ...part]));
}

/** A property's value: `yes`, `team=platform`, `none`. */
export function valueInWords(value: unknown): string {
  if (Array.isArray(value)) {
    return value.length === 0 ? "none" : value.join(", ");
  }
  if (isObject(value)) {
    const pairs = Object.entries(value).map(([key, one]) => `${key}=${String(one)}`);
    return pairs.length === 0 ? "none" : pairs.join(", ");
  }
  if (typeof value === "boolean") {
    return value ? "yes" : "no";
  }
  return typeof value === "string" || typeof value === "number" ? String(value) : "none";
}

/** Where a channel points, besides its name. */
export function channelState(channel: ReportedChannel, { images }: Report): string {
  const image = images.find(({ id }) => id === channel.imageId);
  const place = image === undefined ? "not in the state" : generationInWords(image);
  return channel.pinned ? `pinned, ${place}` : "follows the current image";
}

/** How much there is: `7 images, 3 of them earlier generations; 4 channels; files of 12.4 GiB`. */
export function totals({ images, channels }: Report): {
  images: number;
  earlier: number;
  channels: number;
  size: number;
  off: number;
} {
  const own = images.filter(({ lookedUp }) => !lookedUp);
  return {
    images: images.length,
    earlier: own.filter(({ generation, leaving }) => generation > 0 && !leaving).length,
    channels: channels.length,
    size: own.reduce((sum, { size }) => sum + (typeof size === "number" ? size : 0), 0),
    off: images.filter(isOff).length,
  };
}

/** The images of each entry. */
export function byEntry({ images }: Report): ReportedImage[][] {
  const entries = new Map<string, ReportedImage[]>();
  for (const image of images) {
    entries.set(image.urn, [...(entries.get(image.urn) ?? []), image]);
  }
  return [...entries.values()];
}
