import * as pulumi from "@pulumi/pulumi";
import type { ImageInfo } from "./image-info";
import { programContext } from "./stack-context";

/** Whose offers, and which of them. */
export interface GetPendingImagesArgs {
  /** Only images of this type, such as `custom`. */
  scpImageType?: string;
  /** Only images that come from one of this type, such as `standard`. */
  scpOriginalImageType?: string;
  /** Region. By default the configured one. */
  region?: string;
  /** Environment: `s`, `g` or `e`. By default the configured one. */
  environment?: string;
  /** Whose keys are used: the name of a profile in Pulumi config `scp:profiles`. By default the stack's. */
  profile?: string;
}

/**
 * The images that other accounts offer to this one, and that it has neither accepted nor rejected. Asked in each run, in preview too.
 * @throws SettingsError; ScpError of the service
 */
export async function getPendingImages(args: GetPendingImagesArgs = {}): Promise<ImageInfo[]> {
  const { scpImageType, scpOriginalImageType, ...where } = args;
  const { client } = await (await programContext()).open(where);
  return client.listPendingImages({ scpImageType, scpOriginalImageType });
}

/** The same for arguments that are outputs. */
export function getPendingImagesOutput(
  args: { [K in keyof GetPendingImagesArgs]: pulumi.Input<GetPendingImagesArgs[K]> } = {},
): pulumi.Output<ImageInfo[]> {
  return pulumi.output(args).apply(getPendingImages);
}
