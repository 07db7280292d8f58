// What this solves: a delete must never delete an image that something else of the program manages. Pulumi makes the new entry of a
// replacement first and deletes the old one at the end of the run, and neither tells of the other. So an image can be in the state twice.
//
// A program moves an imageId from the record `a` to the record `b`. Check of `b` says that it is wanted (`want`, and `wantAsNewcomer`, so
// that a third record which names it too is refused). Diff of `a` says that the state holds it (`hold`, by the entry's token). Create of
// `b` takes it over, and holds it by a token of its own. Then the delete of `a`'s entry lets go (`release`) and is told that the image is
// still held: it is kept. Where nothing holds it any more, the delete deletes it.

/** Which images the resources of this run hold, or are to hold. */
export class ImageHolders {
  /** By an image's id, the tokens of the state's entries that hold it. */
  private readonly tokens = new Map<string, Set<string>>();
  /** By an image's id, the records that manage it, each by its origin. */
  private readonly records = new Map<string, Set<string>>();
  /** By an image's id, the records that the program makes to manage it from now on. */
  private readonly newcomers = new Map<string, Set<string>>();
  /** Images that an ImageImport by itself manages, or is to: its delete would delete them. */
  private readonly ofImports = new Set<string>();
  /** The origins of the records whose generations this run knows. */
  private readonly generationsKnown = new Set<string>();
  /** The images that are among those generations, also as the current one. */
  private readonly inGenerations = new Set<string>();
  /** By origin, the image that its record has from now on. */
  private readonly latest = new Map<string, string>();
  /** By origin, the image that the state has for its record. */
  private readonly before = new Map<string, string>();
  /** By an image's id, the origins of those whose earlier generation it is. */
  private readonly earlier = new Map<string, Set<string>>();
  /** By origin, and by the current image, where its generations are to be. */
  private readonly places = new Map<string, string>();
  /** By an image's id, the channels that the program has point at it. */
  private readonly channels = new Map<string, Set<string>>();
  private readonly wanted = new Set<string>();
  private readonly released = new Set<string>();
  private readonly deleted = new Set<string>();
  /** The origins of the records of which this run knows what they hold. */
  private readonly known = new Set<string>();

  /** Says that an entry of the state holds an image, and goes on holding it until it is released. */
  hold(imageId: string, token: unknown): void {
    add(this.tokens, imageId, asKey(token));
  }

  /** Says that a record manages an image. */
  holdAsRecord(imageId: string, token: unknown, origin: unknown): void {
    this.hold(imageId, token);
    add(this.records, imageId, asKey(origin));
    this.known.add(asKey(origin));
    this.latest.set(asKey(origin), imageId);
  }

  /** Says that the state has this image for a record of the program. */
  holdAsBefore(imageId: string, token: unknown, origin: unknown): void {
    this.holdAsRecord(imageId, token, origin);
    this.before.set(asKey(origin), imageId);
  }

  /** The image that the state has for the record of this origin, as far as this run has seen it. */
  imageBefore(origin: unknown): string | undefined {
    return this.before.get(asKey(origin));
  }

  /** The image of the record of this origin, as far as this run knows it. */
  latestOf(origin: unknown): string | undefined {
    return this.latest.get(asKey(origin));
  }

  /** Says that a record is being made, and that the state has none in its place. */
  begin(origin: unknown): void {
    this.known.add(asKey(origin));
  }

  /** Whether this run knows what the record of this origin holds. Of any other the state may hold anything. */
  isKnown(origin: string): boolean {
    return this.known.has(origin);
  }

  /**
   * Whether an image that goes was replaced: its record is still in the program. The image tells too, since a record's place in the
   * program changes with a rename, and the state learns of that in the next update alone.
   */
  wasReplaced(imageId: string, place: string): boolean {
    return this.known.has(place) || this.records.has(imageId);
  }

  /** Whether an entry of the state that this run has seen holds an image, or held it. */
  wasHeld(imageId: string): boolean {
    return this.isHeld(imageId) || this.released.has(imageId);
  }

  /** Says that an ImageImport manages an image which no record of this run is known to manage. */
  holdAsImport(imageId: string): void {
    this.ofImports.add(imageId);
  }

