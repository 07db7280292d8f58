import { configured, internal, kept, optional, required } from "./description";
import { imageId, memberId, profileName, text } from "./kinds";

/** An account that an image is shared with. */
export const imageMember = {
  /** Id of the image to share. Its visibility must be `shared`, and the keys those of its owner. */
  imageId: required(imageId, "replace"),
  /** Id of the account to share it with: up to 64 letters, digits and `-`. */
  memberId: required(memberId, "replace"),
  /** Region. By default the configured one. */
  region: configured(text(), "replace"),
  /** Environment: `s`, `g` or `e`. By default the configured one. */
  environment: configured(text(), "replace"),
  /** Whose keys are used, those of the image's owner: the name of a profile in Pulumi config `scp:profiles`. By default the stack's. */
  profile: optional(profileName, "setting"),

  /** Where the resource stands in the program: its URN, which Pulumi does not tell its provider. */
  place: internal<string, "hint">("hint"),
  /** The resource option, which Pulumi does not apply to dynamic resources itself. */
  replaceOnChanges: internal<string[], "hint">("hint"),
  /** The resource option. What it retains, Pulumi does not ask to delete. */
  retainOnDelete: internal<boolean, "hint">("hint"),
  /** Whether earlier images of a pipeline's entry stay shared, which an ImageGenerations sees to. */
  inGenerations: internal<boolean, "setting">("setting"),
  /** When the image was shared, as far as the service told it. */
  createdAt: kept<string>(),
  /** The account of the keys that shared the image. */
  accountId: kept<string>(),
  /** Where IAM does not tell the account: a fingerprint of the access key. */
  madeWith: kept<string>(),
  /** The endpoint that it was shared at, where one is configured. */
  endpoint: kept<string>(),
};
