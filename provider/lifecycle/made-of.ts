import type { ScpClient } from "../api/client";
import type { Image } from "../api/images";
import { isSameObject } from "../api/object-url";

/**
 * Of what an active image is made, where that is not the object at this url; undefined where it is. A service need not show the url: then
 * size and checksum must be the object's.
 */
export async function madeOfAnother(
  image: Image,
  url: string,
  client: Pick<ScpClient, "showObject">,
): Promise<string | undefined> {
  if (image.url !== undefined) {
    return isSameObject(image.url, url) ? undefined : `made of ${image.url}`;
  }
  const object = await client.showObject(url);
  const same = object !== undefined && object.size === image.size && object.md5 === image.checksum;
  return same ? undefined : "made of a file that SCP does not tell";
}
