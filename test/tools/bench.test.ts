import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ScpClient } from "../../provider/api/client";
import type { Image } from "../../provider/api/images";
import { apiVersions } from "../../provider/api/settings";
import { createLocation, type ProviderContext } from "../../provider/lifecycle/context";
import { importLifecycle } from "../../provider/lifecycle/image-import";
import { recordLifecycle } from "../../provider/lifecycle/image-record";
import { sum, callsSince } from "../../tools/bench/calls";
import { load } from "../../tools/bench/loading";
import type { Lives } from "../../tools/bench/measure";
import { tables } from "../../tools/bench/report";
import { allShown, sizeOf } from "../../tools/bench/state";
import { startEmulator } from "../../emulator";
import { openEmbedded } from "../e2e/stack";
import type { Declaration } from "../e2e/program";
import { StackModel, type Goal } from "../faults/model";
import { World } from "../faults/world";
import { ManualClock } from "../lifecycle/clock";

// What the bench measures and is exact: calls, bytes, lengths. Times are for `npm run bench`, where they fail nothing.

jest.setTimeout(120_000);

const file = readFileSync(join(__dirname, "../../examples/images/example.qcow2"));

async function withImages(
  count: number,
  importMs: number,
  check: (world: {
    cloud: Awaited<ReturnType<typeof startEmulator>>;
    stack: Awaited<ReturnType<typeof openEmbedded>>;
  }) => Promise<void>,
): Promise<void> {
  const cloud = await startEmulator({ importMs });
  await cloud.putObject("images", "golden.qcow2", file);
  const stack = await openEmbedded({ ...cloud.env, SCP_API_VERSION: apiVersions[0] });
  const url = cloud.objectUrl("images", "golden.qcow2");
  const images = Array.from({ length: count }, (_, n): Declaration => {
    const args = { name: `image-${n}`, osDistro: "ubuntu", url, minDisk: 10, tags: { team: "web" } };
    return { type: "Image", name: `image-${n}`, args };
  });
  stack.declare(...images);
  try {
    await check({ cloud, stack });
  } finally {
    stack.close();
    await cloud.close();
  }
}

test("100 images with imports of 3 s are made with at most 260 calls", async () => {
  await withImages(100, 3000, async ({ cloud, stack }) => {
    const before = cloud.stats();
    const { ok, text } = await stack.up();
    expect(ok ? "" : text).toBe("");
    const calls = callsSince(before, cloud.stats());
    expect(calls.createImage).toBe(100);
    expect(sum(calls)).toBeLessThanOrEqual(260);
  });
});

test("an Image takes at most 10 KB of state with all that the service shows, __provider at most 300 characters", async () => {
  await withImages(5, 0, async ({ cloud, stack }) => {
    expect((await stack.up()).ok).toBe(true);
    for (const { id } of cloud.images()) {
      await cloud.setImage(id, allShown);
    }
    expect((await stack.refresh()).ok).toBe(true);

    const state = await stack.state();
    const told = state.deployment.resources?.filter(({ urn }) => urn.endsWith("::image-0"));
    const names = new Set(told?.flatMap(({ outputs }) => Object.keys(outputs ?? {})));
    const camel = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    const { body } = shownBy(cloud.images()[0]);
    expect(body.map(camel).filter((name) => !names.has(name))).toEqual([]);

    const size = sizeOf(JSON.stringify(state, null, 4), 5);
    expect(size.bytesAnImage).toBeLessThanOrEqual(10_000);
    expect(Object.keys(size.provider).map((type) => type.split(":").at(-1))).toEqual(
      expect.arrayContaining(["ImageRecord", "ImageImport", "Origin"]),
    );
    expect(Math.max(...Object.values(size.provider))).toBeLessThanOrEqual(300);
  });
});

test("a refresh of 300 images with two tags each asks at most 20 times", async () => {
  const world = await World.open();
  const stack = new StackModel();
  const goals = Array.from({ length: 300 }, (_, n): Goal => {
    const tags = { team: "web", stage: "test" };
    const args = { name: `image-${n}`, osDistro: "alma", url: world.url("one"), tags };
    return { type: "Image", name: `image-${n}`, args };
  });
  try {
    await stack.up(goals, world.start(), { parallel: 16 });
    const before = world.emulator.stats();
    await stack.refresh(world.start());
    const calls = callsSince(before, world.emulator.stats());
    expect(sum(calls)).toBeLessThanOrEqual(20);
    expect(calls.findTags).toBeGreaterThan(0);
  } finally {
    await world.close();
  }
});

/** The names of what Show tells of an image; the emulator's own are left out. */
function shownBy(image: object | undefined): { body: string[] } {
  const emulators = ["id", "members", "importRunning", "importsStarted", "importsFailed", "importError"];
  return { body: Object.keys(image ?? {}).filter((name) => !emulators.includes(name)) };
}

