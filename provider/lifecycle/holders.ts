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
  /** By an image's id, the origins of those whose earlier generation it is. */
  private readonly earlier = new Map<string, Set<string>>();
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
  }

  /** Says that a record is being made, and that the state has none in its place. */
  begin(origin: unknown): void {
    this.known.add(asKey(origin));
  }

  /** Whether this run knows what the record of this origin holds. Of any other the state may hold anything. */
  isKnown(origin: string): boolean {
    return this.known.has(origin);
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

  isWanted(imageId: string): boolean {
    return this.wanted.has(imageId);
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

  /** Says that an image stays as an earlier generation, whatever becomes of the record that made it. */
  holdAsGeneration(imageId: string, token: unknown, origin: unknown): void {
    this.hold(imageId, token);
    add(this.earlier, imageId, asKey(origin));
  }

  /** Says that it is none after all, since its entry leaves it behind. */
  releaseGeneration(imageId: string, token: unknown, origin: unknown): void {
    this.tokens.get(imageId)?.delete(asKey(token));
    const origins = this.earlier.get(imageId);
    origins?.delete(asKey(origin));
    if (origins?.size === 0) {
      this.earlier.delete(imageId);
    }
  }

  /** Whether an image is an earlier generation from now on. */
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
