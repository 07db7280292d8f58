import { byDefault, internal, kept, required } from "./description";
import { imageFacts } from "./image-facts";
import type { StagedObject } from "./image-file";
import { duration, object, objectUrl, oneOf, whole, type Kind } from "./kinds";
import { imageName, managedImage, managing } from "./managed-image";

/** How long things may take. The resource option `customTimeouts` says the same; this argument goes first. */
export interface Timeouts {
  /** How long to wait for the image to become active, such as `45m` or `1h30m`. By default `2h`. */
  create?: string;
}

export const timeoutsKind: Kind<Timeouts> = object({ create: duration }, `{ create: "45m" }`);

/** What only an image that is made of a file has. */
const ofAFile = {
  /** Name: 1 to 255 letters, digits, spaces, `-` and `_`. Need not be unique. */
  name: required(imageName, "replace"),
  /** Operating system: `alma`, `centos`, `rhel`, `rocky`, `ubuntu`, `windows`, `oracle` or `sles`. */
  osDistro: required(
    oneOf("alma", "centos", "rhel", "rocky", "ubuntu", "windows", "oracle", "sles"),
    "replace",
  ),
  /**
   * Object Storage URL of the qcow2 file: at most 255 characters, ending in `.qcow2`, in the image's own region. The object must be readable
   * without credentials (its own ACL public-read). Both path forms are taken, `/account:bucket/object` and `/account/bucket/object`.
   */
  url: required(objectUrl, "replace"),
  /** Format of the file. SCP takes `qcow2` alone. */
  diskFormat: byDefault("qcow2", oneOf("qcow2"), "replace"),
  /** Container around the file. SCP takes `bare` alone. */
  containerFormat: byDefault("bare", oneOf("bare"), "replace"),
  /** Smallest disk, in GB, that a server needs for the image. */
  minDisk: byDefault(0, whole(0), "update"),
};

/** What only the record itself is told beside, and keeps in the state. */
const recording = {
  /** Whether an ImageImport of the same `Image` removes the creation tag. */
  settledByImport: internal<boolean, "setting">("setting"),
  /** The time-outs of the image that the record is a part of. */
  timeouts: internal<Timeouts, "hint">("hint"),
  /** The object that was uploaded for the image. */
  object: internal<StagedObject, "hint">("hint"),
  /** The path of the file that was uploaded. */
  path: internal<string, "hint">("hint"),
  /** What is done about another content: see ImageImport. */
  verify: internal<"fail" | "warn" | "off", "hint">("hint"),
  /** The checksum that the image is to have: see ImageImport. */
  expectedChecksum: internal<string, "setting">("setting"),
  /** Whether the creation tag is still to be removed. */
  unconfirmed: kept<boolean>(),
};

/** An image's record: what one declares of an image, and what is known of it at once. */
export const imageRecord: typeof ofAFile &
  typeof managedImage &
  typeof imageFacts &
  typeof managing &
  typeof recording = { ...ofAFile, ...managedImage, ...imageFacts, ...managing, ...recording };
