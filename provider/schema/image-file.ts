import { byDefault, configured, internal, kept, optional, outputOf, required } from "./description";
import { hex, oneOf, profileName, text } from "./kinds";

/** An object that images are imported from, and what is in it. */
export interface StagedObject {
  bucket: string;
  key: string;
  /** The object as SCP is told of it. */
  url: string;
  /** Bytes. */
  size: number;
  sha256: string;
  md5: string;
  sha512: string;
}

/** What becomes of an object when the image made of it is active. */
export const afterImport = oneOf("removed", "private", "kept");
export type AfterImport = "removed" | "private" | "kept";

/** A qcow2 file on this machine, and the object that it is uploaded as. */
export const imageFile = {
  /**
   * Path of a qcow2 file on this machine, from the program's working directory. It is looked at in preview, uploaded, and imported. Its
   * content counts: the same content under another name is no change, another content replaces.
   */
  file: required(text({ pattern: /\S/, complaint: "must be the path of a qcow2 file" }), "hint"),
  /**
   * Bucket of the caller's own that `file` is uploaded to, in the image's region. It must exist. What else is in it is never touched. A
   * change counts from the next content on.
   */
  bucket: required(
    text({
      pattern: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
      complaint: `must be a bucket's name: 3 to 63 characters out of a-z, 0-9, "." and "-"`,
    }),
    "hint",
  ),
  /**
   * SHA-256 of `file`, in hexadecimal. By default that of the file on this machine; stated, the file must have it. Where the state has
   * the same, nothing else needs the file: previews work on machines that do not have it.
   */
  sha256: configured(hex(64, "SHA-256"), "replace"),
  /**
   * What becomes of the uploaded object when the image is active: `removed`, `private` (only the account can read it), or `kept` (everybody
   * can, as while it is imported). By default `removed`.
   */
  afterImport: byDefault<AfterImport, "hint">("removed", afterImport, "hint"),
  /** Region. By default the configured one. */
  region: configured(text(), "replace"),
  /** Environment: `s`, `g` or `e`. By default the configured one. */
  environment: configured(text(), "replace"),
  /**
   * Whose keys are used: the name of a profile in Pulumi config `scp:profiles`. By default the stack's. Another profile of the same account
   * changes nothing else; one of another account replaces, or is refused by an `ImageImport` that manages its image alone.
   */
  profile: optional(profileName, "setting"),

  /** The object. */
  object: outputOf<StagedObject>(),

  /** Whose file it is: its stack and its place in it. */
  origin: internal<string, "hint">("hint"),
  /** The resource option, which is the image's. */
  replaceOnChanges: internal<string[], "hint">("hint"),
  /** The resource option: then the object is kept with the image. */
  retainOnDelete: internal<boolean, "hint">("hint"),
  /** Whether another content of the file is to be ignored. */
  ignoreContent: internal<boolean, "hint">("hint"),
  /** The image's, which the file must have. */
  expectedChecksum: internal<string, "hint">("hint"),
  /** The image's, which the file's disk must fit. */
  minDisk: internal<number, "hint">("hint"),
  /** The image's, which there must not be one of. */
  url: internal<string, "hint">("hint"),
  /** Tells the state's entries apart that hold one object. */
  token: kept<string>(),
  /** A fingerprint of the access key that uploaded the object. */
  madeWith: kept<string>(),
};
