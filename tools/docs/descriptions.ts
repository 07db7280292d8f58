import type { Description } from "../../provider/schema/description";
import { imageFile } from "../../provider/schema/image-file";
import { imageGenerations } from "../../provider/schema/image-generations";
import { imageImport } from "../../provider/schema/image-import";
import { imageRecord } from "../../provider/schema/image-record";
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

/** Every resource that has a description, by its name. Whatever goes over all of them begins here. */
export const descriptions = {
  ImageRecord: described("image-record", "imageRecord", imageRecord),
  ImageImport: described("image-import", "imageImport", imageImport),
  ImageGenerations: {
    ...described("image-generations", "imageGenerations", imageGenerations),
    isPublic: false,
  },
  ImageFile: { ...described("image-file", "imageFile", imageFile), isPublic: false },
};

function described(module: string, constant: string, description: Description): Described {
  return { module, description, comments: commentsOf(module, constant), isPublic: true };
}
