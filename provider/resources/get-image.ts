import * as pulumi from "@pulumi/pulumi";
import type { Args, CallArgs } from "../schema/description";
import type { ImageInfo } from "../schema/image-info";
import { imageFilters, imageLookup } from "../schema/image-lookup";
import { after, call, type LookupOptions } from "./lookup";

/** Which image to look up: by its id, or by what is known of it. */
export interface GetImageArgs extends CallArgs<typeof imageLookup> {}

/** The same, of values that may be outputs. */
export interface GetImageOutputArgs extends Args<typeof imageLookup> {}

/** Which images to look up. Without any of it, all that the account can see. */
export interface GetImagesArgs extends CallArgs<typeof imageFilters> {}

/** The same, of values that may be outputs. */
export interface GetImagesOutputArgs extends Args<typeof imageFilters> {}

export type { LookupOptions };

/**
 * Looks an image up, in preview too: by its id, or by filters, which one active image must match unless `status` says otherwise.
 *
 * Throws `pulumi.RunError`, which ends the program with a sentence: where no image matches, with what comes near; where more than one
 * does, with which, unless `mostRecent` is set; and what is wrong with arguments or settings, or what the service answered.
 */
export function getImage(args: GetImageArgs): Promise<ImageInfo> {
  return call("getImage", imageLookup, args, async (given, { findImage, context }) =>
    findImage(given, await context.open(given)),
  );
}

/** The same as an output, of arguments that may be outputs. Where one of them is not known in preview, the answer is not. */
export function getImageOutput(args: GetImageOutputArgs, opts?: LookupOptions): pulumi.Output<ImageInfo> {
  return after(args, opts).apply((known) => getImage(known as GetImageArgs));
}

/**
 * Looks up all images that match, the newest first: by `createdAt`, then by id.
 *
 * Throws `pulumi.RunError`, as `getImage` does; that none matches is no error.
 */
export function getImages(args: GetImagesArgs = {}): Promise<ImageInfo[]> {
  return call("getImages", imageFilters, args, async (given, { findImages, context }) =>
    findImages(given, await context.open(given)),
  );
}

/** The same as an output, of arguments that may be outputs. Where one of them is not known in preview, the answer is not. */
export function getImagesOutput(
  args: GetImagesOutputArgs = {},
  opts?: LookupOptions,
): pulumi.Output<ImageInfo[]> {
  return after(args, opts).apply((known) => getImages(known as GetImagesArgs));
}
