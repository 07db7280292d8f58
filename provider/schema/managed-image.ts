import { byDefault, internal, kept, optional } from "./description";
import { flag, imageId, map, oneOf, text, whole } from "./kinds";
import { isOwnTag } from "./own-tags";
import { placed } from "./placed";
import type { Echo } from "./spelling";

/** The name of an image. */
export const imageName = text({
  pattern: /^[a-zA-Z0-9_ -]{1,255}$/,
  complaint: `must be 1 to 255 characters out of letters, digits, space, "-" and "_"`,
});

const tags = map({
  example: `{ team: "web" }`,
  isReserved: isOwnTag,
  letters: /^[\p{L}\p{Nd} +\-=._:/@]*$/u,
  lettersInWords: "letters, digits, spaces and + - = . _ : / @",
  longestKey: 128,
  longestValue: 256,
});

/** What can change of every image, whatever it is made of. */
const changeable = {
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
};

/** What has an image managed that exists already. */
const takenOver = {
  /**
   * Id of an existing image to manage instead of making one. What cannot change must be as the image has it, which preview checks;
   * what can change is brought to what is declared. Another id replaces; taking the property out afterwards does nothing.
   */
  imageId: optional(imageId, "setting"),
};

/** What one declares of every image. */
export const managedImage: typeof changeable & typeof placed & typeof takenOver = {
  ...changeable,
  ...placed,
  ...takenOver,
};

/** What a resource that manages an image is told beside, and keeps in the state. */
export const managing = {
  /** The resource option, which Pulumi does not apply to dynamic resources itself. */
  replaceOnChanges: internal<string[], "setting">("setting"),
  /** The resource option: then the old image of a replacement is kept. */
  retainOnDelete: internal<boolean, "setting">("setting"),
  /** Whether its earlier images are kept by an ImageGenerations beside it. */
  inGenerations: internal<boolean, "setting">("setting"),
  /** Where the record stands: its stack and its place in it. */
  origin: internal<string, "hint">("hint"),
  /** How the service writes what the program says, where it writes it otherwise. */
  echo: kept<Echo>(),
  /** Where a record stands that is in generations. */
  place: kept<string>(),
  /** The images that such a record had before, the last ones. */
  replaced: kept<string[]>(),
  /** Tells the state's entries apart that hold one image. */
  token: kept<string>(),
  /** The account of the keys that made the image. */
  accountId: kept<string>(),
  /** Where IAM does not tell the account: a fingerprint of the access key. */
  madeWith: kept<string>(),
  /** The endpoint that it was made at, where one is configured. */
  endpoint: kept<string>(),
};

/** Both. */
export const managedRecord: typeof managedImage & typeof managing = { ...managedImage, ...managing };
