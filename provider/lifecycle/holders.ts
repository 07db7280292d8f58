/**
 * Which images the resources of this run hold. An image can be in the state twice: when a resource is replaced although its image
 * stays, the old entry is deleted after the new one was made.
 */
export class ImageHolders {
  /** By an image's id, the tokens of the state's entries that hold it. */
  private readonly tokens = new Map<string, Set<string>>();
  private readonly wanted = new Set<string>();

  /** Says that an entry of the state holds an image, and goes on holding it until it is released. */
  hold(imageId: string, token: unknown): void {
    this.tokens.set(imageId, (this.tokens.get(imageId) ?? new Set()).add(asKey(token)));
  }

  /** Says that the program names an image as one to manage. What an old entry of the state does to it is then no matter. */
  want(imageId: string): void {
    this.wanted.add(imageId);
  }

  isHeld(imageId: string): boolean {
    return this.wanted.has(imageId) || (this.tokens.get(imageId)?.size ?? 0) > 0;
  }

  /** Says that an entry of the state is done with an image. Answers whether nothing else of this run holds it. */
  release(imageId: string, token: unknown): boolean {
    this.tokens.get(imageId)?.delete(asKey(token));
    return !this.isHeld(imageId);
  }
}

/** Entries that were written into the state by hand have no token. */
function asKey(token: unknown): string {
  return typeof token === "string" ? token : "";
}
