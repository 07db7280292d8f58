import { pipelineSuite } from "./pipeline-suite";
import { openEmbedded } from "./stack";

pipelineSuite(openEmbedded, 120_000);
