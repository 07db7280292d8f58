import type { ScpClient } from "../api/client";
import { isForbidden } from "../api/errors";
import type { Image, UpdateImage } from "../api/images";
import { explainForeign } from "./accounts";

/** Updates an image. An answer that tells what was before is not believed. */
export async function updateImage(id: string, changes: UpdateImage, client: ScpClient): Promise<Image> {
  const image = await client.updateImage(id, changes).catch(async (error: unknown) => {
    if (!isForbidden(error)) {
      throw error;
    }
    const refused = await client.showImage(id).catch(() => undefined);
    throw (refused && (await explainForeign(error, refused, client))) ?? error;
  });
  const names = Object.keys(changes) as (keyof UpdateImage)[];
  return names.every((name) => image[name] === changes[name]) ? image : client.showImage(id);
}
