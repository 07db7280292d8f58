/** What went wrong with an image, in words for the user. */
export class ImageError extends Error {
  override readonly name = "ImageError";
}

/**
 * A change of a resource that failed on its way: the engine keeps what is said here as its state, and updates it in its next run, also where
 * the program has not changed. The names are Pulumi's.
 */
export class PartlyDone extends ImageError {
  readonly reasons: string[];

  constructor(
    readonly id: string,
    readonly properties: Readonly<Record<string, unknown>>,
    cause: Error,
  ) {
    super(cause.message, { cause });
    this.reasons = [cause.message];
  }
}
