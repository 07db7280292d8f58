import { openCli } from "./lifecycle/stack";
import { lifecycleSuite } from "./lifecycle/suite";
import { findPulumi } from "./run/cli";

const onCli = findPulumi() === undefined ? describe.skip : describe;

onCli("on the Pulumi CLI", () => {
  lifecycleSuite(openCli, 180_000);
});
