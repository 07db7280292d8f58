import { unknownValue } from "../../provider/schema/unknown";
import { StackModel, type Goal } from "../faults/model";
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

describe("keys that the service does not accept", () => {
  const goal = (minDisk: number): Goal => ({
    type: "Image",
    name: "golden",
    args: { name: "golden", osDistro: "alma", url: world.url("one"), minDisk },
  });
  const wrong = { SCP_SECRET_KEY: "wrong" };

  test("are told by check, once for all that is to be made", async () => {
    const { ImageRecord, ImageImport } = world.start({ env: wrong });
    const record = { name: "golden", osDistro: "alma", url: world.url("one"), origin: "x" };
    const failure = {
      property: "",
      reason: expect.stringMatching(
        /^List images: 401 .*the secret key \(from .* Nothing was done\.$/,
      ) as string,
    };
    expect((await ImageRecord.check({}, record)).failures).toEqual([failure]);
    expect((await ImageRecord.check({}, { ...record, origin: "y" })).failures).toEqual([failure]);
    const file = { imageId: unknownValue, url: world.url("one"), partOfImage: true };
    expect((await ImageImport.check({}, file)).failures).toEqual([failure]);
    expect(world.emulator.stats()).toEqual({ listAccessKeys: 1, listImages: 1 });
  });

  test("are asked about before a change, and not where nothing changes", async () => {
    const stack = new StackModel();
    await stack.up([goal(1)], world.start());
    const before = world.emulator.stats();
    await stack.up([goal(1)], world.start({ env: wrong }));
    expect(world.emulator.stats()).toEqual(before);
    await expect(stack.up([goal(2)], world.start({ env: wrong }))).rejects.toThrow(
      "does not accept the signature",
    );
    expect(world.said).toEqual([]);
    expect(world.emulator.images()).toMatchObject([{ min_disk: 1 }]);
  });

  test.each([401, 403, 405, 503])("are fine for all that an IAM which answers %d tells", async (status) => {
    world.emulator.options.denied = [{ operation: "listAccessKeys", status }];
    const { ImageRecord } = world.start();
    const record = { name: "golden", osDistro: "alma", url: world.url("one"), origin: "x" };
    expect((await ImageRecord.check({}, record)).failures).toEqual([]);
  });

  test("say nothing of orphans besides", async () => {
    world.emulator.options.denied = [{ operation: "findTags", status: 401 }];
    await new StackModel().up([goal(1)], world.start());
    expect(world.said).toEqual([]);
  });
});

test("an endpoint that nobody answers at is told by check, and one that does not answer IAM's questions is fine", async () => {
  const { ImageRecord } = world.start({
    env: { SCP_ENDPOINT: "http://127.0.0.1:1" },
    retryPolicy: { attempts: 1 },
  });
  const record = { name: "golden", osDistro: "alma", url: world.url("one"), origin: "x" };
  const reason =
    "List images: no answer. connect ECONNREFUSED 127.0.0.1:1. Check the network, the proxy settings (HTTPS_PROXY, NO_PROXY) and the " +
    "endpoint. The endpoint is http://127.0.0.1:1 (from environment variable SCP_ENDPOINT). Nothing was done.";
  expect((await ImageRecord.check({}, record)).failures).toEqual([{ property: "", reason }]);
  world.emulator.faults.add({ kind: "reset-before", operation: "listAccessKeys", times: "always" });
  expect((await world.start().ImageRecord.check({}, record)).failures).toEqual([]);
});
