import { runMatrix, tableOf } from "./faults/matrix";
import { killEverywhere, liveByChance } from "./faults/kills";
import { differencesOfModel, faultsOnEngine } from "./faults/engine";
import { runLoad } from "./faults/load";
import { killTheCli } from "./faults/real-kills";
import { findPulumi } from "./run/cli";
import { World } from "./faults/world";

jest.setTimeout(300_000);

let world: World;

beforeAll(async () => {
  world = await World.open();
});

afterAll(() => world.close());

test("whatever fails, each resource ends with one image, and no image is nobody's", async () => {
  const tallies = await runMatrix(world, Number(process.env.EVERY ?? 20));
  process.stdout.write(`\n${tableOf(tallies)}\n`);
  expect(tallies.flatMap(({ lost }) => lost)).toEqual([]);
});

test("wherever a run is killed, and the one after it, the next one mends it", async () => {
  const { kills, lives, lost } = await killEverywhere(world, Number(process.env.EVERY ?? 9));
  process.stdout.write(`\n${kills} processes killed in ${lives} scenarios\n`);
  expect(lost).toEqual([]);
});

test("lives of chance", async () => {
  const { kills, lives, lost } = await liveByChance(
    world,
    Number(process.env.LIVES ?? 40),
    Number(process.env.SEED ?? 1),
  );
  process.stdout.write(`\n${kills} processes killed in ${lives} lives\n`);
  expect(lost).toEqual([]);
});

test("300 images, while 20 % of the requests fail", async () => {
  const maxRequests = 8;
  const { calls, congestion, callsPerImage, images, runs, wrong } = await runLoad(world, {
    images: 300,
    failing: 0.2,
    maxRequests,
  });
  process.stdout.write(
    `\n${images} images made and deleted in ${runs} runs, ${congestion} requests at once, ${callsPerImage.toFixed(1)} calls an image: ${JSON.stringify(calls)}\n`,
  );
  expect(wrong).toEqual([]);
  expect(congestion).toBe(maxRequests);
  expect(callsPerImage).toBeLessThan(12);
});

test("the model calls what the embedded engine calls", async () => {
  expect(await differencesOfModel(world)).toEqual([]);
});

test("on the embedded engine itself, a creation that fails ends with one image", async () => {
  expect(
    await faultsOnEngine([
      "400",
      "503",
      "reset after the work",
      "null fields",
      "502 after the work",
      "429, Retry-After: 3600",
    ]),
  ).toEqual([]);
});

const onCli = findPulumi() === undefined ? test.skip : test;

onCli("kill -9 of the Pulumi CLI and all its processes", async () => {
  const { kills, lost } = await killTheCli(4);
  process.stdout.write(`\n${kills} times the Pulumi CLI was killed\n`);
  expect(lost).toEqual([]);
});
