import { openEmbedded } from "./stack";
import { sourceSuite } from "./source-suite";

describe("on the embedded engine", () => {
  sourceSuite(openEmbedded, 60_000);
});
