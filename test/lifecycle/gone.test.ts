import { anotherEndpoint } from "../../provider/lifecycle/accounts";
import { StackModel, type Goal } from "../faults/model";
import { World } from "../faults/world";

let world: World;

beforeAll(async () => {
  world = await World.open();
});
beforeEach(() => world.reset());
afterAll(() => world.close());

const image = (more: Record<string, unknown> = {}): Goal => ({
  type: "Image",
  name: "golden",
  args: { name: "golden", osDistro: "alma", url: world.url("one"), ...more },
});

test("a 404 from another endpoint than the one that made an image proves nothing", async () => {
  const stack = new StackModel();
  await stack.up([image()], world.start());
  world.skip(2 * 60 * 60_000);
  const { id } = world.emulator.images()[0]!;
  const elsewhere = "https://virtualserver.kr-east1.s.samsungsdscloud.com";
  const here = world.emulator.url;
  expect(stack.state.map(({ outputs }) => outputs.endpoint)).toEqual([here, here]);

  // As if it had been made there.
  stack.state.forEach(({ outputs }) => (outputs.endpoint = elsewhere));
  await world.emulator.removeImage(id);
  await expect(stack.refresh(world.start())).rejects.toThrow(
    `it was made at the endpoint ${elsewhere}, and now it is ${here} (from environment variable SCP_ENDPOINT)`,
  );
  await expect(stack.destroy(world.start())).rejects.toThrow("It stays in the state");
  expect(stack.state.map((saved) => saved.id)).toEqual([id]);

  // Once it is answered for here, this is the endpoint that knows.
  await world.emulator.setImage(id, { name: "golden", os_distro: "alma", url: world.url("one") });
  await stack.refresh(world.start());
  expect(stack.state.map(({ outputs }) => outputs.endpoint)).toEqual([here]);
});

test("a new image that is shown late is not forgotten: it stays in the state until it is shown", async () => {
  const stack = new StackModel();
  world.emulator.options.showLagMs = 30 * 60_000;
  await expect(stack.up([image()], world.start())).rejects.toThrow("404 not found");
  const [{ id } = { id: "" }] = stack.state;
  await expect(stack.refresh(world.start())).rejects.toThrow(
    /^Image \S+ \(golden\) is not found, but was created only \d+ s ago: .* It stays in the state\. Run again later/,
  );
  expect(stack.state.map((saved) => saved.id)).toEqual([id]);
  world.skip(30 * 60_000);
  await stack.refresh(world.start());
  await stack.up([image()], world.start());
  expect(world.emulator.images().map((one) => one.id)).toEqual([id]);
  expect(stack.state.map((saved) => saved.id)).toEqual([id, id]);
});

test("an image that was gone within its first hour is forgotten after it", async () => {
  const stack = new StackModel();
  await stack.up([image()], world.start());
  await world.emulator.removeImage(world.emulator.images()[0]!.id);
  await expect(stack.refresh(world.start())).rejects.toThrow("is not found, but was created only");
  world.skip(61 * 60_000);
  await stack.refresh(world.start());
  expect(stack.state).toEqual([]);
});

test("a delete waits for an image that is shown late; what does not come is let go, and named", async () => {
  const stack = new StackModel();
  world.emulator.options.showLagMs = 40_000;
  await expect(stack.up([image()], world.start())).rejects.toThrow("404 not found");
  await stack.destroy(world.start());
  expect(world.emulator.images()).toEqual([]);
  expect(stack.state).toEqual([]);

  await stack.up([image()], world.start()).catch(() => undefined);
  const { id } = world.emulator.images()[0]!;
  await world.emulator.removeImage(id);
  await stack.destroy(world.start());
  expect(stack.state).toEqual([]);
  expect(world.said.join()).toMatch(
    new RegExp(`Image ${id} \\(golden\\), created .* ago, is not found, so it is taken for deleted`),
  );
});

test.each([
  ["http://127.0.0.1:4510", "http://localhost:9", true],
  ["https://a.invalid/x", "https://a.invalid:8443/y", true],
  ["https://a.invalid", "https://b.invalid", false],
  ["https://a.invalid", undefined, false],
  ["http://127.0.0.1:4510", "https://a.invalid", false],
  [undefined, "https://a.invalid", true],
])("the endpoints %s and %s are one: %s", (before, endpoint, same) => {
  expect(anotherEndpoint({ endpoint: before }, { endpoint, sources: {} }) === undefined).toBe(same);
});
