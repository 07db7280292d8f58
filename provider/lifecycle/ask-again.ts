import type { Clock } from "./clock";

/** The first pause between two questions, doubled each time, and the longest one, in milliseconds. */
const [firstPause, longestPause] = [1_000, 10_000];

/** Asks until there is an answer; undefined when there is none after so many milliseconds. Asks once at least. */
export async function askAgain<T>(
  { clock }: { clock: Clock },
  longest: number,
  ask: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const since = clock.now();
  for (let pause = firstPause; ; pause = Math.min(pause * 2, longestPause)) {
    const answer = await ask();
    const left = longest - (clock.now() - since);
    if (answer !== undefined || left <= 0) {
      return answer;
    }
    await clock.sleep(Math.min(pause, left));
  }
}
