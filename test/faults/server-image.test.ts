import type { Fault } from "../../emulator";
import { creatingOfAServer } from "./matrix";
import { StackModel, type Goal } from "./model";
import { leaks, wrongImages } from "./verify";
import { Killed, World } from "./world";

let world: World;

beforeAll(async () => {
  world = await World.open();
});
beforeEach(() => world.reset());
afterAll(() => world.close());

const operation = "createVirtualServerCustomImage";
const goal = (more: Record<string, unknown> = {}): Goal => ({
  type: "ServerImage",
  name: "golden",
  args: { serverId: "4c2a8a0e-7d0b-4a53-9a3c-2f1d3c0a9b11", name: "golden", protected: true, ...more },
});
const sent = () => world.emulator.stats()[operation] ?? 0;
const ids = () => world.emulator.images().map(({ id }) => id);

async function destroy(stack: StackModel): Promise<void> {
  await stack.up([goal({ protected: false })], world.start());
  await stack.destroy(world.start());
}

test("an answer that is lost may have made an image: the run ends, names it, and the next one adopts it only by its id", async () => {
  const stack = new StackModel();
  world.emulator.faults.add({ kind: "reset-after", operation });
  const failure = String(await stack.up([goal()], world.start()).catch(String));
  const [lost = "?"] = ids();
  expect(failure).toContain("may have created one of these, which nothing tells from others");
  expect(failure).toMatch(new RegExp(`${lost} \\("golden", active.*give its id as imageId`));
  expect([sent(), stack.state]).toEqual([1, []]);

  await stack.up([goal({ imageId: lost })], world.start());
  expect(wrongImages(world, [[stack, [goal()]]])).toEqual([]);
  expect([sent(), ids()]).toEqual([1, [lost]]);
});

test("a request that did nothing is sent again, and that is said; images that were there before are no candidates", async () => {
  const [left, stack] = [new StackModel(), new StackModel("other")];
  await left.up([goal()], world.start());
  world.emulator.faults.add({ kind: "reset-before", operation });
  await stack.up([goal()], world.start());
  expect(world.said.join("\n")).toContain(
    'No image shows that it worked, so image "golden" is created by another request',
  );
  expect([sent(), ids().length]).toEqual([3, 2]);
  expect(
    wrongImages(world, [
      [left, [goal()]],
      [stack, [goal()]],
    ]),
  ).toEqual([]);
});

test("where it cannot be looked for, the error says so, and the next run tells of it before it makes another", async () => {
  const stack = new StackModel();
  world.emulator.faults.add({ kind: "reset-after", operation });
  world.emulator.faults.add({
    kind: "status",
    status: 403,
    operation: "listImages",
    nth: 2,
    times: "always",
  });
  const failure = String(await stack.up([goal()], world.start()).catch(String));
  expect(failure).toContain("It may have created an image all the same, which could not be looked for");
  world.emulator.faults.clear();
  const [lost = "?"] = ids();
  world.said.length = 0;
  await stack.up([goal()], world.start());
  expect(world.said.join("\n")).toContain(`There is an image of this name already: ${lost} ("golden"`);
  await destroy(stack);
  expect(ids()).toEqual([lost]);
});

test("killed between the request and the state: told by the next run, once, and left alone", async () => {
  const stack = new StackModel();
  const kill = { request: creatingOfAServer, moment: "after the work" } as const;
  await expect(stack.up([goal()], world.start({ kill }))).rejects.toThrow(Killed);
  world.emulator.faults.clear();
  const [left = "?"] = ids();
  expect([stack.state, sent()]).toEqual([[], 1]);
  await stack.up([goal()], world.start());
  expect(world.said.filter((text) => text.includes(left))).toHaveLength(1);
  world.said.length = 0;
  await stack.up([goal({ minRam: 2 })], world.start());
  expect(world.said.join()).not.toContain(left);
  await destroy(stack);
  expect(ids()).toEqual([left]);
});

test("of another day's image of the same name nobody is told; nor of one that was imported from a file", async () => {
  const stack = new StackModel();
  const old = new StackModel("old");
  await old.up([goal()], world.start());
  await world.emulator.setImage(ids()[0]!, { created_at: "2026-01-01T00:00:00Z" });
  await world.emulator.setImage("0f5b9a3e-0000-4000-8000-000000000001", {
    name: "golden",
    url: world.url("one"),
  });
  await stack.up([goal()], world.start());
  expect(world.said.join()).not.toContain("There is an image of this name already");
});

