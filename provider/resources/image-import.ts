import type * as pulumi from "@pulumi/pulumi";
import type { ImageVolume } from "../api/images";
import { DynamicResource, outputNames } from "./dynamic";
import { importOutputs, importProperties } from "../schema/properties";

/** How long things may take. The resource option `customTimeouts` says the same; this argument goes first. */
export interface Timeouts {
  /** How long to wait for the image to become active, such as `45m` or `1h30m`. Default `2h`. */
  create?: pulumi.Input<string>;
}

/** Which file goes into which record. */
export interface ImageImportArgs {
  /** Id of the image record. A change replaces. API: `image_id`. */
  imageId: pulumi.Input<string>;
  /**
   * Object Storage URL of the file, as for `ImageRecord`. An active image cannot be imported into again, so a change is refused
   * in preview once the import is done. API: `url`.
   */
  url: pulumi.Input<string>;
  /** How long to wait. A change does nothing by itself. */
  timeouts?: pulumi.Input<Timeouts>;
  /** Whether deleting this resource deletes the image. Default true. A change does nothing by itself. */
  deleteImage?: pulumi.Input<boolean>;
  /** Region. Default: the configured one. A change replaces. */
  region?: pulumi.Input<string>;
  /** Environment: `s`, `g` or `e`. Default: the configured one. A change replaces. */
  environment?: pulumi.Input<string>;
}

/**
 * The import of a file into an image record; made when the image is `active`. It starts the import where nothing else does,
 * waits while one is under way, and starts a failed one again, a few times.
 *
 * Used alone, on a record that exists already, it manages that image: deleting it deletes the image, unless `deleteImage` is
 * false or the resource option `retainOnDelete` is set.
 */
export class ImageImport extends DynamicResource {
  declare readonly imageId: pulumi.Output<string>;
  declare readonly url: pulumi.Output<string>;
  declare readonly timeouts: pulumi.Output<{ create?: string } | undefined>;
  declare readonly deleteImage: pulumi.Output<boolean>;
  declare readonly region: pulumi.Output<string>;
  declare readonly environment: pulumi.Output<string>;
  /** `active`, unless an operator has deactivated the image since. */
  declare readonly status: pulumi.Output<string>;
  /** The MD5 of the file, in hexadecimal. */
  declare readonly checksum: pulumi.Output<string | undefined>;
  /** The algorithm of `osHashValue`: `sha512`. */
  declare readonly osHashAlgo: pulumi.Output<string | undefined>;
  /** The hash of the file, in hexadecimal. */
  declare readonly osHashValue: pulumi.Output<string | undefined>;
  /** Size of the file, in bytes. */
  declare readonly size: pulumi.Output<number | undefined>;
  /** Size of the disk that the file describes, in bytes. */
  declare readonly virtualSize: pulumi.Output<number | undefined>;
  /** The volumes of an image that was made from a server. */
  declare readonly volumes: pulumi.Output<ImageVolume[] | undefined>;
  /** Such as `/dev/vda`. */
  declare readonly rootDeviceName: pulumi.Output<string | undefined>;
  /** The GPU driver's version. From API version 1.2 on. */
  declare readonly scpGpuDriver: pulumi.Output<string | undefined>;
  /** Such as `custom`. */
  declare readonly scpImageType: pulumi.Output<string | undefined>;
  declare readonly scpK8sVersion: pulumi.Output<string | undefined>;
  /** Such as `standard`: the type of the image that this one comes from. */
  declare readonly scpOriginalImageType: pulumi.Output<string | undefined>;
  declare readonly scpOsBuildVersion: pulumi.Output<string | undefined>;
  declare readonly scpOsVersion: pulumi.Output<string | undefined>;

  constructor(name: string, args: ImageImportArgs, opts?: pulumi.CustomResourceOptions) {
    // Pulumi does not hand customTimeouts on to a dynamic provider, so they travel as the argument.
    const create = opts?.customTimeouts?.create;
    const timeouts = args.timeouts ?? (create === undefined ? undefined : { create });
    super(
      "ImageImport",
      "image-import",
      name,
      { ...outputNames(importProperties, importOutputs), ...args, timeouts },
      opts,
    );
  }

  /** Looks up the file's side of an image that something else manages, by the image's id. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): ImageImport {
    return new ImageImport(name, {} as ImageImportArgs, { ...opts, id });
  }
}
