import { ApiError, type JsonObject } from "./http";
import { requestFaultKinds, type RequestFaultKind, type SpoiledAnswer } from "./effects";
import { isPattern } from "./validation";

const workFaultKinds = {
  import: ["import-fails", "import-hangs"],
  snapshot: ["snapshot-fails", "snapshot-hangs"],
} as const;
/** What goes on behind the answers, and may meet a fault there. */
export type WorkName = keyof typeof workFaultKinds;
export type WorkFaultKind = (typeof workFaultKinds)[WorkName][number];
export type FaultKind = RequestFaultKind | WorkFaultKind;

/** An ordered fault. What is left out matches everything. */
export interface Fault extends SpoiledAnswer {
  kind: FaultKind;
  /** An operation by its name, such as `createImage` or `getObject`. */
  operation?: string;
  method?: string;
  /** A regular expression that the path must match. */
  path?: string;
  /** `api` (default) or `storage`. Not looked at when `operation` is given. */
  service?: Service;
  /** Of an import fault: the id, the name or the url of the image. Of a snapshot fault: its id, its name or the id of the server. */
  image?: string;
  /** The first match, counted from now, that the fault strikes. Default 1. */
  nth?: number;
  /** How many matches it strikes from there on. Default 1, with a probability "always". */
  times?: number | "always";
  /** Chance, 0 to 1, that a match is struck. */
  probability?: number;
  /** Makes the chances of one run those of another. Default 1. */
  seed?: number;
  /** Waits so long first, milliseconds; of every kind. */
  latencyMs?: number;
}

export type Service = "api" | "storage";

export interface OrderedFault extends Fault {
  id: number;
  matched: number;
  struck: number;
}

/** What may meet a fault: a request, or the start of an import or a snapshot. `url` is where its data comes from. */
export type Subject =
  | { service: Service; operation: string; method: string; path: string }
  | { work: WorkName; image: { id: string; name: string; url: string | null } };

/** The one list of ordered faults. Each counts its own matches; the first that is due strikes. */
export class Faults {
  private readonly ordered: { fault: OrderedFault; chance: () => number }[] = [];
  private lastId = 0;

  add(fault: Fault): OrderedFault {
    refuseNonsense({ ...fault });
    const ordered = { ...fault, id: ++this.lastId, matched: 0, struck: 0 };
    this.ordered.push({ fault: ordered, chance: chances(fault.seed ?? 1) });
    return ordered;
  }

  list(): OrderedFault[] {
    return this.ordered.map(({ fault }) => ({ ...fault }));
  }

  /** Takes one fault back, or all. */
  clear(id?: number): void {
    const kept = id === undefined ? [] : this.ordered.filter(({ fault }) => fault.id !== id);
    this.ordered.splice(0, this.ordered.length, ...kept);
  }

  /** Counts a request or an import, and answers the fault that strikes it, if any. */
  meet(subject: Subject): OrderedFault | undefined {
    const matching = this.ordered.filter(({ fault }) => matches(fault, subject));
    for (const { fault } of matching) fault.matched++;
    const struck = matching.find(({ fault, chance }) => isDue(fault, chance))?.fault;
    if (struck) struck.struck++;
    return struck;
  }
}

function matches(fault: Fault, subject: Subject): boolean {
  if ("work" in subject) {
    const { id, name, url } = subject.image;
    const strikes = (workFaultKinds[subject.work] as readonly string[]).includes(fault.kind);
    return strikes && (fault.image === undefined || [id, name, url].includes(fault.image));
  }
  if (!(requestFaultKinds as string[]).includes(fault.kind)) return false;
  const place = fault.operation
    ? fault.operation === subject.operation
    : (fault.service ?? "api") === subject.service;
  return (
    place &&
    (!fault.method || fault.method.toUpperCase() === subject.method) &&
    (!fault.path || new RegExp(fault.path).test(subject.path))
  );
}

function isDue(fault: OrderedFault, chance: () => number): boolean {
  const times = fault.times ?? (fault.probability === undefined ? 1 : "always");
  if (fault.matched < (fault.nth ?? 1) || (times !== "always" && fault.struck >= times)) return false;
  return fault.probability === undefined || chance() < fault.probability;
}

/** A small seeded generator (mulberry32): the same faults in every run. */
function chances(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const allKinds: FaultKind[] = [...requestFaultKinds, ...Object.values(workFaultKinds).flat()];

const isNumber = (value: unknown): value is number => typeof value === "number" && value >= 0;
const isText = (value: unknown): value is string => typeof value === "string";

/** What a member of a fault may be. A wrong order would otherwise be a fault that silently never comes. */
const members: Record<keyof Fault, (value: unknown) => boolean> = {
  kind: (value) => allKinds.includes(value as FaultKind),
  operation: isText,
  method: isText,
  path: (value) => isText(value) && isPattern(value),
  service: (value) => value === "api" || value === "storage",
  image: isText,
  nth: isNumber,
  times: (value) => value === "always" || isNumber(value),
  probability: (value) => isNumber(value) && value <= 1,
  seed: isNumber,
  latencyMs: isNumber,
  status: (value) => Number.isInteger(value) && Number(value) >= 200 && Number(value) <= 599,
  retryAfter: (value) => isNumber(value) || isText(value),
  body: isText,
  code: isText,
  location: isText,
  fields: Array.isArray,
  bytes: isNumber,
};

function refuseNonsense(fault: JsonObject): void {
  const given = Object.entries(fault).filter(([, value]) => value !== undefined);
  const wrong = given.filter(([name, value]) => !(name in members && members[name as keyof Fault](value)));
  const complaints = wrong.map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  if (!("kind" in fault)) complaints.push("without a kind");
  if (complaints.length > 0) {
    throw new ApiError(400, "Emulator.InvalidFault", `No such fault: ${complaints.join(", ")}.`);
  }
}
