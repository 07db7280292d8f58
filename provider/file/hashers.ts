import { createHash } from "node:crypto";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

export interface Hashes {
  sha256: string;
  md5: string;
  sha512: string;
}

/** Takes a file's bytes in turn, and answers their hashes. */
export interface Hasher {
  /** Memory to read the next bytes into, once it is free. */
  room: () => Promise<Uint8Array>;
  /** The next `length` bytes are in the room that was handed out last. */
  add: (length: number) => void;
  finish: () => Promise<Hashes>;
  /** Ends the threads, if there are any, whatever they do. */
  close: () => Promise<void>;
}

const chunk = 1024 * 1024;

/** Hashes in this thread: for files so small that starting others would take longer. */
export function hashHere(): Hasher {
  const memory = new Uint8Array(chunk / 4);
  const hashes = { sha256: createHash("sha256"), md5: createHash("md5"), sha512: createHash("sha512") };
  return {
    room: () => Promise.resolve(memory),
    add: (length) => {
      const bytes = memory.subarray(0, length);
      hashes.sha256.update(bytes);
      hashes.md5.update(bytes);
      hashes.sha512.update(bytes);
    },
    finish: () =>
      Promise.resolve({
        sha256: hashes.sha256.digest("hex"),
        md5: hashes.md5.digest("hex"),
        sha512: hashes.sha512.digest("hex"),
      }),
    close: () => Promise.resolve(),
  };
}

/** MD5 takes about as long as the other two together where SHA-256 is done by the processor, as it is in most. */
const shares: readonly (readonly (keyof Hashes)[])[] = [["md5"], ["sha512", "sha256"]];

/** How many chunks are read ahead: a thread that is held up for a moment holds up no other. */
const slotCount = 4;

/** Hashes in two threads of their own, out of memory that they share with this one. */
export function hashInThreads(): Hasher {
  const slots = Array.from({ length: slotCount }, () => new SharedArrayBuffer(chunk));
  const threads = shares.map((names) => new HashThread(names, slots));
  const rooms = slots.map((slot) => new Uint8Array(slot));
  let turn = 0;
  return {
    room: async () => {
      await Promise.all(threads.map((thread) => thread.isFree(turn)));
      return rooms[turn] ?? new Uint8Array(0);
    },
    add: (length) => {
      for (const thread of threads) {
        thread.add(turn, length);
      }
      turn = (turn + 1) % slotCount;
    },
    finish: async () => {
      const parts = await Promise.all(threads.map((thread) => thread.finish()));
      return Object.assign({}, ...parts) as Hashes;
    },
    close: async () => {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}

class HashThread {
  private readonly worker: Worker;
  private readonly busy = new Set<number>();
  private result: Partial<Hashes> | undefined;
  private failure: Error | undefined;
  private wake: () => void = () => undefined;

  constructor(names: readonly (keyof Hashes)[], slots: readonly SharedArrayBuffer[]) {
    // Plain JavaScript, so that it is the same file beside the source and in dist/. Loaders of the program's have no part in it.
    this.worker = new Worker(join(__dirname, "hash-worker.js"), {
      workerData: { names, slots },
      execArgv: [],
    });
    this.worker.on("message", (message: number | Partial<Hashes>) => {
      if (typeof message === "number") {
        this.busy.delete(message);
      } else {
        this.result = message;
      }
      this.wake();
    });
    this.worker.on("error", (error) => {
      this.fail(error);
    });
    this.worker.on("exit", () => {
      this.fail(new Error("A thread that computes hashes has ended before its time."));
    });
  }

  add(slot: number, length: number): void {
    this.busy.add(slot);
    this.worker.postMessage(length);
  }

  async isFree(slot: number): Promise<void> {
    await this.until(() => !this.busy.has(slot));
  }

  async finish(): Promise<Partial<Hashes>> {
    this.worker.postMessage(0);
    await this.until(() => this.result !== undefined);
    return this.result ?? {};
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.wake();
  }

  /** One waits at a time: whoever reads the file. */
  private async until(done: () => boolean): Promise<void> {
    while (!done()) {
      if (this.failure !== undefined) {
        throw this.failure;
      }
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}
