import { createHash, randomUUID } from "node:crypto";
import { PartlyDone } from "../../provider/lifecycle/image-error";
import type { Properties } from "../../provider/schema/description";
import type { Hooks } from "../../provider/dynamic/hooks";

/** A resource as a program declares it. */
export interface Goal {
  type: "Image" | "ServerImage" | Exclude<PartType, `Server${string}` | "ImageGenerations">;
  name: string;
  args: Properties;
  /** The name of a resource before it whose image this is about. */
  of?: string;
  /** Of an `Image` of a pipeline: what its generations are told. */
  generations?: Properties;
}

/** How a replacement is asked for that the inputs do not ask for. */
export type Force =
  | "trigger" // replacementTrigger, replaceWith: check is called for the old resource first
  | "replace"; // `pulumi up --replace`: check is told of no old resource, and diff is not called

/** In the order in which they are deleted: what depends on another goes before it. */
const partTypes = [
  "ImageMemberAcceptance",
  "ImageMember",
  "ImageGenerations",
  "ImageImport",
  "ServerImageSnapshot",
  "ImageRecord",
  "ServerImageRecord",
] as const;

type PartType = (typeof partTypes)[number];

/** One resource in the state. */
export interface Saved {
  urn: string;
  type: PartType;
  id: string;
  inputs: Properties;
  outputs: Properties;
  /** It was replaced, and is still to be deleted. */
  delete: boolean;
  /** Its last update failed on its way. */
  partlyDone?: boolean;
}

interface Part {
  urn: string;
  type: PartType;
  inputs: Properties;
}

/** A provider's process, which lives for one run and can be killed in it. */
export interface Provider extends Record<PartType, Hooks> {
  Origin: Hooks;
  /** Waits for a hook. Throws when the process, and the engine with it, was killed meanwhile. */
  survive: <T>(hook: Promise<T>) => Promise<T>;
}

export interface UpOptions {
  force?: Force;
  /** How many resources at once. */
  parallel?: number;
}

/**
 * What Pulumi's engine does with a stack of images: which hooks it calls in which order, and what it keeps of their answers. The
 * state changes after each step, and only then; a run ends at the first error. `engine.ts` compares it with the real thing.
 */
export class StackModel {
  /** The id of the resource Origin, while there is one. */
  private origin: string | undefined;
  state: Saved[] = [];
  /** Images that this stack's state held when their delete was asked for: all that may be deleted. */
  readonly deletes = new Set<string>();

  constructor(private readonly name = "test") {}

  /** The state of this stack as another one's: `stack export`, `stack import`. */
  copyAs(name: string): StackModel {
    const copy = new StackModel(name);
    copy.origin = this.origin;
    copy.state = structuredClone(this.state).map((saved) => ({
      ...saved,
      urn: saved.urn.replace(`urn:pulumi:${this.name}::`, `urn:pulumi:${name}::`),
    }));
    return copy;
  }

  /** `pulumi state delete`, or `state move` away: the images stay. */
  letGo(): Saved[] {
    const gone = this.state;
    this.state = [];
    return gone;
  }

  async up(
    goals: readonly Goal[],
    provider: Provider,
    { force, parallel = 1 }: UpOptions = {},
  ): Promise<void> {
    const kept = new Set<string>();
    if (goals.some(({ type }) => type === "Image" || type === "ImageRecord")) {
      this.origin ??= randomUUID();
    }
    await inParallel(goals, parallel, async (goal) => {
      let record: Saved | undefined;
      for (const part of this.partsOf(goal)) {
        const inputs = record === undefined ? part.inputs : { ...part.inputs, ...toldBy(record) };
        const saved = await this.register({ ...part, inputs }, provider, force);
        kept.add(saved.urn);
        record ??= saved;
      }
    });
    const superfluous = this.state.filter((saved) => saved.delete || !kept.has(saved.urn));
    await this.deleteAll(superfluous, provider, parallel);
    if (goals.length === 0) {
      await this.deleteOrigin(provider);
    }
  }

  async refresh(provider: Provider): Promise<void> {
    for (const saved of this.state.filter((one) => !one.delete)) {
      const { type, id, outputs } = saved;
      const read = await provider.survive(provider[type].read(id, outputs));
      const { id: found = "", props = {}, inputs = {} } = read;
      if (found === "") {
        this.forget(saved);
      } else {
        Object.assign(saved, { outputs: plain(props), inputs: plain(inputs) });
      }
    }
  }

  async destroy(provider: Provider, parallel = 1): Promise<void> {
    await this.deleteAll(this.state, provider, parallel);
    await this.deleteOrigin(provider);
  }

  /** All records depend on it, so it goes last. */
  private async deleteOrigin(provider: Provider): Promise<void> {
    if (this.origin !== undefined) {
      await provider.survive(provider.Origin.delete(this.origin, {}));
      this.origin = undefined;
    }
  }

  /** The image of the record of this name. */
  private imageOf(name: string): string | undefined {
    return this.state.find(
      (saved) => saved.type === "ImageRecord" && !saved.delete && saved.urn.endsWith(`::${name}`),
    )?.id;
  }

