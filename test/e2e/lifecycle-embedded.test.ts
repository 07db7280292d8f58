import { openEmbedded } from "./stack";
import { lifecycleSuite } from "./suite";

describe("on the embedded engine", () => {
  lifecycleSuite(openEmbedded, 60_000);
});
