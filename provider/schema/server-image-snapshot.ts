import { internal, kept, optional, output } from "./description";
import { contentFacts, imageFacts } from "./image-facts";
import { timeoutsKind } from "./image-record";
import { placed } from "./placed";

/** What one declares of the wait for an image. */
const waited = {
  /** How long to wait for the image to become active, such as `45m` or `1h30m`. By default `2h`. */
  timeouts: optional(timeoutsKind, "setting"),
};

/** What the server decides. */
const inherited = {
  /** Smallest disk, in GB, that a server needs for the image: that of the server that it was made from. */
  minDisk: output,
  /** Operating system, such as `alma`, where the server's image told it. */
  osDistro: output,
  /** Format of the data. */
  diskFormat: output,
  /** Container around the data. */
  containerFormat: output,
};

/** What comes from the record, to be brought about once the image is active, since the request cannot carry it; and what is kept. */
const beside = {
  /** The record's id. */
  imageId: internal<string, "replace">("replace"),
  /** The record's. */
  minRam: internal<number, "hint">("hint"),
  /** The record's. */
  protected: internal<boolean, "hint">("hint"),
  /** The record's. */
  visibility: internal<string, "hint">("hint"),
  /** The record's. */
  tags: internal<Record<string, string>, "hint">("hint"),
  /** The resource option, which is the record's. */
  replaceOnChanges: internal<string[], "hint">("hint"),
  /** The resource option, which is the record's. */
  retainOnDelete: internal<boolean, "hint">("hint"),
  /** The account of the keys that waited for the image. */
  accountId: kept<string>(),
  /** Where IAM does not tell the account: a fingerprint of the access key. */
  madeWith: kept<string>(),
  /** The endpoint that it was found at, where one is configured. */
  endpoint: kept<string>(),
};

/** The wait for an image of a server, and what the image turned out to be. */
export const serverImageSnapshot: typeof waited &
  typeof placed &
  typeof inherited &
  typeof imageFacts &
  typeof contentFacts &
  typeof beside = { ...waited, ...placed, ...inherited, ...imageFacts, ...contentFacts, ...beside };
