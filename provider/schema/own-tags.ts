import { creationTagKey } from "./creation-tag";

/** What the keys of all tags begin with that are this package's own. */
export const ownPrefix = creationTagKey;

/** What the keys of the tags begin with that say which channel points at an image. */
const channelPrefix = `${ownPrefix}:channel:`;

/** The longest name of a channel: with what stands before it, a key has 128 characters at most. */
export const longestChannel = 128 - channelPrefix.length;

/** The key of the tag by which a channel's image is found. Its value is the version. */
export function channelTagKey(channel: string): string {
  return `${channelPrefix}${channel}`;
}

/** Whether a tag is this package's own, and no program's to set. */
export function isOwnTag(key: string): boolean {
  return key === creationTagKey || key.startsWith(channelPrefix);
}

/** An image's tags as its user knows them. */
export function withoutOwnTags(tags: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !isOwnTag(key)));
}

/** Of an image's tags, those that are this package's own. */
export function ownTags(tags: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => isOwnTag(key)));
}
