import { openEmbedded } from "./stack";
import { serverImageSuite } from "./server-image-suite";

describe("on the embedded engine", () => {
  serverImageSuite(openEmbedded, 60_000);
});
