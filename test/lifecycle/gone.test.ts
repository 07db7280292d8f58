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

test("a new image that is shown late is waited for, by whoever asks for it: made, read, deleted", async () => {
  const stack = new StackModel();
  const begun = world.now();
  const created = () => world.emulator.images().map((one) => one.id);

  /** As if the image were new again, and shown in 100 s. Answers for how long somebody waited. */
  async function late(work: () => Promise<void>): Promise<number> {
    const [since, now] = [world.now(), new Date(world.now()).toISOString()];
    world.emulator.options.showLagMs = since - begun + 100_000;
    stack.state.forEach((saved) => (saved.outputs.createdAt = now));
    await work();
    return world.now() - since;
  }

  expect(await late(() => stack.up([image()], world.start()))).toBeGreaterThan(90_000);
  const [id] = created();
  await world.emulator.setImage(id!, { created_at: new Date(world.now()).toISOString() });
  expect(await late(() => stack.refresh(world.start()))).toBeGreaterThan(90_000);
  expect(stack.state.map((saved) => saved.id)).toEqual([id, id]);
  expect(await late(() => stack.destroy(world.start()))).toBeGreaterThan(90_000);
  expect(created()).toEqual([]);
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
