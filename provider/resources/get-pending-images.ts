import type * as pulumi from "@pulumi/pulumi";
import type { Args, CallArgs } from "../schema/description";
import type { ImageInfo } from "../schema/image-info";
import { pendingFilters } from "../schema/pending-images";
import { after, call, type LookupOptions } from "./lookup";

/** Whose offers, and which of them. */
export interface GetPendingImagesArgs extends CallArgs<typeof pendingFilters> {}

/** The same, of values that may be outputs. */
export interface GetPendingImagesOutputArgs extends Args<typeof pendingFilters> {}

/**
 * The images that other accounts offer to this one, and that it has neither accepted nor rejected. Asked in each run, in preview too.
 *
 * Throws `pulumi.RunError`, as `getImage` does.
 */
export function getPendingImages(args: GetPendingImagesArgs = {}): Promise<ImageInfo[]> {
  return call("getPendingImages", pendingFilters, args, async (given, { context }) => {
    const { scpImageType, scpOriginalImageType } = given;
    const { client } = await context.open(given);
    return client.listPendingImages({ scpImageType, scpOriginalImageType });
  });
}

/** The same as an output, of arguments that may be outputs. Where one of them is not known in preview, the answer is not. */
export function getPendingImagesOutput(
  args: GetPendingImagesOutputArgs = {},
  opts?: LookupOptions,
): pulumi.Output<ImageInfo[]> {
  return after(args, opts).apply((known) => getPendingImages(known as GetPendingImagesArgs));
}
