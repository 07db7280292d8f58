import { isDeepStrictEqual } from "node:util";
import { byDefault, optional } from "./description";
import { imageId, memberId, serverId, text, versionLabel, whole, type Kind, type TextRules } from "./kinds";

/** What an image, or a channel, may be called in a manifest: also its name in Pulumi's state. */
export const keyRules: TextRules = {
  pattern: /^[\p{L}\p{Nd}][\p{L}\p{Nd} ._/+-]{0,99}$/u,
  complaint: `1 to 100 letters, digits, spaces and ". _ / + -", a letter or a digit first`,
};

/** A list of texts. */
function list(item: Kind<string>, example: string): Kind<string[]> {
  return {
    json: { type: "array", items: item.json },
    check: (value, context) =>
      Array.isArray(value)
        ? value.map((one) => item.check(one, context)).find((complaint) => complaint !== undefined)
        : `must be a list like ${example}`,
    same: isDeepStrictEqual,
  };
}

/** What a manifest says of an image besides the properties of `Image`. */
export const manifestImage = {
  /** Id of the server to make the image of, in place of `url` or `source`. */
  server: optional(serverId, "replace"),
  /** Id of an image that something else manages, and that is only looked up. Of the others it takes `region`, `environment` and `profile`. */
  lookup: optional(imageId, "replace"),
  /**
   * Label of this generation of the image, such as `2026.11.2`, in quotes where it is a number. Required where `keep` is more than 0, or a
   * channel names a version.
   */
  version: optional(versionLabel, "setting"),
  /** How many earlier generations stay when the image is replaced. */
  keep: byDefault(0, whole(0, 100), "setting"),
  /** Ids of the accounts that the image is shared with, a list or one. Its `visibility` is `shared` then. */
  sharedWith: optional(list(memberId, "[a8f10467abfc4b87b64614ab36eb9ae4]"), "update"),
  /** Earlier keys of the image, a list or one: under a new key it stays the same image. */
  renamedFrom: optional(list(text(keyWord()), "[ubuntu-noble]"), "setting"),
};

function keyWord(): TextRules {
  return { ...keyRules, complaint: `must be a key that the image had: ${keyRules.complaint}` };
}
