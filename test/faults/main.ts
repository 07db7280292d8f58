import { findPulumi } from "../run/cli";
import { differencesOfModel, faultsOnEngine } from "./engine";
import { kindsOf } from "./kinds";
import { killEverywhere, liveByChance, type Kills } from "./kills";
import { describeLoad, runLoad } from "./load";
import { runMatrix, tableOf } from "./matrix";
import { killTheCli } from "./real-kills";
import { World } from "./world";

const usage = `Usage: node dist/test/faults/main.js matrix|kills [number] [seed]
  matrix  every kind of fault in every request, on the model and on the embedded engine; 300 images under load
  kills   processes killed everywhere in the model, lives of chance, and so many times (20) the Pulumi CLI, where there is one
`;

const say = (text: string) => process.stdout.write(`${text}\n`);

async function matrix(world: World): Promise<string[]> {
  const tallies = await runMatrix(world);
  say(tableOf(tallies));
  const load = await runLoad(world, { images: 300, failing: 0.2, maxRequests: 8 });
  say(describeLoad(load));
  // A time-out takes the client's own minute there.
  const kinds = Object.keys(kindsOf([]));
  const onEngine = [...(await differencesOfModel(world)), ...(await faultsOnEngine(kinds))];
  say(`On the embedded engine itself: ${kinds.length} kinds of faults, ${onEngine.length} things wrong.`);
  return [...tallies.flatMap(({ lost }) => lost), ...load.wrong, ...onEngine];
}

async function kills(world: World, number: number, seed: number): Promise<string[]> {
  const tell = (what: string, { kills: killed, lives, lost }: Kills) => {
    say(`${what}: ${killed} processes killed in ${lives} lives, ${lost.length} things wrong.`);
    return lost;
  };
  const lost = [
    ...tell("Model, at every request of every scenario", await killEverywhere(world)),
    ...tell("Model, by chance", await liveByChance(world, 300, seed)),
  ];
  if (findPulumi() === undefined) {
    say("There is no Pulumi CLI here to be killed.");
    return lost;
  }
  return [...lost, ...tell("Pulumi CLI, kill -9", await killTheCli(number, seed))];
}

async function main([what, number = "20", seed = "1"]: string[]): Promise<number> {
  if (what !== "matrix" && what !== "kills") {
    process.stderr.write(usage);
    return 2;
  }
  const world = await World.open();
  try {
    const lost = await (what === "matrix" ? matrix(world) : kills(world, Number(number), Number(seed)));
    say(lost.length === 0 ? "Nothing is lost." : lost.join("\n"));
    return lost.length === 0 ? 0 : 1;
  } finally {
    await world.close();
  }
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
