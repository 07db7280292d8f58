import { setImmediate as nextTurn } from "node:timers/promises";
import type { RetryPolicy } from "../../provider/api/http";
import type { Clock } from "../../provider/lifecycle/clock";
import { createContext } from "../../provider/lifecycle/context";
import { hooksOf } from "../../provider/dynamic/hooks";
import { generationsLifecycle } from "../../provider/lifecycle/pipeline/image-generations";
import { importLifecycle } from "../../provider/lifecycle/image-import";
import { memberLifecycle } from "../../provider/lifecycle/sharing/image-member";
import { acceptanceLifecycle } from "../../provider/lifecycle/sharing/image-member-acceptance";
import { recordLifecycle } from "../../provider/lifecycle/image-record";
import { serverImageRecordLifecycle } from "../../provider/lifecycle/server/server-image-record";
import { serverImageSnapshotLifecycle } from "../../provider/lifecycle/server/server-image-snapshot";
import { originLifecycle } from "../../provider/lifecycle/origin";
import { startEmulator, type Emulator, type OrderedFault } from "../../emulator";
import { qcow2 } from "../emulator/testing";
import type { Unkindness } from "../../emulator/unkind";
import { become } from "./conditions";
import type { Provider } from "./model";

/** The moment of a request at which a process is killed. */
export type Moment = "before the work" | "after the work" | "after the answer";
export const moments: readonly Moment[] = ["before the work", "after the work", "after the answer"];

/** A process that was killed has nothing more to say. */
export class Killed extends Error {}

/** Kills a process at its so many-th request. */
export interface Kill {
  request: number;
  moment: Moment;
}

export interface ProcessOptions {
  retryPolicy?: Partial<RetryPolicy>;
  maxRequests?: number;
  kill?: Kill;
  /** Settings beside those that point to the emulator. */
  env?: Record<string, string>;
}

/** Retries as many as ever, with pauses too short to be noticed. */
const hasty: Partial<RetryPolicy> = { initialBackoff: 1, maxBackoff: 2, responseTimeout: 10_000 };

/** A cloud in which time is no matter: who waits, waits until the imports under way have ended, and finds the clock moved on. */
export class World {
  /** All that was shown to anybody. */
  readonly said: string[] = [];
  private skipped = 0;
  private readonly restoreConsole: () => void;

  private constructor(readonly emulator: Emulator) {
    this.restoreConsole = redirectConsole(this.said);
  }

  static async open(): Promise<World> {
    const late: { world?: World } = {};
    const emulator = await startEmulator({ now: () => late.world?.now() ?? Date.now() });
    late.world = new World(emulator);
    await late.world.reset();
    return late.world;
  }

  async close(): Promise<void> {
    this.restoreConsole();
    await this.emulator.close();
  }

  /** What the service is like, from the next reset on. */
  condition: Partial<Unkindness> = {};

  async reset(): Promise<void> {
    await this.emulator.reset();
    this.emulator.options.importsBy = "create";
    become(this.emulator.options, this.condition);
    this.said.length = 0;
    for (const key of ["one", "two"]) {
      await this.emulator.putObject("images", `${key}.qcow2`, qcow2());
    }
  }

  url(key: "one" | "two"): string {
    return this.emulator.objectUrl("images", `${key}.qcow2`);
  }

  now(): number {
    return Date.now() + Math.floor(this.skipped);
  }

  /** Lets time go by. */
  skip(milliseconds: number): void {
    this.skipped += milliseconds;
  }

  /** A new provider process. */
  start({ retryPolicy, maxRequests, kill, env: more }: ProcessOptions = {}): Provider {
    const env = {
      ...this.emulator.env,
      ...(maxRequests && { SCP_MAX_REQUESTS: String(maxRequests) }),
      ...more,
    };
    const life = new Life(kill === undefined ? () => false : orderDeath(this.emulator, kill));
    const clock: Clock = {
      now: () => this.now(),
      sleep: async (milliseconds) => {
        await life.goOn();
        this.skipped += milliseconds;
        await Promise.all([nextTurn(), ...this.emulator.images().map(({ id }) => this.emulator.settled(id))]);
      },
    };
    // Who is dead tries nothing again.
    const all = { ...hasty, ...retryPolicy, ...(kill && { attempts: 1 }) };
    const context = createContext({ env, home: "/nonexistent" }, clock, { show: () => () => undefined }, all);
    return {
      ImageRecord: hooksOf(recordLifecycle(context)),
      ImageImport: hooksOf(importLifecycle(context)),
      ImageGenerations: hooksOf(generationsLifecycle(context)),
      ImageMember: hooksOf(memberLifecycle(context)),
      ImageMemberAcceptance: hooksOf(acceptanceLifecycle(context)),
      ServerImageRecord: hooksOf(serverImageRecordLifecycle(context)),
      ServerImageSnapshot: hooksOf(serverImageSnapshotLifecycle(context)),
      Origin: hooksOf(originLifecycle(context)),
      survive: (hook) => life.survive(hook),
    };
  }
}

/** From that request on nothing of the process reaches the cloud. Tells whether it is that far. */
function orderDeath({ faults }: Emulator, { request, moment }: Kill): () => boolean {
  const kinds = {
    "before the work": "reset-before",
    "after the work": "reset-after",
    "after the answer": "latency",
  } as const;
  const { id } = faults.add({ kind: kinds[moment], nth: request });
  faults.add({ kind: "reset-before", nth: request + 1, times: "always" });
  return () => faults.list().some((fault: OrderedFault) => fault.id === id && fault.struck > 0);
}

class Life {
  private die: (reason: Killed) => void = () => undefined;
  private readonly death = new Promise<never>((_, reject) => (this.die = reject));
  private over = false;

  constructor(private readonly isOver: () => boolean) {
    this.death.catch(() => undefined);
  }

  /** Never comes back in a process that is dead. */
  async goOn(): Promise<void> {
    if (this.ended()) {
      await new Promise(() => undefined);
    }
  }

  async survive<T>(hook: Promise<T>): Promise<T> {
    const result = await Promise.race([hook, this.death]).catch((error: unknown) => {
      throw this.ended() ? new Killed("killed") : error;
    });
    if (this.ended()) {
      throw new Killed("killed");
    }
    return result;
  }

  private ended(): boolean {
    this.over ||= this.isOver();
    if (this.over) {
      this.die(new Killed("killed"));
    }
    return this.over;
  }
}

function redirectConsole(said: string[]): () => void {
  const { log, info, warn, error } = console;
  const listen = (...words: unknown[]) => {
    said.push(words.map(String).join(" "));
  };
  Object.assign(console, { log: listen, info: listen, warn: listen, error: listen });
  return () => {
    Object.assign(console, { log, info, warn, error });
  };
}
