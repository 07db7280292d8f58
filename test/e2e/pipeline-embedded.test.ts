import { pipelineSafetySuite } from "./pipeline-safety-suite";
import { pipelineSuite } from "./pipeline-suite";
import { pipelineWorld } from "./pipeline-world";
import { configOf, fail, openEmbedded, type OpenStack } from "./stack";

const open: OpenStack = (env, name) => openEmbedded(env, name, configOf(env));

pipelineSuite(open, 120_000);
pipelineSafetySuite(open, 120_000);

describe("what is made of a secret of the stack's configuration", () => {
  const config = { "lifecycle:secret": { secret: "hush" } };
  const world = pipelineWorld((env) => openEmbedded(env, "test", { ...configOf(env), ...config }));
  const { entry, pipeline } = world;

  test.each([
    ["version of ubuntu", { version: "${config:lifecycle:secret}" }, {}],
    ["name of ubuntu", { name: "${config:lifecycle:secret}" }, {}],
    ["sharedWith of ubuntu", { sharedWith: ["${config:lifecycle:secret}"] }, {}],
    [
      "version of channel stable",
      { keep: 1 },
      { stable: { image: "ubuntu", version: "${config:lifecycle:secret}" } },
    ],
  ])("is refused as a name, without telling it: %s", async (what, more, channels) => {
    world.stack.declare(pipeline({ ubuntu: entry(1, more) }, channels));
    const text = await fail(world.stack.preview());
    expect(text).toContain(`${what} cannot be made of a secret: states and messages tell it.`);
    expect(text).not.toContain("hush");
  });
});
