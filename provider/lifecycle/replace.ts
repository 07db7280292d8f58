import type { ScpClient } from "../api/client";
import { isSameId, wasActive } from "../api/images";
import { undefinedIfRefused } from "./accounts";
import { ImageError } from "./image-error";

/** A replacement that the engine is about to make: the new image first, then the old one is deleted, or the other way round. */
export interface Replacement {
  /** The id of the image that is to be replaced. */
  id: string;
  /** The properties for which it is. */
  because: readonly string[];
  /** What the state says of the image's protection, for when it cannot be asked. */
  protected?: unknown;
  /** Whether the state says that the old image is kept. */
  retained?: unknown;
  /** Whether the image stays as an earlier generation, if it is one: one that never became active is none. */
  staysAsGeneration?: boolean;
  /** The id that the program names as the image to manage. */
  imageId?: unknown;
}

/**
 * Refuses a replacement that cannot come to its end, while nothing is done yet: in preview.
 * @throws ImageError
 */
export async function refuseHopelessReplacement(replacement: Replacement, client: ScpClient): Promise<void> {
  const { id, because, retained, imageId, staysAsGeneration } = replacement;
  if (because.length === 0) {
    return;
  }
  const what = `A change of ${because.join(", ")} replaces image ${id}`;
  if (isSameId(imageId, id)) {
    throw new ImageError(
      `${what}, which the program takes over by imageId: it would be deleted, and could not be taken over again. ` +
        "Take imageId out to have a new image made in its place, or undo the change.",
    );
  }
  if (retained === true) {
    return;
  }
  const image = await client.showImage(id).catch(undefinedIfRefused);
  // Somebody else may have protected it since.
  const isProtected = image?.protected ?? replacement.protected === true;
  if (!isProtected) {
    return;
  }
  if (staysAsGeneration !== true) {
    throw new ImageError(
      `${what}, which is protected: SCP would refuse to delete it. Set protected to false and run pulumi up; then make the change. ` +
        "To keep the old image instead, set the resource option retainOnDelete, and run pulumi up as well first.",
    );
  }
  if (image !== undefined && !wasActive(image)) {
    throw new ImageError(
      `${what}, which never became active, so it does not stay as a generation; but it is protected, and SCP would refuse to delete it. ` +
        "Set protected to false and run pulumi up, even though that fails at the import; then make the change.",
    );
  }
}
