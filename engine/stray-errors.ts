// Errors of an inline program that nobody waits for. Pulumi's SDK reports the failure of a resource by a rejection without a handler,
// on purpose: it ends the program. Here the program shares its process with others, who must not be ended with it.

import { runInThisContext } from "node:vm";

// Under jest a module's `process` is a copy on which no such event arrives; the real one is in the main context.
const real = runInThisContext("process") as NodeJS.Process;

type Listener = (error: unknown) => void;
const EVENTS = ["uncaughtException", "unhandledRejection"] as const;
const listeners = new Set<Listener>();
let others: [event: string, listener: (...args: unknown[]) => void][] = [];

const tell = (error: unknown): void => {
  for (const listener of listeners) listener(error);
};

/** From now on, until the function returned is called, such errors go to the listener, and to no one else: not to jest either. */
export function onStrayError(listener: Listener): () => void {
  if (listeners.size === 0) takeOver();
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) giveBack();
  };
}

function takeOver(): void {
  others = [];
  for (const event of EVENTS) {
    for (const listener of real.rawListeners(event)) {
      others.push([event, listener as (...args: unknown[]) => void]);
      real.off(event, listener as (...args: unknown[]) => void);
    }
    real.on(event, tell);
  }
}

function giveBack(): void {
  for (const event of EVENTS) real.off(event, tell);
  for (const [event, listener] of others) real.on(event, listener);
}
