import { runMatrix, tableOf } from "./faults/matrix";
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
