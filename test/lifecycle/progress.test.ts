import { duration, ProgressBoard } from "../../provider/lifecycle/progress";
import { ManualClock } from "./clock";

function board() {
  const clock = new ManualClock();
  const lines: string[] = [];
  const progress = new ProgressBoard((line) => lines.push(line), clock.now);
  const waitSeconds = async (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) {
      await clock.advance(1_000);
      progress.tick();
    }
  };
  return { clock, lines, progress, waitSeconds };
}

test("one image: its name, its state, the time so far", async () => {
  const { clock, lines, progress, waitSeconds } = board();
  const waiting = { name: '"golden"', status: "queued", since: clock.now() };
  const done = progress.show(waiting);
  await waitSeconds(2);
  waiting.status = "importing";
  await waitSeconds(75);
  expect(lines[0]).toBe('image "golden": queued, 2 s');
  expect(lines.at(-1)).toMatch(/^image "golden": importing, 1 min \d+ s$/);
  done();
});

test("many images: one line for all of them", async () => {
  const { clock, lines, progress, waitSeconds } = board();
  const done = ["a", "b", "c"].map((name, index) =>
    progress.show({ name, status: index === 0 ? "queued" : "importing", since: clock.now() + index }),
  );
  await waitSeconds(2);
  expect(lines).toEqual(["3 images to go: 1 queued, 2 importing; longest a, 2 s"]);
  done.forEach((end) => {
    end();
  });
});

test("two hours of waiting do not flood a log", async () => {
  const { clock, lines, progress, waitSeconds } = board();
  const done = progress.show({ name: "a", status: "importing", since: clock.now() });
  await waitSeconds(7_200);
  expect(lines.length).toBeGreaterThan(10);
  expect(lines.length).toBeLessThan(40);
  done();
});

test.each([
  [0, "0 s"],
  [59_400, "59 s"],
  [60_000, "1 min 0 s"],
  [200_000, "3 min 20 s"],
  [3_900_000, "1 h 5 min"],
])("%d ms are %s", (milliseconds, text) => {
  expect(duration(milliseconds)).toBe(text);
});
