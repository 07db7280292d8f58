import { findPulumi, run } from "../../tools/run/cli";
import { pipelineSuite } from "./pipeline-suite";
import { pipelineWorld } from "./pipeline-world";
import { fail, openCli, succeed, type CliCommand, type OpenStack } from "./stack";

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

  /** `pulumi up` of the resources whose URNs end so, and of nothing else. */
  async function target(...ends: string[]): Promise<{ code: number | null; text: string }> {
    const { resources = [] } = (await world.stack.state()).deployment;
    const all = new Set(resources.map(({ urn }) => urn)); // What is still to be deleted has the URN of what is there.
    const urns = [...all].filter((urn) => ends.some((end) => urn.endsWith(end)));
    expect(urns).toHaveLength(ends.length);
    const args = ["up", "--yes", "--non-interactive", ...urns.flatMap((urn) => ["--target", urn])];
    const { code, stdout, stderr } = await run(command.cli, args, command);
    return { code, text: stdout + stderr };
  }

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
    world.stack.declare(noble(3));
    expect(await target("ImageRecord::noble")).toEqual({
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

  test("after a replacement that failed, and a rename of the stack, --target of the record deletes nothing", async () => {
    const stable = { "ubuntu/stable": { image: "ubuntu" } };
    await up(pipeline({ ubuntu: entry(1) }, stable));
    world.cloud.faults.add({ kind: "import-fails", times: "always" });
    world.stack.declare(pipeline({ ubuntu: entry(2) }, stable));
    await fail(world.stack.up());
    world.cloud.faults.clear();
    await pulumi("stack", "rename", "organization/lifecycle/production");
    const { code, text } = await target("ImageRecord::ubuntu");
    expect({ code, text }).toEqual({ code: 1, text: expect.stringContaining("may be one of") as string });
    expect(names()).toContain("ubuntu-1");
    await up(pipeline({ ubuntu: entry(3) }, stable));
    expect(names()).toEqual(["ubuntu-1", "ubuntu-3"]);
  });

  test("with --target of all but the generations, what stays as one stays shared", async () => {
    const account = world.cloud.options.accounts[1]!.accountId;
    const of = (number: number) => pipeline({ ubuntu: entry(number, { sharedWith: [account] }) });
    await up(of(1));
    world.stack.declare(of(2));
    await target("ImageRecord::ubuntu", "ImageImport::ubuntu", `ubuntu/${account}`);
    await up(of(2));
    expect(names()).toEqual(["ubuntu-1", "ubuntu-2"]);
    expect(world.cloud.images().map(({ members }) => members.length)).toEqual([1, 1]);
  });
});
