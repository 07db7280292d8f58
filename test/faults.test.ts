import { runMatrix, tableOf } from "./faults/matrix";
import { killEverywhere, liveByChance } from "./faults/kills";
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
