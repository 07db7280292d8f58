import type { Image } from "../../api/images";

/** Whether an image tells that it was made from a server: it has volumes. */
export function isOfServer({ volumes }: Image): boolean {
  return volumes !== undefined && volumes.length > 0;
}

/** Why an image was not made from a server; undefined where it was, and where it need not tell yet. A sentence's part. */
export function notOfServer(image: Image): string | undefined {
  if (isOfServer(image)) {
    return undefined;
  }
  if (image.url !== undefined) {
    return `it was not made from a server, but imported from ${image.url}`;
  }
  return image.status === "active" ? "it has no volumes, so it was not made from a server" : undefined;
}
