import distance from "damerau-levenshtein";

/** That of some words which a word is most likely meant to be; undefined where none is near. */
export function closest(word: string, words: readonly string[]): string | undefined {
  const near = words
    .map((one) => ({ one, steps: distance(bare(word), bare(one)).steps }))
    .filter(({ one, steps }) => steps <= Math.max(1, Math.floor(one.length / 3)) && word.length <= 100);
  return near.sort((one, other) => one.steps - other.steps)[0]?.one;
}

/** The second half of a sentence that says that something is not there. */
export function suggestion(word: string, words: readonly string[]): string {
  const near = closest(word, words);
  return near === undefined ? `there are ${words.join(", ")}.` : `did you mean "${near}"?`;
}

/** Capitals and separators are no difference: `os_distro`. */
function bare(word: string): string {
  return word.slice(0, 100).toLowerCase().replace(/[_ -]/g, "");
}
