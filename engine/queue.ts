// Small tools for things that happen at their own pace.

/** Takes events from anywhere, gives them out one after the other, until it is closed. */
export class Queue<T> {
  private readonly waiting: T[] = [];
  private wake: (() => void) | undefined;
  private closed = false;

  push(event: T): void {
    this.waiting.push(event);
    this.wake?.();
  }

  close(): void {
    this.closed = true;
    this.wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const event = this.waiting.shift();
      if (event !== undefined) yield event;
      else if (this.closed) return;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}

/** A promise that is settled from outside. */
export class Signal<T> {
  resolve!: (value: T) => void;
  reject!: (error: Error) => void;
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
}

/** Runs tasks beside each other, a given number at most. */
export class Workers {
  private readonly running = new Set<Promise<unknown>>();

  constructor(private readonly limit: number) {}

  /** Settles when the task has begun, not when it has ended. The task must not reject. */
  async start(task: () => Promise<unknown>): Promise<void> {
    while (this.running.size >= this.limit) await Promise.race(this.running);
    const run: Promise<unknown> = task().finally(() => this.running.delete(run));
    this.running.add(run);
  }

  async idle(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }
}