test("killed while it waits, the same image is waited for, and brought to what is declared then", async () => {
  const stack = new StackModel();
  const kill = { request: creatingOfAServer + 1, moment: "before the work" } as const;
  await expect(stack.up([goal()], world.start({ kill }))).rejects.toThrow(Killed);
  world.emulator.faults.clear();
  expect(stack.state.map(({ type }) => type)).toEqual(["ServerImageRecord"]);
  expect(world.emulator.images()).toMatchObject([{ protected: false }]);
  const now = goal({ minRam: 8, tags: { a: "b" } });
  await stack.up([now], world.start());
  expect(wrongImages(world, [[stack, [now]]])).toEqual([]);
  expect(sent()).toBe(1);
});

test("an image that is not active when the time is up stays in the state; one that ends otherwise, or is taken away, is told", async () => {
  const stack = new StackModel();
  const kill = { request: creatingOfAServer + 1, moment: "before the work" } as const;
  await expect(stack.up([goal()], world.start({ kill }))).rejects.toThrow(Killed);
  world.emulator.faults.clear();
  const [id = "?"] = ids();
  const failure = () => stack.up([goal({ timeouts: { create: "10m" } })], world.start()).catch(String);

  await world.emulator.setImage(id, { status: "saving" });
  expect(await failure()).toMatch(
    /not active after 10 min 0 s\. Seen: \d+ saving\. Run pulumi up again to go on waiting/,
  );
  await world.emulator.setImage(id, { status: "killed" });
  expect(await failure()).toMatch(
    /is killed and will not become active.*--replace and the URN of the ServerImageRecord/,
  );
  await world.emulator.removeImage(id);
  expect(await failure()).toMatch(/404 not found.*could not make it of the server.*pulumi up --refresh/);
  expect(world.emulator.stats().importImage).toBeUndefined();
  expect(stack.state.map((saved) => saved.id)).toEqual([id]);

  world.skip(10 * 60_000);
  await stack.refresh(world.start());
  await stack.up([goal()], world.start());
  expect(wrongImages(world, [[stack, [goal()]]])).toEqual([]);
});

test("its tags need the account; where IAM does not tell it, the run says so, and the image is in the state", async () => {
  const stack = new StackModel();
  world.emulator.options.denied = [{ operation: "listAccessKeys", status: 403 }];
  const failure = await stack.up([goal({ tags: { a: "b" } })], world.start()).catch(String);
  expect(failure).toContain("List access keys: 403");
  expect(stack.state).toHaveLength(1);
  world.emulator.options.denied = [];
  await stack.up([goal({ tags: { a: "b" } })], world.start());
  expect(wrongImages(world, [[stack, [goal({ tags: { a: "b" } })]]])).toEqual([]);
});

const faults: Record<string, Fault> = {
  "500": { kind: "status", status: 500 },
  "500 after the work": { kind: "status-after", status: 500 },
  "403": { kind: "status", status: 403 },
  "409": { kind: "status", status: 409 },
  "reset before": { kind: "reset-before" },
  "reset after": { kind: "reset-after" },
  "silence after": { kind: "hang-after" },
  "null fields": { kind: "null-fields" },
};

// Everything that asks, and every fault, in all the ways that the longer proofs know: npm run test:faults.
describe.each(Object.entries(faults))("a request of create meets %s", (_, fault) => {
  test.each([1, 10])(
    "%i times: the next run ends with one image, and every other one is told",
    async (times) => {
      const aim = goal({ minRam: 3, tags: { a: "b" } });
      for (let request = 1; request <= 8; request += 1) {
        await world.reset();
        const stack = new StackModel();
        world.emulator.faults.add({ ...fault, nth: request, times });
        const retryPolicy = fault.kind === "hang-after" ? { responseTimeout: 60 } : {};
        const said = await stack.up([aim], world.start({ retryPolicy })).catch(String);
        world.said.push(String(said));
        world.emulator.faults.clear();
        await stack.up([aim], world.start());
        const told = ({ id }: { id: string }) => world.said.some((text) => text.includes(id));
        const wrong = [...wrongImages(world, [[stack, [aim]]], told), ...leaks(world, stack)];
        expect([request, wrong]).toEqual([request, []]);
      }
    },
  );
});
