/** Pauses between tries, seen as they are set, and over at once. Whoever wants more gives `onPause`. */
export interface Pauses {
  /** Milliseconds, in order. */
  lengths: number[];
  restore: () => void;
}

/** Time-outs of these lengths belong to requests, and are left alone. */
export const timeouts = { connectTimeout: 77_777, responseTimeout: 88_888 };

export function skipPauses(onPause: () => Promise<void> | void = () => undefined): Pauses {
  const lengths: number[] = [];
  const real = globalThis.setTimeout;
  const skipping = (work: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
    if (Object.values(timeouts).includes(ms)) return real(work, ms, ...args);
    lengths.push(ms);
    return real(
      () =>
        void Promise.resolve(onPause()).then(() => {
          work(...args);
        }),
      0,
    );
  };
  const spy = jest.spyOn(globalThis, "setTimeout").mockImplementation(skipping as typeof setTimeout);
  return {
    lengths,
    restore: () => {
      spy.mockRestore();
    },
  };
}
