import { withoutOwnTags } from "../schema/own-tags";
import { type DeclaredAs, type ReportedChannel, type ReportedImage, type Told } from "./model";
import { shortType, type State, type StateResource } from "./state";
import {
  flagIn,
  isObject,
  listIn,
  mapIn,
  numberIn,
  objectIn,
  present,
  shown,
  textIn,
  type Values,
} from "./values";

/** The images of a state, and the channels that point at them. */
export interface Stock {
  images: ReportedImage[];
  channels: ReportedChannel[];
}

/** What a program declares as one image, with all that the state has of it. */
interface Entry {
  urn: string;
  entry: string;
  pipeline?: string;
  declaredAs: DeclaredAs;
  /** What holds its images. */
  holders: StateResource[];
  /** What was uploaded. */
  file?: StateResource;
  generations?: StateResource;
}

const holding: Readonly<Record<string, DeclaredAs>> = {
  ImageRecord: "ImageRecord",
  ImageImport: "ImageImport",
  ServerImageRecord: "ServerImage",
  ServerImageSnapshot: "ServerImage",
};

/** @param now milliseconds since 1970 */
export function stockOf({ resources }: State, now: number): Stock {
  const entries = entriesOf(resources);
  const channels = entries.flatMap(channelsOf);
  const shares = resources.filter(({ type, leaving }) => shortType(type) === "ImageMember" && !leaving);
  const images = withoutRepetition(entries.flatMap(imagesOf)).map((image) => ({
    ...image,
    channels: channels.filter(({ imageId }) => imageId === image.id).map(({ name }) => name),
    sharedWith: membersOf(image.id, shares),
    age: ageOf(image.createdAt, now),
  }));
  return { images: images.map(present).sort(inOrder), channels };
}

function entriesOf(resources: readonly StateResource[]): Entry[] {
  const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
  const entries = new Map<string, Entry>();
  for (const resource of resources) {
    const kind = shortType(resource.type);
    const declaredAs = Object.hasOwn(holding, kind) ? holding[kind] : undefined;
    if (declaredAs === undefined && kind !== "ImageFile" && kind !== "ImageGenerations") {
      continue;
    }
    const place = placeOf(resource, byUrn, declaredAs ?? "Image");
    const entry = entries.get(place.urn) ?? { ...place, holders: [] };
    entries.set(place.urn, entry);
    if (declaredAs !== undefined) {
      entry.holders.push(resource);
    } else if (!resource.leaving) {
      entry[kind === "ImageFile" ? "file" : "generations"] = resource;
    }
  }
  return [...entries.values()];
}

/** Whose image a resource holds: its component's, or its own where it stands alone. */
function placeOf(
  resource: StateResource,
  byUrn: ReadonlyMap<string, StateResource>,
  alone: DeclaredAs,
): Omit<Entry, "holders"> {
  const parent = byUrn.get(resource.parent ?? "");
  const component = parent && /^(Server)?Image$/.test(shortType(parent.type)) ? parent : undefined;
  if (component === undefined) {
    return { urn: shown(resource.urn), entry: resource.name, declaredAs: alone };
  }
  const above = byUrn.get(component.parent ?? "");
  const pipeline = above && shortType(above.type) === "ImagePipeline" ? above.name : undefined;
  const own = shortType(component.type) as "Image" | "ServerImage";
  return {
    urn: shown(component.urn),
    entry: component.name,
    pipeline,
    declaredAs: pipeline === undefined ? own : "ImagePipeline",
  };
}

/** The entry's images: the current one, those replaced and not deleted yet, and the earlier generations. */
function imagesOf(entry: Entry): ReportedImage[] {
  const { holders, generations } = entry;
  const ids = (some: StateResource[]) => [...new Set(some.flatMap((one) => imageIdOf(one) ?? []))];
  const listed = generations ? listIn(generations.outputs, "generations").flatMap(generationOf) : [];
  const [declared] = ids(holders.filter(({ leaving }) => !leaving));
  const current = declared ?? listed[0]?.imageId;
  const earlier = listed.filter(({ imageId }) => imageId !== current);
  const kept = new Set([current, ...earlier.map(({ imageId }) => imageId)]);
  const going = ids(holders).filter((id) => !kept.has(id));
  const image = (id: string, generation: number, leaving: boolean): ReportedImage => ({
    ...describe(entry, id),
    version: listed.find(({ imageId }) => imageId === id)?.version,
    generation,
    leaving,
  });
  return [
    ...(current === undefined ? [] : [image(current, 0, false)]),
    ...earlier.map(({ imageId }, index) => image(imageId, index + 1, false)),
    ...going.map((id, index) => image(id, earlier.length + index + 1, true)),
  ];
}

function imageIdOf({ id, external, outputs }: StateResource): string | undefined {
  const stated = outputs.imageId;
  return id ?? (external && typeof stated === "string" ? stated : undefined);
}

function generationOf(values: Values): { imageId: string; version?: Told<string> }[] {
  const { imageId } = values;
  return typeof imageId === "string" ? [{ imageId, version: textIn(values, "version") }] : [];
}

