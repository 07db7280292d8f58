import { openEmbedded } from "./lifecycle/stack";
import { lifecycleSuite } from "./lifecycle/suite";

describe("on the embedded engine", () => {
  lifecycleSuite(openEmbedded, 60_000);
});
