import type { Description } from "../../provider/schema/description";
import { imageFile } from "../../provider/schema/image-file";
import { imageGenerations } from "../../provider/schema/image-generations";
import { imageImport } from "../../provider/schema/image-import";
import { imageMember } from "../../provider/schema/image-member";
import { imageMemberAcceptance } from "../../provider/schema/image-member-acceptance";
import { imageRecord } from "../../provider/schema/image-record";
import { factNames } from "../../provider/schema/image-info";
import { imageLookup } from "../../provider/schema/image-lookup";
import { imagePin } from "../../provider/schema/image-pin";
import { serverImageRecord } from "../../provider/schema/server-image-record";
import { serverImageSnapshot } from "../../provider/schema/server-image-snapshot";
import { commentsOf } from "./comments";

/** A resource's description, with the doc comments in it. */
export interface Described {
  /** The file in provider/schema, and in provider/runtime. */
  module: string;
  description: Description;
  comments: Record<string, string>;
  /** Whether programs declare it by itself. */
  isPublic: boolean;
}

/** What the record or the import say of an image's fields. */
const factComments = Object.fromEntries(
  Object.entries({
    ...commentsOf("image-import", "imageImport"),
    ...commentsOf("image-record", "imageRecord"),
  }).filter(([name]) => (factNames as readonly string[]).includes(name)),
);
const filterComments = commentsOf("image-lookup", "imageLookup");

/** What a look-up takes, and the image that it answers. */
export const lookup: Described = {
  module: "image-lookup",
  description: imageLookup,
  comments: { ...commentsOf("image-lookup", "byId"), ...filterComments },
  isPublic: true,
};
export const info = { names: factNames, comments: factComments };

/** Every resource that has a description, by its name. Whatever goes over all of them begins here. */
export const descriptions = {
  ImageRecord: described("image-record", "imageRecord", imageRecord),
  ImageImport: described("image-import", "imageImport", imageImport),
  ImageMember: described("image-member", "imageMember", imageMember),
  ImageMemberAcceptance: described("image-member-acceptance", "imageMemberAcceptance", imageMemberAcceptance),
  ImageGenerations: {
    ...described("image-generations", "imageGenerations", imageGenerations),
    isPublic: false,
  },
  ImageFile: { ...described("image-file", "imageFile", imageFile), isPublic: false },
  ImagePin: {
    module: "image-pin",
    description: imagePin,
    comments: commentsFor(imagePin, {
      ...factComments,
      ...filterComments,
      ...commentsOf("image-pin", "ofPin"),
    }),
    isPublic: true,
  },
  ServerImageRecord: {
    ...described("server-image-record", "serverImageRecord", serverImageRecord),
    isPublic: false,
  },
  ServerImageSnapshot: {
    ...described("server-image-snapshot", "serverImageSnapshot", serverImageSnapshot),
    isPublic: false,
  },
};

function described(module: string, constant: string, description: Description): Described {
  return { module, description, comments: commentsOf(module, constant), isPublic: true };
}

/** Of comments, those of properties that a description has. */
function commentsFor(description: Description, comments: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(comments).filter(([name]) => Object.hasOwn(description, name)));
}
