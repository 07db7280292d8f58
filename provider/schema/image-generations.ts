import { byDefault, configured, internal, kept, optional, outputOf, required } from "./description";
import type { Generation } from "./generations";
import { imageId, map, profileName, text, versionLabel, whole } from "./kinds";
import { longestChannel } from "./own-tags";

/** An image that a channel points at. */
export interface ChannelTarget {
  imageId: string;
  /** What the manifest calls its content; absent where it calls it nothing. */
  version?: string;
}

/** What tells people of a generation, and by what it is known to be gone and not only out of sight. */
export interface GenerationFacts {
  /** The image's own name. */
  name?: string;
  /** When the image was made: ISO 8601, UTC. */
  createdAt?: string;
  /** Size of the file, in bytes. */
  size?: number;
  /** MD5 of the file. */
  checksum?: string;
  accountId?: string;
  madeWith?: string;
  endpoint?: string;
}

/** The images that one entry of a pipeline has had: the current one, and earlier ones that are kept. */
export const imageGenerations = {
  /** Id of the current image. Another one makes the one before it an earlier generation. */
  imageId: required(imageId, "update"),
  /** What the current image's content is called: up to 64 letters, digits, `.`, `_`, `+` and `-`. */
  version: optional(versionLabel, "update"),
  /** How many earlier generations are kept. What is protected, shared with others than declared, or pinned by a channel is kept besides. */
  keep: byDefault(0, whole(0, 1_000), "update"),
  /** The channels, by name, each with the version that it points at; an empty text is the current one. */
  channels: optional(
    map({
      example: `{ "ubuntu/stable": "2026.11.1" }`,
      letters: /^[\p{L}\p{Nd}+\-=._:/@ ]*$/u,
      lettersInWords: "letters, digits, spaces and + - = . _ : / @",
      longestKey: longestChannel,
      longestValue: 64,
    }),
    "update",
  ),
  /** Region. By default the configured one. */
  region: configured(text(), "replace"),
  /** Environment: `s`, `g` or `e`. By default the configured one. */
  environment: configured(text(), "replace"),
  /** Whose keys are used: the name of a profile. By default the stack's. */
  profile: optional(profileName, "setting"),

  /** Where each channel points. */
  targets: outputOf<Record<string, ChannelTarget>>(),

  /** The image's: a change of it is one of the kept generations too. */
  protected: internal<boolean, "update">("update"),
  /** The accounts that the image is shared with: the kept generations are too. */
  sharedWith: internal<string[], "update">("update"),
  /** The tags that the current image is declared to have. */
  tags: internal<Record<string, string>, "hint">("hint"),
  /** Whose generations: the stack and the place in it of the image's record. */
  origin: internal<string, "hint">("hint"),
  /** All generations, the current one first. Check works them out. */
  generations: internal<Generation[], "update">("update"),
  /** The generations that go with this change, in words: for the preview. */
  leaving: internal<string[], "hint">("hint"),
  /** The resource option: then all generations stay when this is deleted. */
  retainOnDelete: internal<boolean, "setting">("setting"),
  /** The resource option, which means nothing here. */
  replaceOnChanges: internal<string[], "hint">("hint"),
  /** What was before each change that failed on its way, since the last that did not: what has been done of them, nobody knows. */
  undone: kept<Record<string, unknown>[]>(),
  /** What is known of each image, by its id. */
  facts: kept<Record<string, GenerationFacts>>(),
};
