import { ScpError, type Failure } from "../../provider/api/errors";
import type { Image } from "../../provider/api/images";
import type { ScpClient } from "../../provider/api/client";
import { ImagePoller, pollInterval } from "../../provider/lifecycle/poller";
import { maxImportAttempts } from "../../provider/lifecycle/import-starter";
import { waitForActive } from "../../provider/lifecycle/waiter";
import { ManualClock } from "./clock";

const url = "https://object-store.kr-west1.s.samsungsdscloud.com/acc:images/golden.qcow2";

const failure = (kind: Failure) =>
  new ScpError({
    failure: kind,
    operation: "Show image",
    mayHaveWorked: false,
    status: kind === "notFound" ? 404 : 503,
  });

/** A service whose images are as a function of the time says; it counts what it is asked. */
function service(clock: ManualClock, imageAt: (id: string, now: number) => Partial<Image> | ScpError) {
  const calls = { show: 0, list: 0, imports: [] as number[] };
  const began = clock.now();
  let answerImport: () => ScpError | undefined = () => undefined;
  const look = (id: string): Image => {
    const seen = imageAt(id, clock.now() - began);
    if (seen instanceof ScpError) {
      throw seen;
    }
    const createdAt = new Date(began).toISOString();
    return {
      id,
      name: id,
      status: "queued",
      minDisk: 0,
      minRam: 0,
      protected: false,
      visibility: "private",
      createdAt,
      ...seen,
    };
  };
  const ids = new Set<string>();
  const client = {
    showImage: (id: string) => {
      calls.show += 1;
      return new Promise<Image>((resolve) => {
        resolve(look(id));
      });
    },
    listImages: () => {
      calls.list += 1;
      return new Promise<Image[]>((resolve) => {
        resolve([...ids].map(look));
      });
    },
    importImage: () => {
      calls.imports.push(clock.now() - began);
      const error = answerImport();
      return error ? Promise.reject(error) : Promise.resolve();
    },
    serverNow: () => clock.now(),
  } as unknown as ScpClient;
  const poller = new ImagePoller(client, clock);
  const shown: { name: string; status: string }[] = [];
  const progress = {
    show: (waiting: { name: string; status: string }) => {
      shown.push(waiting);
      return () => shown.splice(shown.indexOf(waiting), 1);
    },
  };
  return {
    calls,
    shown,
    answerImportWith: (answer: () => ScpError | undefined) => {
      answerImport = answer;
    },
    wait: (imageId = "a", timeout = 7_200_000) => {
      ids.add(imageId);
      const ended = { at: 0, image: undefined as Image | undefined, error: undefined as Error | undefined };
      void waitForActive({ imageId, url, timeout }, { client, poller, clock, progress }).then(
        (image) => Object.assign(ended, { at: clock.now() - began, image }),
        (error: unknown) => Object.assign(ended, { at: clock.now() - began, error }),
      );
      return ended;
    },
  };
}

const activeAfter = (milliseconds: number) => (_id: string, now: number) =>
  ({ status: now < 100 ? "queued" : now < milliseconds ? "importing" : "active" }) as const;

test.each([500, 3_000, 60_000, 600_000, 5_400_000])(
  "an import of %d ms is found active within 0.3 s or 5 % of its time",
  async (duration) => {
    const clock = new ManualClock();
    const { wait, calls } = service(clock, activeAfter(duration));
    const ended = wait();
    await clock.advance(duration * 1.06 + 1_000);
    expect(ended.error).toBeUndefined();
    expect(ended.image?.status).toBe("active");
    expect(ended.at - duration).toBeLessThanOrEqual(Math.max(300, duration * 0.05));
    expect(calls.imports).toEqual([]);
  },
);

test("looks become rarer as the waiting grows, and never rarer than every half minute", () => {
  const pauses = [0, 1_000, 10_000, 60_000, 600_000, 7_200_000].map(pollInterval);
  expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
  expect(pauses[0]).toBeLessThanOrEqual(300);
  expect(pauses.at(-1)).toBe(30_000);
});

