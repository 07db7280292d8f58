import { openEmbedded } from "./stack";
import { accountsSuite } from "./accounts-suite";

describe("on the embedded engine", () => {
  accountsSuite(openEmbedded, 60_000);
});
