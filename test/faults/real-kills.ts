import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { startEmulator, type Emulator } from "../../emulator";
import { qcow2 } from "../emulator/testing";
import { openCli, type CliCommand, type TestStack } from "../e2e/stack";
import { run } from "../../tools/run/cli";
import type { Kills } from "./kills";
import type { Goal } from "./model";
import { Chance } from "./random";
import { wrongProperties } from "./verify";

/** What the runs of a life do. Each is killed, and then run again. */
const stages = ["create", "replace", "update", "destroy"] as const;

/** Requests that any of these stages makes at least. */
const fewestRequests = 2;

/**
 * Kills the Pulumi CLI with all that it has started (kill -9), each time while the cloud holds the answer to a request of chance:
 * before the work, or after it. Then runs it again.
 */
export async function killTheCli(kills: number, seed = 1): Promise<Kills> {
  const chance = new Chance(seed);
  const result: Kills = { kills: 0, lives: 0, told: 0, lost: [] };
  while (result.kills < kills) {
    const cloud = await startEmulator();
    const stack = await openCli(cloud.env);
    try {
      for (const key of ["one", "two"]) {
        await cloud.putObject("images", `${key}.qcow2`, qcow2());
      }
      for (const stage of stages.slice(0, kills - result.kills)) {
        const told = await killOnce(cloud, stack, stage, chance);
        result.kills += 1;
        result.lost.push(...told);
      }
      result.lives += 1;
    } finally {
      stack.close();
      await cloud.close();
    }
  }
  return result;
}

async function killOnce(
  cloud: Emulator,
  stack: TestStack & { command: CliCommand },
  stage: (typeof stages)[number],
  chance: Chance,
): Promise<string[]> {
  const goals = stage === "destroy" ? [] : [goalAt(cloud, stage)];
  const [kind, nth] = [chance.pick(["hang", "hang-after"] as const), chance.upTo(fewestRequests)];
  stack.declare(...goals);
  cloud.faults.add({ kind, nth });
  // What is still alive for a moment gets through no more.
  cloud.faults.add({ kind: "hang", nth: nth + 1, times: "always" });
  await startAndKill(cloud, stack.command, stage === "destroy" ? "destroy" : "up");
  cloud.faults.clear();
  // The one who was killed has left the backend locked.
  await run(stack.command.cli, ["cancel", "--yes", "--non-interactive"], stack.command);
  const { ok, text } = await (stage === "destroy" ? stack.destroy() : stack.up());
  const images = cloud.images();
  const wrong = [
    ...(ok ? [] : [`the next run fails: ${text}`]),
    ...(images.length === goals.length ? [] : [`there are ${images.length} images`]),
    ...goals.flatMap((goal) => (images[0] ? wrongProperties(images[0], goal) : [])),
  ];
  return wrong.map((what) => `${stage}, killed in request ${nth} (${kind}): ${what}`);
}

function goalAt(cloud: Emulator, stage: (typeof stages)[number]): Goal {
  const url = cloud.objectUrl("images", stage === "create" ? "one.qcow2" : "two.qcow2");
  const changed = { minRam: 5, tags: { team: "web" } };
  return {
    type: "Image",
    name: "golden",
    args: { name: "golden", osDistro: "alma", url, ...(stage === "update" ? changed : {}) },
  };
}

/** Starts the CLI and kills it, and all its processes, when the fault has struck. */
export async function startAndKill(
  cloud: Emulator,
  { cli, cwd, env }: CliCommand,
  name: "up" | "destroy",
): Promise<void> {
  const child = spawn(cli, [name, "--yes", "--skip-preview", "--non-interactive"], {
    cwd,
    env,
    stdio: "ignore",
  });
  const closed = once(child, "close");
  while (child.exitCode === null && cloud.faults.list().every(({ struck }) => struck === 0)) {
    await delay(10);
  }
  if (child.exitCode !== null) {
    throw new Error(`${name} ended before its fault came`);
  }
  familyOf(child.pid!).forEach(kill);
  await closed;
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself meanwhile.
  }
}

/** A process and all that it has started; the CLI gives its plugins process groups of their own. */
function familyOf(pid: number): number[] {
  const all = execFileSync("ps", ["-eo", "pid=,ppid="], { encoding: "utf8" });
  const parents = all
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const family = [pid];
  for (const member of family) {
    family.push(
      ...parents.flatMap(([child, parent]) => (parent === member && child !== undefined ? [child] : [])),
    );
  }
  return family;
}
