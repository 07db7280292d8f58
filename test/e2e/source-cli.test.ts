import { openCli } from "./stack";
import { sourceSuite } from "./source-suite";
import { findPulumi } from "../../tools/run/cli";

const onCli = findPulumi() === undefined ? describe.skip : describe;

onCli("on the Pulumi CLI", () => {
  sourceSuite(openCli, 180_000);
});
