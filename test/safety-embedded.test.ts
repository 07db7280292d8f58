import { safetySuite } from "./lifecycle/safety-suite";
import { openEmbedded } from "./lifecycle/stack";

describe("on the embedded engine", () => {
  safetySuite(openEmbedded, 120_000, { thorough: true });
});
