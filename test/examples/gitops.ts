import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { startEmulator, type Emulator, type EmulatorOptions } from "../../emulator";
import { cleanEnv, findPulumi, run, type Finished } from "../../tools/run/cli";

const repository = join(__dirname, "../..");
export const example = join(repository, "examples/gitops");
const file = readFileSync(join(repository, "examples/images/example.qcow2"));

/** The example in a Git repository of its own, on the real CLI, with an emulator that has its images and its state. */
export interface World {
  cloud: Emulator;
  /** Where all of it is, inside this repository, so that packages are found. */
  folder: string;
  /** A clone with the example, and nothing pushed yet. */
  clone: string;
  bare: string;
  /** What a pipeline has besides: keys, the state's place, the CLI on PATH. */
  env: NodeJS.ProcessEnv;
  /** Runs a command in a folder, by default the clone, and gives all back. */
  shell: (command: string, options?: { cwd?: string; env?: NodeJS.ProcessEnv }) => Promise<Finished>;
  /** The same of a command that must succeed: its output, and what it told. */
  ok: (command: string, options?: { cwd?: string; env?: NodeJS.ProcessEnv }) => Promise<string>;
  /** Changes images.yaml of the clone, and commits that. */
  edit: (change: (text: string) => string) => Promise<void>;
  /** All that anybody was told until now. */
  told: () => string;
  close: () => Promise<void>;
}

/** The URL of the state, as the example's files have it, is this one of the emulator's here. */
export function stateUrl(cloud: Emulator): string {
  const { host } = new URL(cloud.objectStorageUrl);
  return `s3://pulumi-state?endpoint=${host}&disableSSL=true&s3ForcePathStyle=true&region=kr-west1`;
}

/** Every version of the example's image that the tests have. */
const versions = ["2026.11.1", "2026.11.2", "2026.11.3"];

export async function openWorld(options: EmulatorOptions = {}): Promise<World> {
  // Where the example's URLs are.
  const cloud = await startEmulator({ environment: "e", ...options });
  for (const version of versions) {
    await cloud.putObject("images", `ubuntu-24.04-${version}.qcow2`, file);
  }
  await cloud.putObject("pulumi-state", "keep", Buffer.from(""), "private");
  const parent = join(repository, ".local/tests");
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, "gitops-"));
  const [bare, clone] = [join(folder, "images.git"), join(folder, "clone")];
  const env = environment(cloud);
  let told = "";
  const shell: World["shell"] = async (command, { cwd = clone, env: more = {} } = {}) => {
    const options = { cwd, env: { ...env, ...more } };
    const finished = await run("bash", ["-e", "-o", "pipefail", "-c", command], options);
    told += finished.stdout + finished.stderr;
    return finished;
  };
  const ok: World["ok"] = async (command, options) => {
    const { code, stdout, stderr } = await shell(command, options);
    if (code !== 0) {
      throw new Error(`${command} ended with ${code}:\n${stdout}${stderr}`);
    }
    return stdout + stderr;
  };
  cpSync(example, clone, { recursive: true });
  await ok("git init --quiet --bare --initial-branch main ../images.git");
  await ok("git init --quiet --initial-branch main && git remote add origin ../images.git");
  await ok("pulumi stack init production --non-interactive");
  await ok("git add . && git commit --quiet --message 'The images'");
  return {
    cloud,
    folder,
    clone,
    bare,
    env,
    shell,
    ok,
    edit: async (change) => {
      const manifest = join(clone, "images.yaml");
      writeFileSync(manifest, change(readFileSync(manifest, "utf8")));
      await ok("git commit --quiet --all --message 'Other images'");
    },
    told: () => told,
    close: async () => {
      rmSync(folder, { recursive: true });
      await cloud.close();
    },
  };
}

/** As a pipeline's runner has it: no region, no environment, since the example's Pulumi.yaml says them. */
function environment(cloud: Emulator): NodeJS.ProcessEnv {
  const { SCP_ACCESS_KEY = "", SCP_SECRET_KEY = "", SCP_ENDPOINT = "" } = cloud.env;
  const clean = cleanEnv({});
  return {
    ...clean,
    SCP_ACCESS_KEY,
    SCP_SECRET_KEY,
    SCP_ENDPOINT,
    SCP_OBJECT_STORAGE_ENDPOINT: cloud.objectStorageUrl,
    PULUMI_BACKEND_URL: stateUrl(cloud),
    PULUMI_CONFIG_PASSPHRASE: "a passphrase",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    AWS_ACCESS_KEY_ID: SCP_ACCESS_KEY,
    AWS_SECRET_ACCESS_KEY: SCP_SECRET_KEY,
    AWS_REQUEST_CHECKSUM_CALCULATION: "when_required",
    AWS_RESPONSE_CHECKSUM_VALIDATION: "when_required",
    PATH: `${dirname(findPulumi() ?? "")}:${clean.PATH ?? ""}`,
    // In place of npm ci: packages are found in this repository, above.
    INSTALL: "true",
    // npx takes a package that it has to prepare for one to build: these tests run beside others that use what was built.
    npm_config_ignore_scripts: "true",
    GIT_CONFIG_NOSYSTEM: "1",
    ...identity,
  };
}

const identity = {
  GIT_AUTHOR_NAME: "Test",
  GIT_AUTHOR_EMAIL: "test@example.com",
  GIT_COMMITTER_NAME: "Test",
  GIT_COMMITTER_EMAIL: "test@example.com",
};

/** Puts the hooks into the bare repository, with the environment in a file: a server of Git's gives hooks none. */
export function installHooks({ bare, folder, env }: World, hooks = ["pre-receive", "post-receive"]): void {
  for (const hook of hooks) {
    cpSync(join(example, "hooks", hook), join(bare, "hooks", hook));
    chmodSync(join(bare, "hooks", hook), 0o755);
  }
  const given = Object.entries({ ...env, WORKTREES: join(folder, "worktrees") }).filter(([name]) =>
    /^(SCP_|PULUMI_|AWS_|INSTALL$|WORKTREES$|PATH$)/.test(name),
  );
  const lines = given.map(([name, value]) => `${name}='${value}'\n`);
  writeFileSync(join(bare, "images.env"), lines.join(""));
}

/** Another file and version of the image in the example's images.yaml; the channel that names a version stays. */
export const newVersion = (from: string, to: string) => (text: string) =>
  text
    .replace(`version: "${from}"\n    url:`, `version: "${to}"\n    url:`)
    .replace(`ubuntu-24.04-${from}.qcow2`, `ubuntu-24.04-${to}.qcow2`);

/** The images that there are, the newest first, each with the versions that its channels name. */
export function imagesOf(
  cloud: Emulator,
): { id: string; name: string; status: string; channels: Record<string, string> }[] {
  return cloud
    .images()
    .map(({ id, name, status, tags }) => ({
      id,
      name,
      status,
      channels: Object.fromEntries(
        tags
          .filter(({ key }) => key.startsWith(channelTag))
          .map(({ key, value }) => [key.slice(channelTag.length), value]),
      ),
    }))
    .reverse();
}

const channelTag = "pulumi-scp-images:channel:";
