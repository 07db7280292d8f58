import { byDefault, configured, optional } from "./description";
import { imageRecord } from "./image-record";
import { flag, imageId, oneOf, profileName, regularExpression, text } from "./kinds";

/** An empty text would mean no filter at all to the service. */
const filled = text({ pattern: /[^]/, complaint: "must not be empty; leave it out to take any" });

/** What a look-up of images is narrowed by. All that is given must match. */
export const imageFilters = {
  /** Name, exactly and by case. */
  name: optional(filled, "update"),
  /**
   * Regular expression of JavaScript's that the name must match: somewhere, where `^` and `$` do not bind it. Applied to what the service
   * lists.
   */
  nameRegex: optional(regularExpression, "update"),
  /** Operating system: `alma`, `centos`, `rhel`, `rocky`, `ubuntu`, `windows`, `oracle` or `sles`. */
  osDistro: optional(imageRecord.osDistro.kind, "update"),
  /**
   * State, in Glance's words: `queued`, `saving`, `uploading`, `importing`, `active`, `deactivated`, `pending_delete`, `deleted` or `killed`.
   * By default `active` where one image is looked up, any where all are.
   */
  status: optional(
    oneOf(
      "queued",
      "saving",
      "uploading",
      "importing",
      "active",
      "deactivated",
      "pending_delete",
      "deleted",
      "killed",
    ),
    "update",
  ),
  /** `private`, `shared`, `public` or `community`. Community images are listed only where they are asked for. */
  visibility: optional(oneOf("private", "shared", "public", "community"), "update"),
  /** Type of the image, such as `standard` or `custom`. */
  scpImageType: optional(filled, "update"),
  /** Type of the image that this one comes from, such as `standard`. */
  scpOriginalImageType: optional(filled, "update"),
  /** Id of the owner, as images tell it. Applied to what the service lists. */
  owner: optional(filled, "update"),
  /** Region. By default the configured one. */
  region: configured(text(), "replace"),
  /** Environment: `s`, `g` or `e`. By default the configured one. */
  environment: configured(text(), "replace"),
  /** Whose keys are used: the name of a profile in Pulumi config `scp:profiles`. By default the stack's. */
  profile: optional(profileName, "setting"),
};

export const choice = {
  /** Whether the newest will do where several images match, by `createdAt`, then by id. Else more than one is an error. */
  mostRecent: byDefault(false, flag, "update"),
};

const byId = {
  /** Id of the image. It is the image, whatever its state, so no filter can be given beside it. */
  id: optional(imageId, "update"),
};

/** The look-up of one image. */
export const imageLookup: typeof byId & typeof imageFilters & typeof choice = {
  ...byId,
  ...imageFilters,
  ...choice,
};
