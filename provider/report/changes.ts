import { isDeepStrictEqual } from "node:util";
import type { Stock } from "./images";
import type { Change, ImageReference, PropertyChange, ReportedChannel, ReportedImage } from "./model";
import { present } from "./values";

/** The properties that people ask about; of the rest, an image's file decides. */
const compared = [
  "version",
  "name",
  "status",
  "protected",
  "visibility",
  "sharedWith",
  "minDisk",
  "minRam",
  "tags",
] as const;

/** What is another in a later state of a stack: images first, then channels. */
export function changesBetween(before: Stock, after: Stock): Change[] {
  return [
    ...replacedOrNew(before, after),
    ...removed(before, after),
    ...updated(before, after),
    ...channelChanges(before, after),
  ];
}

type Place = Pick<ReportedImage, "urn" | "entry" | "pipeline">;

function placeOf({ urn, entry, pipeline }: Place): Place {
  return present({ urn, entry, pipeline });
}

function reference({ id, name, version }: ReportedImage): ImageReference {
  return present({ id, name, version });
}

/** The images that count: those to be deleted are gone already. */
function byId({ images }: Stock): Map<string, ReportedImage> {
  return new Map(images.filter(({ leaving }) => !leaving).map((image) => [image.id, image]));
}

function currentByUrn({ images }: Stock): Map<string, ReportedImage> {
  const current = images.filter(({ generation, leaving }) => generation === 0 && !leaving);
  return new Map(current.map((image) => [image.urn, image]));
}

function replacedOrNew(before: Stock, after: Stock): Change[] {
  const known = byId(before);
  const earlier = currentByUrn(before);
  const now = byId(after);
  return [...now.values()].flatMap((image): Change[] => {
    const was = earlier.get(image.urn);
    const isCurrent = image.generation === 0;
    if (isCurrent && was !== undefined && was.id !== image.id) {
      const kept = now.has(was.id);
      return [{ kind: "replaced", ...placeOf(image), from: reference(was), to: reference(image), kept }];
    }
    return known.has(image.id) ? [] : [{ kind: "new", ...placeOf(image), image: reference(image) }];
  });
}

function removed(before: Stock, after: Stock): Change[] {
  const now = byId(after);
  const current = currentByUrn(after);
  return [...byId(before).values()].flatMap((image): Change[] => {
    const isReplaced = image.generation === 0 && current.has(image.urn);
    return now.has(image.id) || isReplaced
      ? []
      : [{ kind: "removed", ...placeOf(image), image: reference(image) }];
  });
}

function updated(before: Stock, after: Stock): Change[] {
  const now = byId(after);
  return [...byId(before).values()].flatMap((was): Change[] => {
    const image = now.get(was.id);
    if (image === undefined) {
      return [];
    }
    const about = { ...placeOf(image), image: reference(image) };
    const properties = propertyChanges(was, image);
    return [
      ...(was.urn === image.urn || was.entry === image.entry
        ? []
        : [{ kind: "renamed" as const, ...about, from: was.entry }]),
      ...(properties.length === 0 ? [] : [{ kind: "updated" as const, ...about, properties }]),
    ];
  });
}

function propertyChanges(was: ReportedImage, image: ReportedImage): PropertyChange[] {
  // Of an earlier generation the state tells less: what it does not tell any more is no change.
  const isComparable = (name: (typeof compared)[number]) =>
    was.generation === image.generation || (was[name] !== undefined && image[name] !== undefined);
  return compared
    .filter((name) => isComparable(name) && !isDeepStrictEqual(was[name], image[name]))
    .map((property) => present({ property, from: was[property], to: image[property] }));
}

function channelChanges(before: Stock, after: Stock): Change[] {
  const key = ({ pipeline, name }: ReportedChannel) => JSON.stringify([pipeline, name]);
  const was = new Map(before.channels.map((channel) => [key(channel), channel]));
  const now = new Map(after.channels.map((channel) => [key(channel), channel]));
  const moved = [...now].flatMap(([id, channel]): Change[] => {
    const old = was.get(id);
    const to = target(channel, after);
    if (old === undefined) {
      return [{ kind: "channelAdded", ...placeOf(channel), channel: channel.name, to }];
    }
    return old.imageId === channel.imageId
      ? []
      : [
          {
            kind: direction(old, channel, before, after),
            ...placeOf(channel),
            channel: channel.name,
            from: target(old, before),
            to,
          },
        ];
  });
  const gone = [...was].flatMap(([id, channel]): Change[] =>
    now.has(id)
      ? []
      : [
          {
            kind: "channelRemoved",
            ...placeOf(channel),
            channel: channel.name,
            from: target(channel, before),
          },
        ],
  );
  return [...moved, ...gone];
}

function target({ imageId, version }: ReportedChannel, { images }: Stock): ImageReference {
  const image = images.find(({ id }) => id === imageId);
  return present({ id: imageId, name: image?.name, version: version ?? image?.version });
}

/** Whether a channel went to a newer generation, or back to an older one. */
function direction(
  old: ReportedChannel,
  now: ReportedChannel,
  before: Stock,
  after: Stock,
): "promoted" | "rolledBack" | "channelMoved" {
  const generation = (id: string, { images }: Stock) => images.find((image) => image.id === id)?.generation;
  // Where both were is decisive: the one that is left may be gone by now, and the new one may not have been there.
  for (const stock of [after, before]) {
    const [from, to] = [generation(old.imageId, stock), generation(now.imageId, stock)];
    if (from !== undefined && to !== undefined && sameEntry(old, now, stock)) {
      return to < from ? "promoted" : "rolledBack";
    }
  }
  const isNew = generation(now.imageId, before) === undefined;
  return old.urn === now.urn && isNew ? "promoted" : "channelMoved";
}

function sameEntry(old: ReportedChannel, now: ReportedChannel, { images }: Stock): boolean {
  const urn = (wanted: string) => images.find(({ id }) => id === wanted)?.urn;
  return urn(old.imageId) === urn(now.imageId);
}
