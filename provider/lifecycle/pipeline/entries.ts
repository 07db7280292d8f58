// What this solves: an entry of a pipeline is a record and an ImageGenerations beside it, and each run may look at the one alone, or fail
// between the two. The delete of a record must leave alone what its generations keep, and so must know whether this run knows them. Pulumi's
// deletes tell nothing but what the state says, which may be of before a rename. So what is asked of an entry first (check, diff) says here
// what it learns.

/** What this run knows of one entry. */
interface Entry {
  /** The images that its record has had, the last one that of the state: what the generations were not told of is found by them. */
  images: readonly string[];
  /** The image that its record has from now on. */
  latest?: string;
  /** Whether it leaves its images behind: in another region, environment or account. */
  leaves: boolean;
  /** Where its generations are to be, as far as this run has looked at them. */
  place?: string;
  /** Whether this run knows what of its images stays. */
  isKnown: boolean;
  /** Whether it had generations until now. */
  hasBefore?: boolean;
}

/** A record of an entry, as the state has it and as the program wants it. */
export interface EntryRecord {
  imageId: string;
  /** Where it is to stand in the program. */
  origin: unknown;
  /** Where it stood when the state was last told. */
  place: string;
  /** The images that it had before this one. */
  replaced?: readonly string[];
  leaves: boolean;
}

/** How many images before its present one a record remembers. */
const mostReplaced = 10;

/** The entries of a run's pipelines, by their records' origins. */
export class Entries {
  private readonly entries = new Map<string, Entry>();
  /** Where records stand now that stood elsewhere. */
  private readonly moved = new Map<string, string>();
  /** The images that are among generations which this run knows. */
  private readonly told = new Set<string>();
  private hasParts = false;
  /** By an image's id, the channels that the program has point at it. */
  private readonly pointed = new Map<string, Set<string>>();

  /** Says what the state has of an entry's record, and whether the program moves it. */
  noteRecord({ imageId, origin, place, replaced = [], leaves }: EntryRecord): void {
    const images = [...replaced, imageId].slice(-mostReplaced);
    Object.assign(this.at(asKey(origin)), { images, latest: imageId, leaves });
    this.moved.set(place, asKey(origin));
  }

  /** Says that an entry's record was made. Answers the images that it had before, as far as this run knows. */
  noteMade(imageId: string, origin: unknown): string[] {
    const entry = this.at(asKey(origin));
    entry.latest = imageId;
    return [...entry.images];
  }

  /** The images that an entry's record had until now, the last one that of the state. */
  imagesBefore(origin: unknown): readonly string[] {
    return this.entries.get(asKey(origin))?.images ?? [];
  }

  /** The image of an entry's record, as far as this run knows it. */
  latestOf(origin: unknown): string | undefined {
    return this.entries.get(asKey(origin))?.latest;
  }

  /** Says that generations leave their images behind. */
  noteLeaving(origin: unknown): void {
    this.at(asKey(origin)).leaves = true;
  }

  leaves(origin: unknown): boolean {
    return this.entries.get(asKey(origin))?.leaves === true;
  }

  /** Says that the program has a part of some entry: where this run looks at that alone, it knows of no generations. */
  notePart(): void {
    this.hasParts = true;
  }

  /** Says that this run knows the generations of an entry, and so of these images what stays. */
  noteGenerations(origin: unknown, generations: readonly { imageId: string }[] = []): void {
    this.at(asKey(origin)).isKnown = true;
    generations.forEach(({ imageId }) => this.told.add(imageId));
  }

  /** Says where the program wants the generations of an entry. */
  place(origin: unknown, place: string): void {
    this.at(asKey(origin)).place = place;
  }

  /** Where the program wants them; undefined where it wants none, as far as this run knows. */
  placeOf(origin: unknown): string | undefined {
    return this.entries.get(asKey(origin))?.place;
  }

  /**
   * Whether an image of an entry may be one that its generations keep, which this run does not look at. Where this run has looked at the
   * generations of each record that it knows, any other record is in the program no more, and all of it goes.
   */
  mayBeKept(imageId: string, place?: string): boolean {
    const isKnown = this.told.has(imageId) || this.entries.get(this.now(place))?.isKnown === true;
    const isBlind = this.hasParts && this.entries.size === 0;
    return !isKnown && (isBlind || [...this.entries.values()].some((entry) => !entry.isKnown));
  }

  /** Says what generations an entry had until now. */
  noteBefore(origin: unknown, generations: readonly { imageId: string }[]): void {
    this.at(asKey(origin)).hasBefore = generations.length > 0;
    generations.forEach(({ imageId }) => this.told.add(imageId));
  }

  /**
   * Whether an image that an entry's record had was never one of its generations, as far as this run knows: with `--replace`, a run is not
   * told what the record had.
   */
  isStranger(imageId: string, place: string): boolean {
    const entry = this.entries.get(this.now(place));
    return entry?.hasBefore === true && !this.told.has(imageId) && !entry.images.includes(imageId);
  }

  /** Says that the program has channels point at an image. */
  point(imageId: string, channels: readonly string[]): void {
    this.pointed.set(imageId, new Set([...(this.pointed.get(imageId) ?? []), ...channels]));
  }

  /** Whether the program has a channel point at an image. */
  isPointedAt(imageId: string, channel: string): boolean {
    return this.pointed.get(imageId)?.has(channel) === true;
  }

  /** Where what stood here, as the state says, stands now. */
  now(origin: unknown): string {
    return this.moved.get(asKey(origin)) ?? asKey(origin);
  }

  private at(key: string): Entry {
    const entry = this.entries.get(key) ?? { images: [], leaves: false, isKnown: false };
    this.entries.set(key, entry);
    return entry;
  }
}

/** Entries that were written into the state by hand have no origin. */
function asKey(origin: unknown): string {
  return typeof origin === "string" ? origin : "";
}
