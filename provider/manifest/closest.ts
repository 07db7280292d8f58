import distance from "damerau-levenshtein";

/** That of some words which a word is most likely meant to be; undefined where none is near. */
export function closest(word: string, words: readonly string[]): string | undefined {
  const near = words
    .map((one) => ({ one, steps: distance(bare(word), bare(one)).steps }))
    .filter(({ one, steps }) => steps <= allowed(one));
  return near.sort((one, other) => one.steps - other.steps)[0]?.one;
}

/** How many slips a word may have: in a short one each makes another word. */
function allowed({ length }: string): number {
  return length < 3 ? 0 : Math.max(1, Math.floor(length / 3));
}

/** The second half of a sentence that says that something is not there. */
export function suggestion(word: string, words: readonly string[]): string {
  const near = closest(word, words);
  if (near !== undefined) {
    return `did you mean "${near}"?`;
  }
  const verb = words.length === 1 ? "is" : "are";
  return words.length === 0 ? "there are none." : `there ${verb} ${inShort(words)}.`;
}

/** Not more words than one reads. */
export function inShort(words: readonly string[]): string {
  return words.length > 30
    ? `${words.slice(0, 30).join(", ")} and ${words.length - 30} more`
    : words.join(", ");
}

/** Capitals and separators are no difference: `os_distro`. */
function bare(word: string): string {
  return word.slice(0, 100).toLowerCase().replace(/[_ -]/g, "");
}
