import { openCli } from "./stack";
import { lifecycleSuite } from "./suite";
import { findPulumi } from "../../tools/run/cli";

const onCli = findPulumi() === undefined ? describe.skip : describe;

onCli("on the Pulumi CLI", () => {
  lifecycleSuite(openCli, 180_000);
});