  isOfImport(imageId: string): boolean {
    return this.ofImports.has(imageId);
  }

  /** Says that the program names an image as one to manage. What an old entry of the state does to it is then no matter. */
  want(imageId: string): void {
    this.wanted.add(imageId);
  }

  /** Says that a record which the state does not know yet is to manage an image. */
  wantAsNewcomer(imageId: string, origin: unknown): void {
    this.want(imageId);
    add(this.newcomers, imageId, asKey(origin));
  }

  /** Whether another record of the program manages an image, or is to. */
  isOthers(imageId: string, origin: unknown): boolean {
    const held = [this.records, this.earlier].some((all) => isOthers(all.get(imageId), origin));
    return held || this.hasNewcomer(imageId, origin);
  }

  /** Whether another record of the program is to manage an image from now on. */
  hasNewcomer(imageId: string, origin: unknown): boolean {
    return isOthers(this.newcomers.get(imageId), origin);
  }

  /** Whether a record of this run manages an image, or is to. */
  isOfRecord(imageId: string): boolean {
    return this.records.has(imageId) || this.newcomers.has(imageId);
  }

  /** Says that this run knows the generations of the record of this origin, and so of these images what stays. */
  keepGenerations(origin: unknown, generations: readonly { imageId: string }[] = []): void {
    this.generationsKnown.add(asKey(origin));
    generations.forEach(({ imageId }) => this.inGenerations.add(imageId));
  }

  /** The image tells too, as above. */
  knowsGenerations(origin: unknown, imageId: string): boolean {
    const origins = [asKey(origin), ...(this.records.get(imageId) ?? [])];
    return this.inGenerations.has(imageId) || origins.some((one) => this.generationsKnown.has(one));
  }

  /** Says that an image stays as an earlier generation, whatever becomes of the record that made it. */
  holdAsGeneration(imageId: string, token: unknown, origin: unknown): void {
    this.hold(imageId, token);
    add(this.earlier, imageId, asKey(origin));
  }

  /** Says where the program wants the generations of an origin, of which an image is the current one. */
  placeGenerations({ imageId, origin }: { imageId: string; origin?: string }, place: string): void {
    [asKey(origin), imageId].forEach((key) => this.places.set(key, place));
  }

  /**
   * Where the program wants them; undefined where it wants none, as far as this run knows. The current image tells too, as above, unless
   * it goes to another record.
   */
  placeOfGenerations(origin: unknown, imageId = ""): string | undefined {
    const byImage = this.hasNewcomer(imageId, origin) ? undefined : this.places.get(imageId);
    return this.places.get(asKey(origin)) ?? byImage;
  }

  /** Says that the program has channels point at an image. */
  pointAt(imageId: string, channels: readonly string[]): void {
    channels.forEach((channel) => {
      add(this.channels, imageId, channel);
    });
  }

  /** Whether the program has a channel point at an image. */
  isPointedAt(imageId: string, channel: string): boolean {
    return this.channels.get(imageId)?.has(channel) === true;
  }

  isGeneration(imageId: string): boolean {
    return this.earlier.has(imageId);
  }

  isHeld(imageId: string): boolean {
    return this.wanted.has(imageId) || (this.tokens.get(imageId)?.size ?? 0) > 0;
  }

  /** Says that an entry of the state is done with an image. Answers whether nothing else of this run holds it. */
  release(imageId: string, token: unknown): boolean {
    this.tokens.get(imageId)?.delete(asKey(token));
    this.released.add(imageId);
    return !this.isHeld(imageId);
  }

  /** Says that this run has deleted an image: that it is not found any more needs no proof then. */
  noteDeleted(imageId: string): void {
    this.deleted.add(imageId);
  }

  wasDeleted(imageId: string): boolean {
    return this.deleted.has(imageId);
  }
}

function add(map: Map<string, Set<string>>, id: string, key: string): void {
  map.set(id, (map.get(id) ?? new Set()).add(key));
}

function isOthers(keys: ReadonlySet<string> | undefined, own: unknown): boolean {
  return [...(keys ?? [])].some((key) => key !== asKey(own));
}

/** Entries that were written into the state by hand have no token. */
function asKey(token: unknown): string {
  return typeof token === "string" ? token : "";
}
