import { configured, optional } from "./description";
import { profileName, text } from "./kinds";

/** Where a resource is, and whose. */
export const placed = {
  /** Region. By default the configured one. */
  region: configured(text(), "replace"),
  /** Environment: `s`, `g` or `e`. By default the configured one. */
  environment: configured(text(), "replace"),
  /**
   * Whose keys are used: the name of a profile in Pulumi config `scp:profiles`. By default the stack's. Another profile of the same account
   * changes nothing else; one of another account replaces, or is refused by an `ImageImport` that manages its image alone.
   */
  profile: optional(profileName, "setting"),
};