test.each([8, 100])(
  "100 imports of a minute, %d waited for at once, cost at most 400 calls",
  async (slots) => {
    const clock = new ManualClock();
    const { cloud, calls } = countingCloud(clock, 60_000);
    const record = recordLifecycle(cloud);
    const image = importLifecycle(cloud);
    const ids = await Promise.all(
      Array.from({ length: 100 }, async (_, n) => {
        const inputs = { name: String(n), origin: `stack/place/${n}`, settledByImport: true };
        return (await record.create(inputs)).id;
      }),
    );
    const waiting = [...ids];
    const made: string[] = [];
    const work = async () => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        made.push((await image.create({ imageId: id, url: "", deleteImage: false, partOfImage: true })).id);
      }
    };
    const all = Promise.all(Array.from({ length: slots }, work));
    await clock.advance(70_000);
    await all;
    expect(made).toHaveLength(100);
    expect(sum(calls)).toBeLessThanOrEqual(400);
  },
);

/** A cloud that counts what it is asked, with images that become active some time after they were made. */
function countingCloud(
  clock: ManualClock,
  importMs: number,
): { cloud: ProviderContext; calls: Record<string, number> } {
  const calls: Record<string, number> = {};
  const images = new Map<string, number>();
  const count = (operation: string) => {
    calls[operation] = (calls[operation] ?? 0) + 1;
  };
  const show = (id: string): Image => {
    const created = images.get(id) ?? 0;
    const status = clock.now() >= created + importMs ? "active" : "importing";
    const common = { minDisk: 0, minRam: 0, protected: false, visibility: "private" };
    return { id, name: id, status, ...common, createdAt: new Date(created).toISOString() };
  };
  const client = {
    createImage: ({ name }: { name: string }) => {
      count("createImage");
      images.set(name, clock.now());
      return Promise.resolve(show(name));
    },
    showImage: (id: string) => {
      count("showImage");
      return Promise.resolve(show(id));
    },
    listImages: () => {
      count("listImages");
      return Promise.resolve([...images.keys()].map(show));
    },
    tags: {
      find: () => {
        count("findTags");
        return Promise.resolve([]);
      },
      delete: () => {
        count("deleteTag");
        return Promise.resolve();
      },
    },
    accountId: () => Promise.resolve("account"),
    probableAccountId: () => Promise.resolve("account"),
    settings: { creationTag: true },
    serverNow: () => clock.now(),
  } as unknown as ScpClient;
  const progress = { show: () => () => undefined };
  const location = createLocation(client, { clock, progress });
  const cloud = {
    clock,
    progress,
    settings: () => ({}),
    locate: () => location,
    open: () => Promise.resolve(location),
  } as unknown as ProviderContext;
  return { cloud, calls };
}

test("a program that loads the package loads neither an HTTP client nor a compiler with it", () => {
  const { modules } = load("pulumi-scp-images");
  expect(modules.length).toBeGreaterThan(0);
  expect(modules.filter((name) => /axios|cockatiel|typescript|ts-node|[/\\]runtime[/\\]/.test(name))).toEqual(
    [],
  );
});

test("what was not reached is said to be so", () => {
  const seconds = (images: number[]) => ({ images, nothing: [2, 2, 2] });
  const lives: Lives = {
    engine: "pulumi",
    images: 100,
    circumstances: "a machine",
    seconds: {
      "cold up": seconds([2, 2.2, 9]),
      up: seconds([2.2, 2.02, 1]),
      preview: seconds([2, 2, 2]),
      refresh: seconds([4, 4, 4]),
      destroy: seconds([1, 1, 1]),
    },
    programMemory: { images: [200], nothing: [210] },
    providerMemory: { images: [], nothing: [] },
    calls: [{ createImage: 100 }, { createImage: 100, listImages: 161 }],
  };
  const rows = tables({ lives: [lives] }).split("\n");
  const row = (name: string) => rows.filter((line) => line.startsWith(`| ${name}`));
  expect(row("`up`, imports of 3 s")).toEqual([
    "| `up`, imports of 3 s | **1.10 ×** (2.2 s) |",
    "| `up`, imports of 3 s, 100 images | 1.10 × (1.00 to 4.50) | ≤ 1.15 × | reached |",
  ]);
  expect(row("`up` without")[1]).toContain("| 1.01 × (0.50 to 1.10) | ≤ 1.00 × | **not reached** |");
  expect(row("`preview`")[1]).toContain("| ≤ 1.00 × | reached |");
  expect(row("calls to make")).toEqual([
    "| calls to make 100 images, imports of 3 s | 261 (100 createImage, 161 listImages) | ≤ 260 | **not reached** |",
  ]);
  expect(row("MB of memory in the program")).toEqual(["| MB of memory in the program | − 10 (200) |"]);
});
