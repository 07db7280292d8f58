import type { Cloud } from "../cloud";
import { forbidden, notFound } from "../http";
import { isOwner, mayShow, spelled, without } from "../images";
import type { ImageBody, StoredImage } from "../store";
import type { ApiCall } from "./route";

/** The image that the path names, if the caller may see it: another account's private one does not exist for it. */
export function find(cloud: Cloud, call: ApiCall): StoredImage {
  const image = seen(cloud, call);
  if (!image) throw notFound(`No image found with ID ${call.params[0]}`);
  return image;
}

export function seen(cloud: Cloud, call: ApiCall): StoredImage | undefined {
  const image = cloud.findImage(call.params[0] ?? "");
  return image && mayShow(image, call.account, cloud.settings) && !cloud.isHidden(image) ? image : undefined;
}

/** For changes: whoever sees an image but does not own it is refused, instead of told that it is not there. */
export function findOwn(cloud: Cloud, call: ApiCall): StoredImage {
  const image = find(cloud, call);
  if (!isOwner(image, call.account)) throw forbidden("You are not permitted to modify this image.");
  return image;
}

/** Versions 1.0 and 1.1 do not know `scp_gpu_driver`. */
export function shown(cloud: Cloud, image: StoredImage, call: ApiCall): Partial<ImageBody> {
  const body = spelled(image.body, cloud.settings);
  return call.version >= 2 ? body : without(body, "scp_gpu_driver");
}
