import { setImmediate, setTimeout as delay } from "node:timers/promises";

interface Work {
  done: Promise<void>;
  abort: AbortController;
}

/** What goes on behind the answers: of an image its import, or the snapshot that it is made of. One an image. */
export class Works {
  private readonly running = new Map<string, Work>();

  /** `run` begins at once, up to its first wait. It ends where it stands when the signal comes, without an error. */
  start(imageId: string, run: (signal: AbortSignal) => Promise<void>): void {
    const abort = new AbortController();
    const done = run(abort.signal).finally(() => this.running.delete(imageId));
    this.running.set(imageId, { done, abort });
  }

  isRunning(imageId: string): boolean {
    return this.running.has(imageId);
  }

  /** Resolves when the image's work has ended, however it ended; at once when there is none. */
  async settled(imageId: string): Promise<void> {
    await this.running.get(imageId)?.done;
  }

  /** Gives a work up where it stands. The image keeps the state that it has. */
  async cancel(imageId: string): Promise<void> {
    const work = this.running.get(imageId);
    work?.abort.abort();
    await work?.done;
  }

  async cancelAll(): Promise<void> {
    await Promise.all([...this.running.keys()].map((id) => this.cancel(id)));
  }
}

/** Waits; for nothing, still until the next turn of the event loop. Throws when aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await delay(ms, undefined, { signal });
  else await setImmediate(undefined, { signal });
}

export function untilAborted(signal: AbortSignal): Promise<never> {
  signal.throwIfAborted();
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => {
      reject(new Error("aborted"));
    });
  });
}
