import type { AfterImport, StagedObject } from "../../schema/image-file";
import type { Location } from "../context";
import { isExpected } from "../expected";
import { nameOf } from "./uploads";

/**
 * Closes an object after an import. The image is what counts: trouble fails nothing, but is told. Answers whether it is done.
 * @param importers who opened it
 */
export async function closeObject(
  object: StagedObject,
  importers: readonly string[],
  after: AfterImport,
  location: Location,
): Promise<boolean> {
  return attempt(object, location, "The next pulumi up tries again.", () =>
    location.staging.close(object, importers, after),
  );
}

/** The same after an import that failed: the object is not public until the next run tries again. */
export async function closeAfterFailure(
  object: StagedObject,
  importers: readonly string[],
  location: Location,
): Promise<void> {
  await attempt(object, location, "The next pulumi up imports from it again.", () =>
    location.staging.close(object, importers, undefined),
  );
}

/** The same where the object is not what it says. */
export async function discardObject(
  object: StagedObject,
  importers: readonly string[],
  location: Location,
): Promise<void> {
  await attempt(object, location, "Remove it before the next pulumi up.", () =>
    location.staging.discard(object, importers),
  );
}

async function attempt(
  object: StagedObject,
  { warn }: Location,
  next: string,
  work: () => Promise<void>,
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!isExpected(error)) {
      throw error;
    }
    warn(
      `The object ${nameOf(object)} is not closed as it should be, and may be public: ${error.message} ${next}`,
    );
    return false;
  }
}
