import type { RawImage } from "../../emulator";
import { tagsWork } from "./conditions";
import { mendAndCompare, prepare, requestsOf } from "./matrix";
import { StackModel, type Goal } from "./model";
import { Chance } from "./random";
import { perform, scenariosIn, type Action } from "./scenarios";
import { kindsOf } from "./kinds";
import { isTold, leaks, wrongImages } from "./verify";
import { Killed, moments, type Kill, type World } from "./world";

export interface Kills {
  kills: number;
  lives: number;
  /** Images that no state held in the end, of which the user was told. */
  told: number;
  lost: string[];
}

/**
 * Kills the run of each scenario at each of its requests, before the work, after it, and after the answer; then the run that is to
 * mend it, somewhere; then compares. Of all moments every so many-th is taken.
 */
export async function killEverywhere(world: World, every = 1): Promise<Kills> {
  const result: Kills = { kills: 0, lives: 0, told: 0, lost: [] };
  const chance = new Chance(1);
  let index = 0;
  for (const scenario of scenariosIn(world)) {
    const requests = await requestsOf(world, scenario);
    for (let request = 1; request <= requests; request += 1) {
      for (const moment of moments) {
        index += 1;
        if (index % every !== 0) {
          continue;
        }
        const stack = await prepare(world, scenario);
        const again = { request: chance.upTo(requests), moment: chance.pick(moments) };
        const name = `${scenario.name}, killed ${moment} of request ${request}, then ${again.moment} of ${again.request}`;
        result.kills += await runAndKill(world, stack, scenario.action, { request, moment });
        result.kills += await runAndKill(world, stack, scenario.action, again);
        result.lives += 1;
        const { wrong, told } = await mendAndCompare(world, scenario, stack);
        result.told += told;
        result.lost.push(...wrong.map((what) => `${name}: ${what}`));
      }
    }
  }
  return result;
}

/** Answers how many processes were killed: none where the run was over before. */
async function runAndKill(world: World, stack: StackModel, action: Action, kill: Kill): Promise<0 | 1> {
  try {
    await perform(stack, action, world.start({ kill }));
    return 0;
  } catch (error) {
    if (error instanceof Killed) {
      return 1;
    }
    throw error;
  } finally {
    world.emulator.faults.clear();
  }
}

/**
 * Lives of stacks by chance: what the user wants changes from run to run, and most runs are killed or meet a fault. At the end of
 * each life comes one run without faults, and then the end of the stack.
 */
export async function liveByChance(world: World, lives: number, seed = 1): Promise<Kills> {
  const result: Kills = { kills: 0, lives, told: 0, lost: [] };
  for (let life = 0; life < lives; life += 1) {
    const story: string[] = [];
    const { kills, wrong } = await liveOnce(world, new Chance(seed * 1_000_003 + life), story);
    result.kills += kills;
    result.told += world.emulator.images().length;
    result.lost.push(...wrong.map((what) => `life ${life} of seed ${seed} (${story.join("; ")}): ${what}`));
  }
  return result;
}

async function liveOnce(
  world: World,
  chance: Chance,
  story: string[],
): Promise<{ kills: number; wrong: string[] }> {
  await world.reset();
  world.emulator.options.importsBy = chance.pick(["create", "import"]);
  const stack = new StackModel();
  const goalBy = goalsOf(world, chance);
  let kills = 0;
  for (let run = chance.upTo(5); run > 0; run -= 1) {
    const action = actionBy(chance, goalBy);
    kills += await runByChance(world, stack, action, chance, story);
  }
  const aim = [goalBy()];
  story.push(`in the end ${inShort(aim[0])}`);
  try {
    // Of an image that was deleted while the state was not told, refresh tells it.
    await refreshAsAdvised(stack, world);
    await stack.up(aim, world.start());
    Object.assign(world.emulator.options, { tagLagMs: 0, showLagMs: 0 });
    await stack.refresh(world.start());
    await stack.up(aim, world.start());
    const told = (image: RawImage) => isTold(image, world);
    const wrong = [...wrongImages(world, [[stack, aim]], told), ...leaks(world, stack)];
    await stack.destroy(world.start());
    const left = wrongImages(world, [[stack, []]], told);
    return { kills, wrong: [...wrong, ...left.map((what) => `after destroy, ${what}`)] };
  } catch (error) {
    return { kills, wrong: [`without faults, it fails: ${String(error)}`] };
  }
}

/** Of a young image that is not found, a refresh says to run it again after an hour. */
async function refreshAsAdvised(stack: StackModel, world: World): Promise<void> {
  await stack.refresh(world.start()).catch(async (error: unknown) => {
    if (!String(error).includes("Run again later: after an hour")) {
      throw error;
    }
    world.skip(61 * 60_000);
    await stack.refresh(world.start());
  });
}

/** What the user may want next: one resource, of the same type for life. */
function goalsOf(world: World, chance: Chance): () => Goal {
  const type = chance.pick(["Image", "Image", "ImageRecord"] as const);
  return () => ({
    type,
    name: "golden",
    args: {
      name: "golden",
      osDistro: "alma",
      url: world.url(chance.pick(["one", "two"])),
      minRam: chance.pick([0, 5]),
      // Without tags they are left alone, whoever set them: a killed run too.
      tags: tagsWork(world.condition) ? chance.pick([{}, { team: "web" }]) : undefined,
    },
  });
}

function inShort(goal: Goal | undefined): string {
  const { url, minRam, tags } = goal?.args ?? {};
  return goal
    ? `${goal.type} of ${String(url).split("/").at(-1)}, ${String(minRam)}, ${JSON.stringify(tags ?? {})}`
    : "nothing";
}

function actionBy(chance: Chance, goalBy: () => Goal): Action {
  return chance.pick<() => Action>([
    () => ({ do: "up", goals: [goalBy()] }),
    () => ({ do: "up", goals: [goalBy()] }),
    () => ({ do: "up", goals: [goalBy()] }),
    () => ({ do: "up", goals: [goalBy()], force: chance.pick(["trigger", "replace"]) }),
    () => ({ do: "up", goals: [] }),
    () => ({ do: "refresh" }),
    () => ({ do: "destroy" }),
  ])();
}

async function runByChance(
  world: World,
  stack: StackModel,
  action: Action,
  chance: Chance,
  story: string[],
): Promise<0 | 1> {
  const request = chance.upTo(6);
  const what = action.do === "up" ? `up ${action.force ?? ""} ${inShort(action.goals[0])}` : action.do;
  if (chance.next() < 0.6) {
    const moment = chance.pick(moments);
    const killed = await runAndKill(world, stack, action, { request, moment }).catch(() => 0 as const);
    story.push(`${what}${killed ? `, killed ${moment} of request ${request}` : ""}`);
    return killed;
  }
  const { accessKey, secretKey } = world.emulator.options;
  const transient = Object.entries(kindsOf([accessKey, secretKey])).filter(
    ([, kind]) => kind.transient && !kind.retryPolicy,
  );
  const [kind, { fault }] = chance.pick(transient);
  world.emulator.faults.add({ ...fault, nth: request, times: chance.upTo(12) });
  const ended = await perform(stack, action, world.start()).then(
    () => "",
    () => ", failed",
  );
  world.emulator.faults.clear();
  story.push(`${what}, ${kind} at request ${request}${ended}`);
  return 0;
}
