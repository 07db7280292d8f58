import { openEmbedded } from "./stack";
import { sharingSuite } from "./sharing-suite";

describe("on the embedded engine", () => {
  sharingSuite(openEmbedded, 60_000);
});
