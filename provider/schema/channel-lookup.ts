import { required } from "./description";
import { text } from "./kinds";
import { lookedUpIn } from "./placed";

/** The look-up of a channel by its tag. */
export const channelLookup = {
  /** Name of the channel, such as `ubuntu-24.04/stable`. */
  name: required(text({ pattern: /[^]/, complaint: "must be the name of a channel" }), "update"),
  ...lookedUpIn,
};
