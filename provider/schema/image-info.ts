import { imageFields, type Image } from "../api/images";
import { output } from "./description";
import { imageImport } from "./image-import";
import { imageRecord } from "./image-record";

type Described = typeof imageRecord & Omit<typeof imageImport, keyof typeof imageRecord>;

/** The fields of an image that is only looked up, each with the doc comment that the record or the import has for it. */
export type ImageFacts = {
  readonly [K in keyof Described as K extends keyof Image ? K : never]: typeof output;
};

/** The names of those fields. */
export const factNames = Object.keys({ ...imageRecord, ...imageImport }).filter((name) =>
  Object.hasOwn(imageFields, name),
) as (keyof ImageFacts)[];

/** All fields as outputs. */
export const imageFacts = Object.fromEntries(factNames.map((name) => [name, output])) as ImageFacts;

type Fields = { readonly [K in keyof Omit<ImageFacts, "status">]?: Image[K] };

/** An image as a look-up found it. What the service does not tell, or does not know yet, is absent. */
export interface ImageInfo extends Fields {
  /** Id of the image. */
  readonly id: string;
  /** State, in Glance's words: `active` is an image that servers can be made of. */
  readonly status: string;
}
