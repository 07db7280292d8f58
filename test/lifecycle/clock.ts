import type { Clock } from "../../provider/lifecycle/clock";

/** A clock that stands still until it is moved. Who sleeps wakes when their time has come. */
export class ManualClock implements Clock {
  private time = Date.parse("2026-11-22T09:00:00Z");
  private sleepers: { at: number; wake: () => void }[] = [];

  now = (): number => this.time;

  sleep = (milliseconds: number): Promise<void> =>
    new Promise((wake) => {
      this.sleepers.push({ at: this.time + milliseconds, wake });
    });

  /** Moves on, waking one sleeper after the other and letting each do what it does before the next. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds;
    for (;;) {
      await settled();
      const next = this.sleepers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) {
        this.time = end;
        return;
      }
      this.sleepers.splice(this.sleepers.indexOf(next), 1);
      this.time = Math.max(this.time, next.at);
      next.wake();
    }
  }
}

/** Lets everything happen that can without time going on. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
