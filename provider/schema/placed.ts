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
   * changes nothing else; one of another account replaces.
   */
  profile: optional(profileName, "setting"),
};