  private partsOf({ type, name, args, of, generations }: Goal): Part[] {
    const part = (kind: PartType, inputs: Properties): Part => {
      const parent = type === kind ? "" : `scp:index:${type}$`;
      const urn = `urn:pulumi:${this.name}::${parent}${kind}::${name}`;
      const record = urn.replace("ImageGenerations::", "ImageRecord::");
      const place = createHash("sha256").update(record).digest("hex").slice(0, 16);
      const origin = `test/test/${this.name}/${String(this.origin)}/${place}`;
      const hasOrigin = kind.endsWith("Record") || kind === "ImageGenerations";
      return { urn, type: kind, inputs: hasOrigin ? { ...inputs, origin } : inputs };
    };
    if (type === "ImageMember" || type === "ImageMemberAcceptance") {
      const imageId = of === undefined ? undefined : this.imageOf(of);
      const place = `urn:pulumi:${this.name}::project::${type}::${name}`;
      return [part(type, { ...(imageId && { imageId }), ...args, place })];
    }
    const { timeouts, ...declared }: Properties = args;
    if (type === "ServerImage") {
      return [part("ServerImageRecord", declared), part("ServerImageSnapshot", { timeouts })];
    }
    if (type !== "Image") {
      return [part(type, args)];
    }
    const { url, profile } = args;
    const inGenerations = generations === undefined ? {} : { inGenerations: true };
    const parts = [
      part("ImageRecord", { ...declared, ...inGenerations, timeouts, settledByImport: true }),
      part("ImageImport", { url, profile, timeouts, deleteImage: false, partOfImage: true }),
    ];
    const { protected: isProtected, tags } = args;
    return generations === undefined
      ? parts
      : [...parts, part("ImageGenerations", { ...generations, protected: isProtected, tags })];
  }

  private async register(part: Part, provider: Provider, force?: Force): Promise<Saved> {
    const old = this.state.find(({ urn, delete: replaced }) => urn === part.urn && !replaced);
    if (old === undefined || force === "replace") {
      return this.create(part, provider, old);
    }
    const { check, diff, update } = provider[part.type];
    const inputs = checked(await provider.survive(check(old.inputs, part.inputs)));
    const { changes, replaces = [] } =
      force === "trigger"
        ? { changes: true, replaces: ["trigger"] }
        : await provider.survive(diff(old.id, old.outputs, inputs));
    if (changes && replaces.length > 0) {
      return this.create(part, provider, old);
    }
    if (changes || old.partlyDone === true) {
      const updated = await provider.survive(update(old.id, old.outputs, inputs)).catch((error: unknown) => {
        if (error instanceof PartlyDone) {
          Object.assign(old, { inputs, outputs: plain(error.properties), partlyDone: true });
        }
        throw error;
      });
      old.outputs = plain(updated.outs ?? {});
      old.partlyDone = false;
    }
    old.inputs = inputs;
    return old;
  }

  /** Makes a resource, in place of an old one that is deleted at the end of the run. */
  private async create(part: Part, provider: Provider, old?: Saved): Promise<Saved> {
    const { check, create } = provider[part.type];
    const inputs = checked(await provider.survive(check({}, part.inputs)));
    const { id, outs = {} } = await provider.survive(create(inputs));
    const saved = { urn: part.urn, type: part.type, id, inputs, outputs: plain(outs), delete: false };
    if (old !== undefined) {
      old.delete = true;
    }
    this.state.push(saved);
    return saved;
  }

  /** Imports go before the records that they depend on. */
  private async deleteAll(all: readonly Saved[], provider: Provider, parallel: number): Promise<void> {
    for (const type of partTypes) {
      const some = all.filter((saved) => saved.type === type).reverse();
      await inParallel(some, parallel, async (saved) => {
        this.deletes.add(saved.id);
        await provider.survive(provider[type].delete(saved.id, saved.outputs));
        this.forget(saved);
      });
    }
  }

  private forget(saved: Saved): void {
    this.state = this.state.filter((one) => one !== saved);
  }
}

/** What a part gets of the record before it. */
function toldBy({ type, id, outputs }: Saved): Properties {
  const { minRam, protected: isProtected, visibility, tags } = outputs;
  return type === "ServerImageRecord"
    ? { imageId: id, minRam, protected: isProtected, visibility, tags }
    : { imageId: id };
}

function checked({ inputs, failures }: Awaited<ReturnType<Hooks["check"]>>): Properties {
  if (failures.length > 0) {
    throw new Error(failures.map(({ reason }) => reason).join("\n"));
  }
  return plain(inputs);
}

/** As values come back from the state: copies, without what is undefined. */
function plain(properties: Properties): Properties {
  return JSON.parse(JSON.stringify(properties)) as Properties;
}

/** So many at once, in order. After a failure nothing more begins, and what is under way ends. */
async function inParallel<T>(
  items: readonly T[],
  most: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const failures: unknown[] = [];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined && failures.length === 0; item = waiting.shift()) {
      await work(item).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: most }, worker));
  if (failures.length > 0) {
    throw failures[0];
  }
}
