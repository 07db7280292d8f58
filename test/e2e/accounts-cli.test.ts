import { openCli } from "./stack";
import { accountsSuite } from "./accounts-suite";
import { findPulumi } from "../../tools/run/cli";

const onCli = findPulumi() === undefined ? describe.skip : describe;

onCli("on the Pulumi CLI", () => {
  accountsSuite(openCli, 300_000);
});
