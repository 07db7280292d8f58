import { byDefault, internal, kept, optional, required } from "./description";
import { contentFacts } from "./image-facts";
import type { AfterImport, StagedObject } from "./image-file";
import { timeoutsKind } from "./image-record";
import { flag, hex, imageId, objectUrl, oneOf } from "./kinds";
import { placed } from "./placed";
import type { Echo } from "./spelling";

/** What one declares of an import. */
const intoARecord = {
  /** Id of the image record to import into. */
  imageId: required(imageId, "replace"),
  /**
   * Object Storage URL of the qcow2 file, as for `ImageRecord`. An active image cannot be imported into again, so a change is refused in
   * preview once the import is done.
   */
  url: required(objectUrl, "update"),
  /** How long to wait for the image to become active, such as `45m` or `1h30m`. By default `2h`. */
  timeouts: optional(timeoutsKind, "setting"),
  /** Whether deleting this resource deletes the image. An image that an `ImageRecord` of the same program manages stays the record's. */
  deleteImage: byDefault(true, flag, "setting"),
  /**
   * MD5 (32 digits) or SHA-512 (128) that the file is to have, in hexadecimal. An image of another content is not let through; where it
   * changes, and the image is not of the content that it names now, an `Image` is replaced. A `file` is known without it.
   */
  expectedChecksum: optional(hex([32, 128], "checksum, MD5 or SHA-512"), "setting"),
  /**
   * What to do about an active image whose checksums are not those of the file, or of `expectedChecksum`: `fail`, `warn`, or `off`. By
   * default `fail`. A service that converts images needs another.
   */
  verify: optional(oneOf("fail", "warn", "off"), "setting"),
};

/** What the import is told beside, and keeps in the state. */
const importing = {
  /** The resource option, which Pulumi does not apply to dynamic resources itself. */
  replaceOnChanges: internal<string[], "setting">("setting"),
  /** The resource option: then the image of a replaced import is kept. */
  retainOnDelete: internal<boolean, "setting">("setting"),
  /** Whether the image is an ImageRecord's of the same `Image`. */
  partOfImage: internal<boolean, "hint">("hint"),
  /** The object that was uploaded for the image. */
  object: internal<StagedObject, "hint">("hint"),
  /** The path of the file that was uploaded. */
  path: internal<string, "hint">("hint"),
  /** What becomes of the object. */
  afterImport: internal<AfterImport, "setting">("setting"),
  /** How the service writes the url, where it writes it otherwise. */
  echo: kept<Echo>(),
  /** Tells the state's entries apart that hold one image. */
  token: kept<string>(),
  /** The account of the keys that made the image active. */
  accountId: kept<string>(),
  /** Where IAM does not tell the account: a fingerprint of the access key. */
  madeWith: kept<string>(),
  /** The endpoint that it was made at, where one is configured. */
  endpoint: kept<string>(),
  /** The image's owner, where IAM does not tell the account. */
  owner: kept<string>(),
  /** Whether a record of the same program manages the image. */
  ofRecord: kept<boolean>(),
  /** Whether the creation tag is still to be removed. */
  unconfirmed: kept<boolean>(),
  /** Whether the object is still to be closed. */
  unclosed: kept<boolean>(),
};

/** The import of a file into an image record, and what the file turned out to be. */
export const imageImport: typeof placed & typeof intoARecord & typeof contentFacts & typeof importing = {
  ...placed,
  ...intoARecord,
  ...contentFacts,
  ...importing,
};
