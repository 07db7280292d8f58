import { join } from "node:path";
import { startEmulator, type Emulator } from "../../emulator";
import { qcow2 } from "../emulator/testing";
import type { Declaration } from "./program";
import { safetySuite } from "./safety-suite";
import { openCli } from "./stack";
import { findPulumi, run, type Finished } from "../../tools/run/cli";

const onCli = findPulumi() === undefined ? describe.skip : describe;

onCli("on the Pulumi CLI", () => {
  safetySuite(openCli, 300_000, { thorough: process.env.THOROUGH === "true" });
});

onCli("what only the Pulumi CLI does", () => {
  jest.setTimeout(300_000);

  let cloud: Emulator;
  let stack: Awaited<ReturnType<typeof openCli>>;

  beforeEach(async () => {
    cloud = await startEmulator();
    for (const key of ["one.qcow2", "two.qcow2"]) {
      await cloud.putObject("images", key, qcow2());
    }
    stack = await openCli(cloud.env);
  });

  afterEach(async () => {
    stack.close();
    await cloud.close();
  });

  async function pulumi(args: string[], env: Record<string, string> = {}): Promise<Finished> {
    const { cli, cwd, env: own } = stack.command;
    return run(cli, [...args, "--non-interactive"], { cwd, env: { ...own, ...env } });
  }

  async function succeed(args: string[], env?: Record<string, string>): Promise<string> {
    const { code, stdout, stderr } = await pulumi(args, env);
    expect({ code, text: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, text: "" });
    return stdout + stderr;
  }

  const golden = (more: Record<string, unknown> = {}): Declaration => ({
    type: "Image",
    name: "golden",
    args: { name: "golden", osDistro: "alma", url: cloud.objectUrl("images", "one.qcow2"), ...more },
  });
  const two = () => ({ url: cloud.objectUrl("images", "two.qcow2") });
  const now = ["--yes", "--skip-preview"];

  test("a saved plan is kept to: creation, update, replacement", async () => {
    const plan = join(stack.command.cwd, "plan.json");
    const env = { PULUMI_EXPERIMENTAL: "true" };
    for (const more of [{}, { minRam: 3 }, two()]) {
      stack.declare(golden(more));
      await succeed(["preview", "--save-plan", plan], env);
      await succeed(["up", "--plan", plan, ...now], env);
      expect(cloud.images()).toMatchObject([{ status: "active" }]);
    }
    expect(cloud.images()).toMatchObject([{ url: two().url }]);
  });

  test("where the engine asks for no diff, a replacement deletes the old image, and no other", async () => {
    const env = { PULUMI_ENABLE_LEGACY_DIFF: "true" };
    const adopted = "0f5b9a3e-0000-4000-8000-000000000001";
    await cloud.setImage(adopted, {
      ...{ name: "adopted", os_distro: "alma", url: golden().args?.url as string },
    });
    const other: Declaration = { ...golden({ name: "adopted", imageId: adopted }), name: "adopted" };
    stack.declare(golden(), other);
    await succeed(["up", ...now], env);
    const { resources = [] } = (await stack.state()).deployment;
    const urns = resources.map(({ urn }) => urn).filter((urn) => urn.includes("::adopted"));
    await succeed(["up", ...now, ...urns.flatMap((urn) => ["--replace", urn])], env);
    expect(cloud.deleted()).toEqual([]);

    stack.declare(golden(two()), other);
    await succeed(["up", ...now], env);
    expect(cloud.deleted()).toHaveLength(1);
    expect(cloud.images()).toHaveLength(2);
    await succeed(["destroy", ...now], env);
    expect(cloud.images()).toEqual([]);
  });

  test("destroy that runs the program deletes what the program names by its id as well", async () => {
    const adopted = "0f5b9a3e-0000-4000-8000-000000000001";
    await cloud.setImage(adopted, {
      ...{ name: "adopted", os_distro: "alma", url: golden().args?.url as string },
    });
    stack.declare(golden(), { ...golden({ name: "adopted", imageId: adopted }), name: "adopted" });
    await succeed(["up", ...now]);
    await succeed(["destroy", "--run-program", ...now]);
    expect(cloud.images()).toEqual([]);
  });
});
