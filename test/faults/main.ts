import { parseArgs } from "node:util";
import { findPulumi } from "../../tools/run/cli";
import { conditions } from "./conditions";
import { differencesOfModel, faultsOnEngine } from "./engine";
import { kindsOf } from "./kinds";
import { killEverywhere, liveByChance, type Kills } from "./kills";
import { describeLoad, runLoad } from "./load";
import { runMatrix, tableOf } from "./matrix";
import { killTheCli } from "./real-kills";
import { killUploads } from "./source-kills";
import { World } from "./world";

const usage = `Usage: node dist/test/faults/main.js matrix|kills [--every N] [--cli N] [--seed N] [--only CONDITION]
  matrix  every kind of fault in every request, under every condition of the service, on the model; on the embedded engine; 300 images under load
  kills   processes killed everywhere in the model, under every condition; lives of chance; and --cli times (20) the Pulumi CLI, where there is one
  --every N  only each Nth case
`;

const say = (text: string) => process.stdout.write(`${text}\n`);

interface Options {
  every: number;
  cli: number;
  seed: number;
  only?: string;
}

async function underEachCondition(
  world: World,
  { only }: Options,
  run: (name: string) => Promise<string[]>,
): Promise<string[]> {
  const wrong: string[] = [];
  for (const [name, condition] of Object.entries(conditions)) {
    if (only === undefined || only === name) {
      world.condition = condition;
      wrong.push(...(await run(name)).map((what) => `${name}: ${what}`));
    }
  }
  world.condition = {};
  return wrong;
}

async function matrix(world: World, options: Options): Promise<string[]> {
  const lost = await underEachCondition(world, options, async (name) => {
    const tallies = await runMatrix(world, options.every);
    say(`\nThe service: ${name}\n${tableOf(tallies)}`);
    return tallies.flatMap((tally) => tally.lost);
  });
  const load = await runLoad(world, { images: 300, failing: 0.2, maxRequests: 8 });
  say(describeLoad(load));
  // A time-out takes the client's own minute there.
  const kinds = Object.keys(kindsOf([]));
  const onEngine = [...(await differencesOfModel(world)), ...(await faultsOnEngine(kinds))];
  say(`On the embedded engine itself: ${kinds.length} kinds of faults, ${onEngine.length} things wrong.`);
  return [...lost, ...load.wrong, ...onEngine];
}

async function kills(world: World, options: Options): Promise<string[]> {
  const tell = (what: string, { kills: killed, lives, told, lost }: Kills) => {
    say(
      `${what}: ${killed} processes killed in ${lives} lives, ${told} orphans told, ${lost.length} things wrong.`,
    );
    return lost;
  };
  const lost = await underEachCondition(world, options, async (name) => [
    ...tell(`${name}, at every request of every scenario`, await killEverywhere(world, options.every)),
    ...tell(`${name}, by chance`, await liveByChance(world, Math.ceil(300 / options.every), options.seed)),
  ]);
  if (findPulumi() === undefined) {
    say("There is no Pulumi CLI here to be killed: skipped.");
    return lost;
  }
  return [
    ...lost,
    ...tell("Pulumi CLI, kill -9", await killTheCli(options.cli, options.seed)),
    ...tell("Pulumi CLI, kill -9, images from files", await killUploads()),
  ];
}

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      every: { type: "string", default: "1" },
      cli: { type: "string", default: "20" },
      seed: { type: "string", default: "1" },
      only: { type: "string" },
    },
  });
  const [what] = positionals;
  if (what !== "matrix" && what !== "kills") {
    process.stderr.write(usage);
    return 2;
  }
  const options = {
    every: Number(values.every),
    cli: Number(values.cli),
    seed: Number(values.seed),
    only: values.only,
  };
  const world = await World.open();
  try {
    const lost = await (what === "matrix" ? matrix(world, options) : kills(world, options));
    say(lost.length === 0 ? "Nothing is lost, and nothing deleted that no state held." : lost.join("\n"));
    return lost.length === 0 ? 0 : 1;
  } finally {
    await world.close();
  }
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
