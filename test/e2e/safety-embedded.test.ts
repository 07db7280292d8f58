import { safetySuite } from "./safety-suite";
import { openEmbedded } from "./stack";

describe("on the embedded engine", () => {
  safetySuite(openEmbedded, 120_000, { thorough: true });
});
