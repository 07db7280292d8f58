import { configured, optional } from "./description";
import { profileName, text } from "./kinds";

/** Where a resource is, or a look-up looks. */
export const located = {
  /** Region. By default the configured one. */
  region: configured(text(), "replace"),
  /** Environment: `s`, `g` or `e`. By default the configured one. */
  environment: configured(text(), "replace"),
};

/** Where a look-up looks, and with whose keys. */
export const lookedUpIn = {
  ...located,
  /** Whose keys are used: the name of a profile in Pulumi config `scp:profiles`. By default the stack's. */
  profile: optional(profileName, "setting"),
};

/** Where a resource is, and whose. */
export const placed = {
  ...located,
  /**
   * Whose keys are used: the name of a profile in Pulumi config `scp:profiles`. By default the stack's. Another profile of the same account
   * changes nothing else; one of another account replaces, or is refused by an `ImageImport` that manages its image alone.
   */
  profile: optional(profileName, "setting"),
};
