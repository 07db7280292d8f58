import { refused } from "./refused";

/** What this process's tests, one file after the other, and their children tried. A child may not know whose it is. */
const tried = () =>
  refused().filter((line) => new RegExp(`^(${process.env.JEST_WORKER_ID ?? "-"}|-) `).test(line));

const before = tried().length;

// An error alone could be taken for what the test is about, or be tried again until all is well.
afterAll(() => {
  expect(tried().slice(before)).toEqual([]);
});
