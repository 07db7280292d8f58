import { openCli } from "./stack";
import { pipelineSuite } from "./pipeline-suite";
import { findPulumi } from "../../tools/run/cli";

const onCli = findPulumi() === undefined ? describe.skip : describe;

onCli("on the Pulumi CLI", () => {
  pipelineSuite(openCli, 180_000);
});
