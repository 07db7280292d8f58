import { openCli } from "./stack";
import { lookupsSuite } from "./lookups-suite";
import { findPulumi } from "../../tools/run/cli";

const onCli = findPulumi() === undefined ? describe.skip : describe;

onCli("on the Pulumi CLI", () => {
  lookupsSuite(openCli, 180_000);
});
