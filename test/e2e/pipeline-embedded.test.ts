import { pipelineSafetySuite } from "./pipeline-safety-suite";
import { pipelineSuite } from "./pipeline-suite";
import { configOf, openEmbedded, type OpenStack } from "./stack";

const open: OpenStack = (env, name) => openEmbedded(env, name, configOf(env));

pipelineSuite(open, 120_000);
pipelineSafetySuite(open, 120_000);
