import { byDefault, configured, internal, kept, optional, output, required } from "./description";
import type { StagedObject } from "./image-file";
import {
  duration,
  flag,
  imageId,
  map,
  object,
  objectUrl,
  oneOf,
  profileName,
  text,
  whole,
  type Kind,
} from "./kinds";
import { isOwnTag } from "./own-tags";
import type { Echo } from "./spelling";

/** How long things may take. The resource option `customTimeouts` says the same; this argument goes first. */
export interface Timeouts {
  /** How long to wait for the image to become active, such as `45m` or `1h30m`. By default `2h`. */
  create?: string;
}

export const timeoutsKind: Kind<Timeouts> = object({ create: duration }, `{ create: "45m" }`);

const tags = map({
  example: `{ team: "web" }`,
  isReserved: isOwnTag,
  letters: /^[\p{L}\p{Nd} +\-=._:/@]*$/u,
  lettersInWords: "letters, digits, spaces and + - = . _ : / @",
  longestKey: 128,
  longestValue: 256,
});

/** An image's record: what one declares of an image, and what is known of it at once. */
export const imageRecord = {
  /** Name: 1 to 255 letters, digits, spaces, `-` and `_`. Need not be unique. */
  name: required(
    text({
      pattern: /^[a-zA-Z0-9_ -]{1,255}$/,
      complaint: `must be 1 to 255 characters out of letters, digits, space, "-" and "_"`,
    }),
    "replace",
  ),
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
  /**
   * Least memory that a server needs for the image: 0 to 2097151, the API's own number (its documentation says GB, the vendor's Terraform
   * provider MB).
   */
  minRam: byDefault(0, whole(0, 2_097_151), "update"),
  /** Whether SCP refuses to delete the image. */
  protected: byDefault(false, flag, "update"),
  /** `private`, or `shared` with the accounts that are its members. An image that is only looked up may be `public` or `community`. */
  visibility: byDefault("private", oneOf("private", "shared"), "update"),
  /**
   * Tags: keys of 1 to 128 characters, values of up to 256. Without this property the image's tags are left alone; `{}`
   * says that it has none, and takes those away that it has. The key `pulumi-scp-images` is the package's own.
   */
  tags: optional(tags, "update"),
  /** Region. By default the configured one. */
  region: configured(text(), "replace"),
  /** Environment: `s`, `g` or `e`. By default the configured one. */
  environment: configured(text(), "replace"),
  /**
   * Whose keys are used: the name of a profile in Pulumi config `scp:profiles`. By default the stack's. Another profile of the same account
   * changes nothing else; one of another account replaces.
   */
  profile: optional(profileName, "setting"),
  /**
   * Id of an existing image to manage instead of making one. What cannot change must be as the image has it, which preview checks;
   * what can change is brought to what is declared. Another id replaces; taking the property out afterwards does nothing.
   */
  imageId: optional(imageId, "setting"),

  /** Id of the owner, as the image service writes it. */
  owner: output,
  /** Name of the owner's account. */
  ownerAccountName: output,
  /** User who made the image. */
  ownerUserName: output,
  /** Path of the image's data in the image service. */
  file: output,
  /** Whether lists leave the image out. */
  osHidden: output,
  /** When the image was made: ISO 8601, UTC. */
  createdAt: output,
  /** When the image was changed: ISO 8601, UTC. As of the last change that the resource made or saw. */
  updatedAt: output,

  /** The resource option, which Pulumi does not apply to dynamic resources itself. */
  replaceOnChanges: internal<string[], "setting">("setting"),
  /** The resource option: then the old image of a replacement is kept. */
  retainOnDelete: internal<boolean, "setting">("setting"),
  /** Whether an ImageImport of the same `Image` removes the creation tag. */
  settledByImport: internal<boolean, "setting">("setting"),
  /** Whether its earlier images are kept by an ImageGenerations beside it. */
  inGenerations: internal<boolean, "setting">("setting"),
  /** Where the record stands: its stack and its place in it. */
  origin: internal<string, "hint">("hint"),
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
  /** How the service writes what the program says, where it writes it otherwise. */
  echo: kept<Echo>(),
  /** Tells the state's entries apart that hold one image. */
  token: kept<string>(),
  /** The account of the keys that made the image. */
  accountId: kept<string>(),
  /** Where IAM does not tell the account: a fingerprint of the access key. */
  madeWith: kept<string>(),
  /** The endpoint that it was made at, where one is configured. */
  endpoint: kept<string>(),
  /** Where a record stands that is in generations. */
  place: kept<string>(),
  /** Whether the creation tag is still to be removed. */
  unconfirmed: kept<boolean>(),
};
