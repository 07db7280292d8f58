import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { findPulumi } from "../../tools/run/cli";
import { example, imagesOf, newVersion, openWorld, stateUrl, type World } from "./gitops";

jest.setTimeout(600_000);

const onCli = findPulumi() === undefined ? describe.skip : describe;
const read = (name: string) => readFileSync(join(example, name), "utf8");

type Env = Record<string, string>;

/** A command of a pipeline, in the job that has it. */
type Step = readonly [job: string, command: string];

interface Pipeline {
  env: Env;
  steps: Step[];
}

function githubPipeline(): Pipeline {
  const { env, jobs } = parse(read(".github/workflows/images.yml")) as {
    env: Env;
    jobs: Record<string, { steps: { run?: string }[] }>;
  };
  const steps = Object.entries(jobs).flatMap(([job, { steps }]) =>
    steps.flatMap(({ run }): Step[] => (run === undefined ? [] : [[job, run]])),
  );
  return { env, steps };
}

function gitlabPipeline(): Pipeline {
  const {
    variables,
    default: common,
    ...rest
  } = parse(read(".gitlab-ci.yml")) as {
    variables: Env;
    default: { before_script: string[] };
  } & Record<string, { script?: string[] }>;
  const steps = Object.entries(rest).flatMap(([job, { script }]) =>
    (script === undefined ? [] : [...common.before_script, ...script]).map((command): Step => [job, command]),
  );
  return { env: variables, steps };
}

/** The environment as the pipeline's file makes it of its secrets. Only the state's place is the emulator's here. */
function environmentOf(env: Env, { cloud, env: given }: World): Env {
  const secrets: NodeJS.ProcessEnv = {
    SCP_ACCESS_KEY: cloud.options.accessKey,
    SCP_SECRET_KEY: cloud.options.secretKey,
    PULUMI_CONFIG_PASSPHRASE: given.PULUMI_CONFIG_PASSPHRASE,
  };
  const filled = Object.entries(env).map(([name, value]) => [
    name,
    value.replace(/\$\{\{ secrets\.(\w+) \}\}|\$(\w+)/g, (text, ours?: string, theirs?: string) => {
      return secrets[ours ?? theirs ?? ""] ?? text;
    }),
  ]);
  const all = Object.fromEntries(filled) as Env;
  expect(all.PULUMI_BACKEND_URL).toBe(
    "s3://pulumi-state?endpoint=object-store.kr-west1.e.samsungsdscloud.com&s3ForcePathStyle=true&region=kr-west1",
  );
  return { ...all, PULUMI_BACKEND_URL: stateUrl(cloud) };
}

/** What Pulumi's CLI ends with, other than 7, which says that something changed. What it says of which failure is its own affair. */
const failures = [1, 2, 3, 4, 6];

const pipelines: [string, () => Pipeline, Step[]][] = [
  [
    ".github/workflows/images.yml",
    githubPipeline,
    [
      ["pull-request", "npx pulumi-scp-images validate images.yaml --format github"],
      ["merge", "ci/up.sh"],
      ["merge", 'cat report.md >> "$GITHUB_STEP_SUMMARY"'],
      ["drift", "ci/drift.sh"],
      ["repair", "ci/repair.sh"],
    ],
  ],
  [
    ".gitlab-ci.yml",
    gitlabPipeline,
    [
      ["preview", "npx pulumi-scp-images validate images.yaml"],
      ["preview", "ci/preview.sh"],
      ["up", "ci/up.sh"],
      ["drift", "ci/drift.sh"],
      ["repair", "ci/repair.sh"],
    ],
  ],
];

