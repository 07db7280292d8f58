import { differencesOfModel, faultsOnEngine } from "./engine";
import { killEverywhere, liveByChance } from "./kills";
import { callBound, describeLoad, runLoad } from "./load";
import { runMatrix, tableOf } from "./matrix";
import { killTheCli } from "./real-kills";
import { World } from "./world";
import { findPulumi } from "../../tools/run/cli";

// Some seconds each; but processes start here, where the machine may have other things to do.
jest.setTimeout(240_000);

let world: World;

beforeAll(async () => {
  world = await World.open();
});

afterAll(() => world.close());

const say = (text: string) => process.stdout.write(`\n${text}\n`);

// All of it: npm run test:faults and npm run test:kills. The numbers below share no factor with the number of kinds.
test("whatever fails, each resource ends with one image, and no image is nobody's", async () => {
  const tallies = await runMatrix(world, 71);
  say(tableOf(tallies));
  expect(tallies.flatMap(({ lost }) => lost)).toEqual([]);
  expect(tallies.filter(({ cases }) => cases === 0)).toEqual([]);
});

test("wherever a run is killed, and the one after it too, the next one mends it", async () => {
  const { kills, lives, lost } = await killEverywhere(world, 10);
  say(`${kills} processes of the model killed in ${lives} scenarios`);
  expect(lost).toEqual([]);
  expect(kills).toBeGreaterThan(lives);
});

test("lives of chance, in which what is wanted changes and most runs are killed or fail", async () => {
  const { kills, lives, lost } = await liveByChance(world, 40);
  say(`${kills} processes of the model killed in ${lives} lives`);
  expect(lost).toEqual([]);
  expect(kills).toBeGreaterThan(20);
});

test("300 images, while 20 % of the requests fail", async () => {
  const maxRequests = 8;
  const load = await runLoad(world, { images: 300, failing: 0.2, maxRequests });
  say(describeLoad(load));
  expect(load.wrong).toEqual([]);
  expect(load.congestion).toBe(maxRequests);
  expect(load.callsPerImage).toBeLessThan(callBound);
});

describe("on the embedded engine itself", () => {
  test("the same operations are called as by the model", async () => {
    expect(await differencesOfModel(world)).toEqual([]);
  });

  test("a creation that fails ends with one image", async () => {
    const kinds = ["400", "502 after the work", "reset after the work", "null fields"];
    expect(await faultsOnEngine(kinds)).toEqual([]);
  });
});

const onCli = findPulumi() === undefined ? test.skip : test;

onCli("kill -9 of the Pulumi CLI and all its processes", async () => {
  const { kills, lost } = await killTheCli(2);
  say(`${kills} times the Pulumi CLI was killed`);
  expect(lost).toEqual([]);
});
