import type * as pulumi from "@pulumi/pulumi";
import { DynamicResource, outputNames, typeName } from "./dynamic";
import { originOf } from "./origin";
import { recordOutputs, recordProperties } from "../schema/properties";

/** The operating systems that SCP knows. */
export type OsDistro = "alma" | "centos" | "rhel" | "rocky" | "ubuntu" | "windows" | "oracle" | "sles";

/** What one declares of an image. A wrong value is refused in preview, before anything is done. */
export interface ImageRecordArgs {
  /** Name: 1 to 255 letters, digits, spaces, `-` and `_`. Need not be unique. A change replaces. API: `name`. */
  name: pulumi.Input<string>;
  /** Operating system. A change replaces. API: `os_distro`. */
  osDistro: pulumi.Input<OsDistro>;
  /**
   * Object Storage URL of the file: at most 255 characters, ending in `.qcow2`, in the image's own region. The object must be
   * readable without credentials (its own ACL public-read). Both path forms are taken as they are, `/account:bucket/object` and
   * `/account/bucket/object`. A change replaces. API: `url`.
   */
  url: pulumi.Input<string>;
  /** Format of the file: `qcow2`, the default and the only one. A change replaces. API: `disk_format`. */
  diskFormat?: pulumi.Input<"qcow2">;
  /** Container around the file: `bare`, the default and the only one. A change replaces. API: `container_format`. */
  containerFormat?: pulumi.Input<"bare">;
  /** Smallest disk, in GB, that a server needs for the image. Default 0. Updates in place. API: `min_disk`. */
  minDisk?: pulumi.Input<number>;
  /**
   * Least memory that a server needs for the image: 0 to 2097151, the API's own number (its documentation says GB, the vendor's
   * Terraform provider MB). Default 0. Updates in place. API: `min_ram`.
   */
  minRam?: pulumi.Input<number>;
  /** Whether SCP refuses to delete the image. Default false. Updates in place. API: `protected`. */
  protected?: pulumi.Input<boolean>;
  /** `private`, or `shared` with the accounts that are its members. Default `private`. Updates in place. API: `visibility`. */
  visibility?: pulumi.Input<"private" | "shared">;
  /**
   * Tags: keys of 1 to 128 characters, values of up to 256. Updates in place. Without this property the image's tags are left
   * alone. API: `tags` at creation, the resource manager's tags afterwards.
   */
  tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Region. Default: the configured one. A change replaces. */
  region?: pulumi.Input<string>;
  /** Environment: `s`, `g` or `e`. Default: the configured one. A change replaces. */
  environment?: pulumi.Input<string>;
  /**
   * Id of an existing image to manage instead of making one. What cannot change must be as the image has it, which preview checks;
   * what can change is brought to what is declared here. Another id replaces; taking the property out afterwards does nothing.
   */
  imageId?: pulumi.Input<string>;
}

/**
 * An image's record: made at once, before the file is imported, so that its id is in Pulumi's state before any waiting begins.
 * Deleting it deletes the image. Most programs want `Image`, which is this and an `ImageImport`.
 */
export class ImageRecord extends DynamicResource {
  declare readonly name: pulumi.Output<string>;
  declare readonly osDistro: pulumi.Output<string>;
  declare readonly url: pulumi.Output<string>;
  declare readonly diskFormat: pulumi.Output<string>;
  declare readonly containerFormat: pulumi.Output<string>;
  /** GB. */
  declare readonly minDisk: pulumi.Output<number>;
  declare readonly minRam: pulumi.Output<number>;
  declare readonly protected: pulumi.Output<boolean>;
  /** Also `public` or `community` on an image that was only looked up. */
  declare readonly visibility: pulumi.Output<string>;
  /** The declared tags; undefined where none are declared. */
  declare readonly tags: pulumi.Output<Record<string, string> | undefined>;
  declare readonly region: pulumi.Output<string>;
  declare readonly environment: pulumi.Output<string>;
  /** Id of the account that owns the image. */
  declare readonly owner: pulumi.Output<string | undefined>;
  declare readonly ownerAccountName: pulumi.Output<string | undefined>;
  declare readonly ownerUserName: pulumi.Output<string | undefined>;
  /** Path of the image's data in the image service. */
  declare readonly file: pulumi.Output<string | undefined>;
  /** Whether lists leave the image out. */
  declare readonly osHidden: pulumi.Output<boolean | undefined>;
  /** ISO 8601, UTC. */
  declare readonly createdAt: pulumi.Output<string | undefined>;
  /** ISO 8601, UTC. As of the last change of one of these properties; the service moves it for other reasons too. */
  declare readonly updatedAt: pulumi.Output<string | undefined>;

  constructor(name: string, args: ImageRecordArgs, opts?: pulumi.CustomResourceOptions) {
    const declared = opts?.id === undefined;
    const origin = declared ? originOf(name, typeName("ImageRecord"), opts?.parent) : undefined;
    super(
      "ImageRecord",
      "image-record",
      name,
      { ...outputNames(recordProperties, recordOutputs), ...args, origin },
      opts,
    );
  }

  /** Looks up a record that something else manages, by the image's id. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): ImageRecord {
    // An id means a look-up: nothing is declared then.
    return new ImageRecord(name, {} as ImageRecordArgs, { ...opts, id });
  }
}
