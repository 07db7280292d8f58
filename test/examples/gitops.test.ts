import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { findPulumi, type Finished } from "../../tools/run/cli";
import { imagesOf, installHooks, newVersion, openWorld, type World } from "./gitops";

jest.setTimeout(600_000);

const onCli = findPulumi() === undefined ? describe.skip : describe;

onCli("examples/gitops, on the Pulumi CLI with its state in Object Storage", () => {
  let world: World;

  beforeEach(async () => {
    world = await openWorld();
  });
  afterEach(async () => {
    // No colour, and no secret.
    expect(world.told()).not.toContain("\u001b");
    expect(world.told()).not.toContain(world.cloud.options.secretKey);
    await world.close();
  });

  /** Git's own client knows none of the settings: the hooks have theirs from images.env. */
  const push = (what: string): Promise<Finished> => {
    const settings = Object.keys(world.env).filter((name) => /^(SCP|PULUMI|AWS)_|^INSTALL$/.test(name));
    return world.shell(`unset ${settings.join(" ")}; git push --quiet origin ${what}`);
  };

  const channels = (latest: string, stable: string) => ({
    "ubuntu-24.04/latest": latest,
    "ubuntu-24.04/stable": stable,
  });

  test("from a push to an image, a preview, a new generation, drift and back, by the hooks", async () => {
    const { cloud } = world;
    installHooks(world);

    // What main has is made.
    const first = await push("main");
    expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining("7 created") as string });
    expect(first.stderr).not.toContain("WARN");
    const [old] = imagesOf(cloud);
    expect(imagesOf(cloud)).toMatchObject([
      { status: "active", channels: channels("2026.11.1", "2026.11.1") },
    ]);
    const state = ".pulumi/stacks/images/production.json";
    expect(cloud.objects()).toContainEqual(expect.objectContaining({ bucket: "pulumi-state", key: state }));

    // A branch is previewed, and nothing is done.
    await world.ok("git switch --quiet --create team/next");
    await world.edit(newVersion("2026.11.1", "2026.11.2"));
    const before = cloud.stats();
    const preview = await push("team/next");
    expect(preview.code).toBe(0);
    expect(preview.stderr).toContain("Previewing update (production)");
    expect(preview.stderr).toMatch(/~ url +: ".*2026\.11\.1\.qcow2" => ".*2026\.11\.2\.qcow2"/);
    expect(preview.stderr).toContain("+-2 to replace");
    expect(cloud.stats()).toMatchObject({ createImage: before.createImage });
    expect(imagesOf(cloud)).toEqual([old]);

    // Merged, it is made; the one before stays, and stable still points at it.
    await world.ok("git switch --quiet main && git merge --quiet team/next");
    expect(await push("main")).toMatchObject({ code: 0 });
    const [next] = imagesOf(cloud);
    expect(imagesOf(cloud)).toEqual([
      { ...old, id: next!.id, channels: { "ubuntu-24.04/latest": "2026.11.2" } },
      { ...old, channels: { "ubuntu-24.04/stable": "2026.11.1" } },
    ]);
    const report = readFileSync(join(world.folder, "worktrees/main/report.md"), "utf8");
    expect(report).toContain("2026.11.2");

    // Somebody changes both behind the pipeline's back.
    expect(await world.shell("ci/drift.sh")).toMatchObject({ code: 0 });
    await cloud.setImage(next!.id, { protected: true, min_disk: 5 });
    await cloud.setTags(old!.id, [{ key: "team", value: "platform" }]);
    const drift = await world.shell("ci/drift.sh");
    expect(drift).toMatchObject({
      code: 7,
      stderr: expect.stringContaining("no changes were expected") as string,
    });
    expect(drift.stdout).toMatch(/~ minDisk +: 20 => 5/);
    expect(drift.stdout).toMatch(/~ protected +: false => true/);
    expect(drift.stdout).toMatch(/- ubuntu-24\.04\/stable: "2026\.11\.1"/);
    expect(drift.stdout).toContain("~ 2 to update");
    // It only looks: the next one says the same, though the two images are refreshed at once, so either may come first.
    const again = await world.shell("ci/drift.sh");
    expect(again.code).toBe(7);
    expect(again.stdout.split("\n").sort()).toEqual(drift.stdout.split("\n").sort());

    await world.ok("ci/repair.sh");
    expect(await world.shell("ci/drift.sh")).toMatchObject({ code: 0 });
    expect(cloud.images().find(({ id }) => id === next!.id)).toMatchObject({
      protected: false,
      min_disk: 20,
    });
    expect(imagesOf(cloud).map((image) => image.channels)).toEqual([
      { "ubuntu-24.04/latest": "2026.11.2" },
      { "ubuntu-24.04/stable": "2026.11.1" },
    ]);

    // A mistake is refused with its place, on whatever branch, and nothing runs.
    await world.ok("git switch --quiet --create broken");
    await world.edit((text) => text.replace("minDisk: 20", "minDisks: 20"));
    const requests = cloud.requests().length;
    const broken = await push("broken");
    expect(broken.code).toBe(1);
    expect(broken.stderr).toContain(
      'images.yaml:12:5: there is no property "minDisks"; did you mean "minDisk"?',
    );
    expect(broken.stderr).toContain("pre-receive hook declined");
    expect(cloud.requests()).toHaveLength(requests);
    expect(await world.ok("git ls-remote --heads origin")).not.toContain("broken");
  });

  test("without the refusing hook, the other one says the same, and neither previews nor makes anything", async () => {
    installHooks(world, ["post-receive"]);
    await world.edit((text) => text.replace("osDistro: ubuntu", "osDistro: ubunto"));
    const { stderr } = await push("main");
    expect(stderr).toContain("images.yaml:3:13: osDistro must be one of");
    expect(stderr).not.toContain("Updating");
    expect(world.cloud.images()).toEqual([]);
  });

  test("after a killed run the lock is to be taken off, and the next run waits for the same image", async () => {
    const { cloud, clone, env, shell, ok } = world;
    cloud.options.importMs = 20_000;
    const killed = spawn("ci/up.sh", { cwd: clone, env, detached: true, stdio: "ignore" });
    const end = once(killed, "exit");
    while (cloud.images().every(({ status }) => status !== "importing")) {
      await setTimeout(100);
    }
    process.kill(-Number(killed.pid), "SIGKILL");
    await end;
    const [image] = imagesOf(cloud);

    const locked = "the stack is currently locked by 1 lock";
    for (const script of ["ci/up.sh", "ci/repair.sh"]) {
      const { code, stderr } = await shell(script);
      expect(code).toBeGreaterThan(0);
      expect(stderr).toContain(locked);
    }
    // What only looks takes no lock.
    expect((await shell("ci/drift.sh")).stderr).not.toContain(locked);
    expect((await shell("ci/preview.sh")).code).toBe(0);

    await ok("pulumi cancel --stack production --yes --non-interactive --color never");
    await ok("ci/up.sh");
    expect(imagesOf(cloud)).toMatchObject([{ id: image!.id, status: "active" }]);
  });
});
