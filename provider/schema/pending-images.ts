import { imageFilters } from "./image-lookup";
import { pick } from "./check";

/** What the list of offers is narrowed by. */
export const pendingFilters = pick(imageFilters, [
  "scpImageType",
  "scpOriginalImageType",
  "region",
  "environment",
  "profile",
]);
