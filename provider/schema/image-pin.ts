import { internal, kept, optional, outputOf, type Properties } from "./description";
import { imageFacts, type ImageFacts } from "./image-info";
import { choice, imageFilters } from "./image-lookup";
import { text } from "./kinds";

const ofPin = {
  /**
   * Any text, such as a date or a release. What was found is held until this text, or a filter, changes; then the image is looked up
   * again.
   */
  pin: optional(text(), "update"),

  /** Id of the pinned image. (The resource's own `id` is none of an image.) */
  imageId: outputOf<string>(),

  /** The resource option, which Pulumi does not apply to dynamic resources itself. */
  replaceOnChanges: internal<string[], "setting">("setting"),
  /** The resource option. Nothing is deleted with a pin, so it does nothing. */
  retainOnDelete: internal<boolean, "setting">("setting"),
  /** Whether a refresh has found the image gone. */
  gone: internal<boolean, "setting">("setting"),
  /** The inputs that the image was looked up by: outputs of the same names tell the image's own. */
  asked: kept<Properties>(),
  /** The account of the keys that found the image. */
  accountId: kept<string>(),
  /** Where IAM does not tell the account: a fingerprint of the access key. */
  madeWith: kept<string>(),
  /** The endpoint that it was found at, where one is configured. */
  endpoint: kept<string>(),
};

/** An image that was looked up once, and is held. What is a filter tells, as an output, what the image has. */
export const imagePin: typeof imageFilters &
  typeof choice &
  typeof ofPin &
  Omit<ImageFacts, keyof typeof imageFilters> = { ...imageFacts, ...imageFilters, ...choice, ...ofPin };
