import { openCli } from "./stack";
import { serverImageSuite } from "./server-image-suite";
import { findPulumi } from "../../tools/run/cli";

const onCli = findPulumi() === undefined ? describe.skip : describe;

onCli("on the Pulumi CLI", () => {
  serverImageSuite(openCli, 180_000);
});
