// The services of SCP each write an account's id in their own way. That is no difference: whoever took it for one would take one's own
// image for another account's.

/** Whether a text is written as SCP documents account ids: 32 hexadecimal digits. */
export function isAccountId(text: string): boolean {
  return /^[0-9a-f]{32}$/i.test(text);
}

/** An account's id as SCP documents it, where it is written in capitals, with a UUID's hyphens, or with space around it. */
export function plainAccountId(text: string): string {
  const id = text.trim();
  const digits = id.replaceAll("-", "");
  return isAccountId(digits) ? digits.toLowerCase() : id;
}

/** Whether two texts are the id of one account, however each is written. */
export function isSameAccount(one: string, other: string): boolean {
  return plainAccountId(one).toLowerCase() === plainAccountId(other).toLowerCase();
}
