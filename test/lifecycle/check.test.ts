import { unknownValue } from "../../provider/schema/unknown";
import { World } from "../faults/world";

let world: World;

beforeAll(async () => {
  world = await World.open();
});
beforeEach(() => world.reset());
afterAll(() => world.close());

test.each(["region", "environment"])("a %s that is not known yet passes in preview", async (name) => {
  const { ImageRecord, ImageImport } = world.start();
  const imageId = "0f5b9a3e-0000-4000-8000-000000000001";
  const url = world.url("one");
  const record = { name: "golden", osDistro: "alma", url, imageId, origin: "x", [name]: unknownValue };
  expect(await ImageRecord.check({}, record)).toMatchObject({
    failures: [],
    inputs: { [name]: unknownValue },
  });
  const file = { imageId, url, [name]: unknownValue };
  expect(await ImageImport.check({}, file)).toMatchObject({ failures: [], inputs: { [name]: unknownValue } });
  expect(world.emulator.stats()).toEqual({});
});
