import { pipelineSafetySuite } from "./pipeline-safety-suite";
import { pipelineSuite } from "./pipeline-suite";
import { openEmbedded } from "./stack";

pipelineSuite(openEmbedded, 120_000);
pipelineSafetySuite(openEmbedded, 120_000);
