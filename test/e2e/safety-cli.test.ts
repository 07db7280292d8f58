import { writeFileSync } from "node:fs";
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

  test("an import that came while its record was not asked about leaves the image to the record", async () => {
    const record: Declaration = { ...golden(), type: "ImageRecord" };
    stack.declare(record);
    await succeed(["up", ...now]);
    const [image] = cloud.images();
    const id = image!.id;
    const alone: Declaration = {
      type: "ImageImport",
      name: "alone",
      args: { imageId: id, url: image!.url },
      options: { dependsOn: ["golden"] },
    };
    stack.declare(record, alone);
    const urn = "urn:pulumi:test::lifecycle::pulumi-nodejs:dynamic/scp:ImageImport::alone";
    await succeed(["up", "--target", urn, ...now]);
    await pulumi(["up", ...now]);
    await pulumi(["destroy", "--target", urn, ...now]);
    expect(cloud.images().map((one) => one.id)).toEqual([id]);
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

  test("an import removed by a run that does not look at its record leaves the image to the record", async () => {
    const program = (withImport: boolean) => {
      const url = JSON.stringify(golden().args?.url);
      const lines = [
        'const { ImageRecord, ImageImport } = require("pulumi-scp-images");',
        `const record = new ImageRecord("record", { name: "golden", osDistro: "alma", url: ${url} });`,
        withImport ? `new ImageImport("file", { imageId: record.id, url: ${url} });` : "",
      ];
      writeFileSync(join(stack.command.cwd, "index.js"), lines.join("\n"));
    };
    const ways: [string[], Record<string, string>][] = [
      [["--target", "**::file"], {}],
      [["--exclude", "**::record"], {}],
      [[], { PULUMI_ENABLE_LEGACY_DIFF: "true" }],
    ];
    for (const [args, env] of ways) {
      program(true);
      await succeed(["up", ...now]);
      program(false);
      await succeed(["up", ...now, ...args], env);
      expect(cloud.images()).toHaveLength(1);
      expect(cloud.deleted()).toEqual([]);
    }
  });

  test("an image whose tag never came off is another stack's once it was moved there", async () => {
    stack.declare(golden({ protected: true }));
    await succeed(["up", ...now, ...["**::golden", "**scp-images"].flatMap((urn) => ["--target", urn])], {});
    const state = await stack.state();
    const other = await openCli(cloud.env, "other");
    const moved = JSON.stringify(state).replaceAll("urn:pulumi:test::", "urn:pulumi:other::");
    await other.importState(JSON.parse(moved) as typeof state);
    const { resources = [] } = state.deployment;
    const rest = resources.filter(({ type }) => !/Image(Record|Import)?$/.test(type));
    await stack.importState({ ...state, deployment: { ...state.deployment, resources: rest } });
    const [kept] = cloud.images();
    await succeed(["up", ...now]);
    stack.declare(golden());
    await succeed(["up", ...now]);
    await succeed(["destroy", ...now]);
    expect(cloud.images()).toMatchObject([{ id: kept?.id, protected: true }]);
    other.close();
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
