import { byDefault, configured, internal, kept, optional, outputOf, required } from "./description";
import { flag, imageId, memberId, profileName, text } from "./kinds";

/** An account's answer to the offer of an image. */
export const imageMemberAcceptance = {
  /**
   * Id of an image that another account shares. In the program that shares it, the `imageId` of its `ImageMember`, so that the answer waits
   * for the offer.
   */
  imageId: required(imageId, "replace"),
  /** Whether the offer is accepted; `false` rejects it. An accepted image is among the account's images. */
  accept: byDefault(true, flag, "update"),
  /** Account that the image is offered to. By default that of the keys; to be stated only where IAM does not tell it. */
  memberId: configured(memberId, "replace"),
  /** Region. By default the configured one. */
  region: configured(text(), "replace"),
  /** Environment: `s`, `g` or `e`. By default the configured one. */
  environment: configured(text(), "replace"),
  /**
   * Whose keys are used, those of the account that the image is offered to: the name of a profile in Pulumi config `scp:profiles`. By
   * default the stack's.
   */
  profile: optional(profileName, "setting"),

  /** The answer as the service has it: `accepted` or `rejected`; `pending` where somebody took it back. */
  status: outputOf<string>(text()),

  /** Where the resource stands in the program: its URN, which Pulumi does not tell its provider. */
  place: internal<string, "hint">("hint"),
  /** The resource option, which Pulumi does not apply to dynamic resources itself. */
  replaceOnChanges: internal<string[], "hint">("hint"),
  /** The resource option. What it retains, Pulumi does not ask to delete. */
  retainOnDelete: internal<boolean, "hint">("hint"),
  /** The account of the keys that answered, where IAM tells it by another id than SCP documents. */
  accountId: kept<string>(),
  /** Where IAM does not tell the account: a fingerprint of the access key. */
  madeWith: kept<string>(),
  /** The endpoint that it was answered at, where one is configured. */
  endpoint: kept<string>(),
};
