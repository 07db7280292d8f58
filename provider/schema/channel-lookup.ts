import { configured, optional, required } from "./description";
import { profileName, text } from "./kinds";

/** The look-up of a channel by its tag. */
export const channelLookup = {
  /** Name of the channel, such as `ubuntu-24.04/stable`. */
  name: required(text({ pattern: /[^]/, complaint: "must be the name of a channel" }), "update"),
  /** Region. By default the configured one. */
  region: configured(text(), "replace"),
  /** Environment: `s`, `g` or `e`. By default the configured one. */
  environment: configured(text(), "replace"),
  /** Whose keys are used: the name of a profile in Pulumi config `scp:profiles`. By default the stack's. */
  profile: optional(profileName, "setting"),
};
