/** What went wrong with an image, in words for the user. */
export class ImageError extends Error {
  override readonly name = "ImageError";
}
