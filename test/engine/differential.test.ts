// A handful of random lives on both engines; `npm run test:differential` has many more.
import { compare } from "./differential";
import { findPulumi } from "../../tools/run/cli";

const CLI = findPulumi();
// Each act is a run of the CLI, of some seconds.
const ACTS = 2;

(CLI === undefined ? describe.skip : describe)("the CLI and the embedded engine do the same", () => {
  test.each([3, 8, 15, 21])(
    "seed %i",
    async (seed) => {
      expect(await compare(seed, CLI ?? "", ACTS)).toEqual([]);
    },
    180_000,
  );
});