onCli("the steps of examples/gitops, on the Pulumi CLI", () => {
  let world: World;
  let env: Env;

  beforeEach(async () => {
    world = await openWorld();
  });
  afterEach(() => world.close());

  /** Runs a step as the pipelines do; what has no terminal cannot be asked. */
  const exitCode = async (command: string) => {
    const { code } = await world.shell(command, { env });
    return code;
  };

  test.each(pipelines)("%s", async (_file, pipeline, expected) => {
    const { env: declared, steps } = pipeline();
    const ours = steps.filter(([, command]) => command !== "npm ci");
    expect(ours).toEqual(expected);
    const summary = join(world.folder, "summary.md");
    env = { ...environmentOf(declared, world), GITHUB_STEP_SUMMARY: summary };
    // What this shell has set counts for nothing.
    for (const name of Object.keys(declared)) {
      Reflect.deleteProperty(world.env, name);
    }

    for (const [job, command] of ours) {
      await world.ok(command, { env });
      const made = ["pull-request", "preview"].includes(job) ? 0 : 1;
      expect(world.cloud.images()).toHaveLength(made);
    }
    for (const name of ["report.html", "report.md"]) {
      expect(readFileSync(join(world.clone, name), "utf8")).toContain("ubuntu-24.04");
    }
    if (ours.some(([, command]) => command.includes("SUMMARY"))) {
      expect(readFileSync(summary, "utf8")).toBe(readFileSync(join(world.clone, "report.md"), "utf8"));
    }

    // What they say where something is wrong.
    const [image] = imagesOf(world.cloud);
    await world.cloud.setImage(image!.id, { min_disk: 5 });
    expect(await exitCode("ci/drift.sh")).toBe(7);
    expect(await exitCode("ci/repair.sh")).toBe(0);
    expect(await exitCode("ci/drift.sh")).toBe(0);
    const manifest = join(world.clone, "images.yaml");
    const text = readFileSync(manifest, "utf8");
    writeFileSync(manifest, text.replace("minDisk: 20", "minDisk: twenty"));
    const validate = ours[0]![1];
    expect(await exitCode(validate)).toBe(2);
    expect(failures).toContain(await exitCode("ci/preview.sh"));
    expect(failures).toContain(await exitCode("ci/up.sh"));
    writeFileSync(manifest, text);
    env.STACK = "nowhere";
    expect(failures).toContain(await exitCode("ci/up.sh"));
    expect(failures).toContain(await exitCode("ci/drift.sh"));
    env = { ...env, STACK: "production", PULUMI_CONFIG_PASSPHRASE: "another" };
    expect(failures).toContain(await exitCode("ci/up.sh"));
    expect(imagesOf(world.cloud)).toMatchObject([{ id: image!.id }]);
  });

  test("cron/images", async () => {
    const { cloud, folder, clone, ok, edit, env: given } = world;
    await ok("git push --quiet origin main && git clone --quiet ../images.git ../srv");
    // As /etc/images.env is written: without export.
    const settings = Object.entries(given).filter(([name]) =>
      /^(SCP|PULUMI|AWS)_|^(INSTALL|PATH)$/.test(name),
    );
    writeFileSync(
      join(folder, "images.env"),
      settings.map(([name, value]) => `${name}='${value}'\n`).join(""),
    );
    settings.forEach(([name]) => name === "PATH" || Reflect.deleteProperty(given, name));

    const lines = read("cron/images").split("\n");
    const times = lines.flatMap((line) => /^([*/\d]+ (?:\S+ ){4})images (.*)$/.exec(line)?.slice(1) ?? []);
    const [often, reconcileLine = "", hourly, driftLine = ""] = times;
    expect([often, hourly]).toEqual(["*/10 * * * * ", "5 * * * * "]);
    expect([reconcileLine, driftLine].join("\n")).not.toContain("%"); // which cron reads as the end of a line
    const here = (line: string) =>
      line.replace("/srv/images", join(folder, "srv")).replace("/etc/images.env", join(folder, "images.env"));
    const cron = (line: string) => world.shell(`exec /bin/sh -c '${here(line)}'`, { cwd: folder });

    expect(await cron(reconcileLine)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("7 created") as string,
    });
    expect(cloud.images()).toHaveLength(1);
    expect(await cron(reconcileLine)).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(await cron(driftLine)).toMatchObject({ code: 0 });

    // What fails is tried again, until it is made.
    await edit(newVersion("2026.11.1", "2026.11.2"));
    await ok("git push --quiet origin main", { cwd: clone });
    const fault = cloud.faults.add({
      operation: "createImage",
      kind: "status",
      status: 403,
      times: "always",
    });
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      const { code, stdout } = await cron(reconcileLine);
      expect(failures).toContain(code);
      expect(stdout).toContain("403");
    }
    cloud.faults.clear(fault.id);
    expect(await cron(reconcileLine)).toMatchObject({ code: 0 });
    expect(cloud.images()).toHaveLength(2);
    expect(await cron(reconcileLine)).toMatchObject({ code: 0, stdout: "", stderr: "" });
    await cloud.setTags(imagesOf(cloud)[0]!.id, []);
    expect(await cron(driftLine)).toMatchObject({
      code: 7,
      stdout: expect.stringContaining("ubuntu-24.04/latest") as string,
    });
  });
});
