import { findPulumi, run } from "../../tools/run/cli";
import { pipelineSuite } from "./pipeline-suite";
import { pipelineWorld } from "./pipeline-world";
import { openCli, succeed, type CliCommand, type OpenStack } from "./stack";

const onCli = findPulumi() === undefined ? describe.skip : describe;

onCli("on the Pulumi CLI", () => {
  pipelineSuite(openCli, 180_000);
});

onCli("a stack that is split, by the Pulumi CLI", () => {
  let command: CliCommand;
  const open: OpenStack = async (env) => {
    const stack = await openCli(env, "all");
    ({ command } = stack);
    return stack;
  };
  const world = pipelineWorld(open);
  const { entry, pipeline, names, channelTags, up } = world;

  const pulumi = async (...args: string[]): Promise<void> => {
    const { code, stdout, stderr } = await run(command.cli, [...args, "--non-interactive"], command);
    expect({ code, text: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, text: "" });
  };

  test("an entry goes to another stack with its generations and its channel, and no image is made or deleted", async () => {
    const channels = { "ubuntu/stable": { image: "ubuntu", version: "1.0" } };
    const tools = entry(3, { name: "tools" });
    await up(pipeline({ ubuntu: entry(1), tools }, channels));
    await up(pipeline({ ubuntu: entry(2), tools }, channels));
    const { createImage } = world.cloud.stats();

    const { resources = [] } = (await world.stack.state()).deployment;
    const moved = resources.map(({ urn }) => urn).filter((urn) => urn.endsWith("::ubuntu"));
    expect(moved).toHaveLength(4);
    await pulumi("stack", "init", "ubuntu");
    await pulumi("state", "move", "--source", "all", "--dest", "ubuntu", "--yes", ...moved);

    const split = pipeline({ ubuntu: entry(2) }, channels);
    world.stack.declare({ ...split, args: { ...split.args, adoptTopLevel: true } });
    await succeed(world.stack.up());
    await up(split);
    await pulumi("stack", "select", "all");
    await up(pipeline({ tools }));
    await succeed(world.stack.destroy());
    expect(names()).toEqual(["ubuntu-1", "ubuntu-2"]);
    expect(channelTags()).toEqual(["ubuntu-1 pulumi-scp-images:channel:ubuntu/stable 1.0"]);
    expect(world.cloud.stats().createImage).toBe(createImage);

    await pulumi("stack", "select", "ubuntu");
    pipeline({ ubuntu: entry(2) }, channels);
    await succeed(world.stack.destroy());
    expect(names()).toEqual([]);
  });

  test("with --target of the record alone of an entry that was renamed, no generation goes", async () => {
    await up(pipeline({ ubuntu: entry(1) }));
    await up(pipeline({ ubuntu: entry(2) }));
    const noble = (number: number) => pipeline({ noble: entry(number, { renamedFrom: "ubuntu" }) });
    await up(noble(2));
    const { resources = [] } = (await world.stack.state()).deployment;
    const record = resources.map(({ urn }) => urn).find((urn) => urn.endsWith("ImageRecord::noble"));
    world.stack.declare(noble(3));
    const args = ["up", "--yes", "--non-interactive", "--target", String(record)];
    const { code, stdout, stderr } = await run(command.cli, args, command);
    expect({ code, text: stdout + stderr }).toEqual({
      code: 1,
      text: expect.stringContaining("may be one of the generations") as string,
    });
    expect(names()).toEqual(["ubuntu-1", "ubuntu-2", "ubuntu-3"]);
    await up(noble(3));
    expect(names()).toEqual(["ubuntu-2", "ubuntu-3"]);
  });

  test("the generations alone are destroyed: the current image stays, and is in no channel", async () => {
    await up(pipeline({ ubuntu: entry(1) }, { "ubuntu/stable": { image: "ubuntu" } }));
    const { resources = [] } = (await world.stack.state()).deployment;
    const generations = resources.map(({ urn }) => urn).find((urn) => urn.includes("ImageGenerations"));
    await pulumi("destroy", "--yes", "--target", String(generations));
    expect(names()).toEqual(["ubuntu-1"]);
    expect(channelTags()).toEqual([]);
    await up(pipeline({ ubuntu: entry(1) }, { "ubuntu/stable": { image: "ubuntu" } }));
    expect(channelTags()).toEqual(["ubuntu-1 pulumi-scp-images:channel:ubuntu/stable 1.0"]);
  });
});