/** What the resources that hold an image tell of it, and what is remembered of it as a generation. */
function describe(entry: Entry, id: string): ReportedImage {
  const { urn, entry: name, pipeline, declaredAs, holders, file, generations } = entry;
  const own = holders.filter((one) => imageIdOf(one) === id);
  const facts = generations ? objectIn(objectIn(generations.outputs, "facts"), id) : {};
  const place = own.length === 0 && generations ? [placeIn(generations.outputs)] : [];
  const all = [...own.map(({ outputs }) => outputs), facts, ...place];
  const first = <T>(read: (values: Values, name: string) => T | undefined, property: string) =>
    firstOf(all.map((values) => read(values, property)));
  const isCurrent = own.some(({ leaving }) => !leaving);
  return {
    id: shown(id),
    urn,
    entry: name,
    pipeline,
    declaredAs,
    generation: 0,
    channels: [],
    lookedUp: own.length > 0 && own.every(({ external }) => external),
    leaving: false,
    name: first(textIn, "name"),
    status: first(textIn, "status"),
    osDistro: first(textIn, "osDistro"),
    size: first(numberIn, "size"),
    virtualSize: first(numberIn, "virtualSize"),
    md5: first(textIn, "checksum"),
    sha512: all.some(({ osHashAlgo }) => osHashAlgo === "sha512") ? first(textIn, "osHashValue") : undefined,
    createdAt: first(textIn, "createdAt"),
    protected: first(flagIn, "protected"),
    visibility: first(textIn, "visibility"),
    region: first(textIn, "region"),
    environment: first(textIn, "environment"),
    minDisk: first(numberIn, "minDisk"),
    minRam: first(numberIn, "minRam"),
    url: withoutQuery(first(textIn, "url")),
    file: isCurrent && file ? baseName(textIn(file.outputs, "file")) : undefined,
    serverId: first(textIn, "serverId"),
    tags: ownersTags(first(mapIn, "tags")),
    sharedWith: [],
  };
}

/** Of a generation, its place alone is that of all: the rest is the current image's. */
function placeIn({ region, environment }: Values): Values {
  return { region, environment };
}

function firstOf<T>(values: (T | undefined)[]): T | undefined {
  return values.find((value) => value !== undefined);
}

function ownersTags(tags: ReportedImage["tags"]): ReportedImage["tags"] {
  return isObject(tags) ? withoutOwnTags(tags) : tags;
}

/** What stands behind a name's `@`, or in a query, may be a key. */
function withoutQuery(url: string | undefined): string | undefined {
  return url?.replace(/[?#].*$/, "").replace(/^([a-z]+:\/\/)[^/@]*@/i, "$1");
}

/** The report goes to other people than the folders of a machine do. */
function baseName(path: string | undefined): string | undefined {
  return path?.replace(/^.*[/\\]/, "");
}

function ageOf(createdAt: Told<string> | undefined, now: number): number | undefined {
  const created = createdAt === undefined ? NaN : Date.parse(createdAt);
  return Number.isNaN(created) ? undefined : Math.max(0, Math.round((now - created) / 1000));
}

function membersOf(id: string, shares: readonly StateResource[]): Told<string>[] {
  return shares
    .filter(({ outputs }) => textIn(outputs, "imageId") === id)
    .flatMap(({ outputs }) => textIn(outputs, "memberId") ?? []);
}

function channelsOf({ urn, entry, pipeline, generations }: Entry): ReportedChannel[] {
  if (generations === undefined) {
    return [];
  }
  const wanted = objectIn(generations.outputs, "channels");
  const targets = objectIn(generations.outputs, "targets");
  return Object.entries(targets).flatMap(([channel, target]) => {
    if (!isObject(target) || typeof target.imageId !== "string") {
      return [];
    }
    const pinned = wanted[channel] !== undefined && wanted[channel] !== "";
    const version = textIn(target, "version");
    const one = {
      name: shown(channel),
      urn,
      entry,
      pipeline,
      imageId: shown(target.imageId),
      version,
      pinned,
    };
    return [present(one)];
  });
}

/** An image that several resources hold is one image: that of whoever declares it, and does not only wait for it or look it up. */
function withoutRepetition(images: readonly ReportedImage[]): ReportedImage[] {
  const rank = ({ lookedUp, leaving, declaredAs }: ReportedImage) =>
    Number(lookedUp) * 4 + Number(leaving) * 2 + Number(declaredAs === "ImageImport");
  const byId = new Map<string, ReportedImage>();
  for (const image of [...images].sort((a, b) => rank(a) - rank(b))) {
    const known = byId.get(image.id);
    byId.set(image.id, known === undefined ? image : { ...present(image), ...present(known) });
  }
  return [...byId.values()];
}

const collator = new Intl.Collator("en", { numeric: true });

function inOrder(a: ReportedImage, b: ReportedImage): number {
  return (
    collator.compare(a.pipeline ?? "\uffff", b.pipeline ?? "\uffff") ||
    collator.compare(a.entry, b.entry) ||
    collator.compare(a.urn, b.urn) ||
    a.generation - b.generation
  );
}