test("100 images that wait together cost one list a look, at most 200 calls for a minute's imports", async () => {
  const clock = new ManualClock();
  const { wait, calls } = service(clock, activeAfter(60_000));
  const all = Array.from({ length: 100 }, (_, index) => wait(`image-${index}`));
  await clock.advance(64_000);
  expect(all.filter(({ image }) => image?.status === "active")).toHaveLength(100);
  expect(calls.show).toBe(0);
  expect(calls.list).toBeLessThanOrEqual(200);
});

test("a record that stays queued is imported, but only after it had time to start by itself", async () => {
  const clock = new ManualClock();
  let imported = Infinity;
  const { wait, calls, answerImportWith } = service(clock, (_id, now) => ({
    status: now > imported + 500 ? "active" : "queued",
  }));
  answerImportWith(() => {
    imported = 3_000;
    return undefined;
  });
  const ended = wait();
  await clock.advance(2_900);
  expect(calls.imports).toEqual([]);
  await clock.advance(3_000);
  expect(calls.imports).toHaveLength(1);
  expect(ended.image?.status).toBe("active");
});

test("queued with a conflict means that an import is under way: it is waited for, not counted as a failure", async () => {
  const clock = new ManualClock();
  const { wait, answerImportWith, calls } = service(clock, (_id, now) => ({
    status: now < 60_000 ? "queued" : "active",
  }));
  answerImportWith(() => failure("conflict"));
  const ended = wait();
  await clock.advance(70_000);
  expect(ended.image?.status).toBe("active");
  expect(calls.imports.length).toBeGreaterThan(maxImportAttempts);
  expect(calls.imports.length).toBeLessThan(10);
});

test("an import that falls back each time is tried a few times, then the error says so", async () => {
  const clock = new ManualClock();
  const { wait, calls } = service(clock, () => ({ status: "queued" }));
  const ended = wait();
  await clock.advance(120_000);
  expect(calls.imports).toHaveLength(maxImportAttempts);
  expect(ended.error?.message).toContain(`fell back to queued after each of ${maxImportAttempts} imports`);
  expect(ended.error?.message).toContain(url);
});

test.each(["killed", "deleted", "pending_delete", "deactivated"])(
  "%s ends the waiting at once",
  async (status) => {
    const clock = new ManualClock();
    const { wait, shown } = service(clock, () => ({ status }));
    const ended = wait();
    await clock.advance(1_000);
    expect(ended.error?.message).toContain(`is ${status} and will not become active`);
    expect(shown).toEqual([]);
  },
);

test("a lost image ends the waiting at once; passing trouble does not", async () => {
  const clock = new ManualClock();
  const { wait } = service(clock, (_id, now) =>
    now < 5_000 ? failure("server") : now < 9_000 ? { status: "importing" } : failure("notFound"),
  );
  const ended = wait();
  await clock.advance(8_000);
  expect(ended.error).toBeUndefined();
  await clock.advance(2_000);
  expect(ended.error).toMatchObject({ failure: "notFound" });
});

test("at the deadline the message tallies what was seen", async () => {
  const clock = new ManualClock();
  const { wait, shown } = service(clock, (_id, now) =>
    now < 2_000 ? failure("noResponse") : { status: "importing" },
  );
  const ended = wait("a", 60_000);
  await clock.advance(30_000);
  expect(shown).toMatchObject([{ name: '"a"', status: "importing" }]);
  await clock.advance(40_000);
  expect(ended.error?.message).toMatch(
    /^Image a is not active after 1 min 0 s\. Seen: \d+ without an answer, \d+ importing\./,
  );
  expect(ended.error?.message).toContain("Run pulumi up again to go on waiting for the same image");
});

test("passing trouble with the list is seen by all, and not multiplied into a look at each", async () => {
  const clock = new ManualClock();
  const { wait, calls } = service(clock, (_id, now) =>
    now < 1_000 ? failure("server") : { status: "active" },
  );
  const all = Array.from({ length: 20 }, (_, index) => wait(`image-${index}`));
  await clock.advance(2_000);
  expect(all.every(({ image }) => image?.status === "active")).toBe(true);
  expect(calls.show).toBe(0);
});
