// Random lives of stacks: what is deployed, what is edited, what fails, what vanishes behind the engine's back.

import { copy } from "../../engine/values";

export interface ThingOptions {
  protect?: boolean;
  retainOnDelete?: boolean;
  deleteBeforeReplace?: boolean;
  ignoreChanges?: string[];
  replaceOnChanges?: string[];
  additionalSecretOutputs?: string[];
  aliases?: { name: string }[];
  dependsOn?: string[];
  deletedWith?: string;
  replaceWith?: string[];
}

export interface Resource {
  name: string;
  /** A thing is managed, a glimpse is read, a box is a component. */
  kind: "thing" | "glimpse" | "box";
  /** What the cloud knows it by: stays when the resource is renamed. */
  cloudName?: string;
  parent?: string;
  /** What a glimpse reads. */
  id?: string;
  inputs?: { value?: string; zone?: string; note?: string; list?: string[]; dbr?: boolean };
  /** Its value is another's serial. */
  from?: string;
  secret?: string;
  options?: ThingOptions;
}

export type Operation = "up" | "preview" | "refresh" | "up --refresh" | "destroy";

export interface Fault {
  call: "create" | "update" | "delete" | "read";
  name: string;
  kind?: "init";
}

export interface Act {
  operation: Operation;
  resources: Resource[];
  faults: Fault[];
  /** Things of these names that somebody else deletes, or changes, first. */
  vanish: string[];
  tamper: string[];
}

export interface Scenario {
  seed: number;
  /** One at a time where something may fail: what else is under way then is chance, on either engine. */
  parallel: number | undefined;
  acts: Act[];
}

class Dice {
  constructor(private state: number) {}

  /** mulberry32: small, and the same everywhere. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items[this.below(items.length)];
  }
}

const MAX_ACTS = 5;

export function scenario(seed: number): Scenario {
  const dice = new Dice(seed);
  const failing = dice.chance(0.5);
  const life = new Life(dice, failing);
  const acts = Array.from({ length: 3 + dice.below(MAX_ACTS - 2) }, (_, index) => life.act(index));
  return { seed, parallel: failing ? 1 : undefined, acts };
}

class Life {
  private resources: Resource[] = [];
  private made = 0;

  constructor(
    private readonly dice: Dice,
    private readonly failing: boolean,
  ) {}

  act(index: number): Act {
    const { dice, failing } = this;
    if (index === 0) for (let count = 2 + dice.below(4); count > 0; count--) this.add();
    else for (let count = 1 + dice.below(3); count > 0; count--) this.edit();
    const names = this.things().map(({ name, cloudName }) => cloudName ?? name);
    const some = (probability: number): string[] =>
      index > 0 ? names.filter(() => dice.chance(probability)) : [];
    return {
      operation: index === 0 ? "up" : this.operation(),
      resources: copy(this.resources),
      faults: failing ? names.filter(() => dice.chance(0.25)).map((name) => this.fault(name)) : [],
      vanish: some(0.08),
      tamper: some(0.08),
    };
  }

  private operation(): Operation {
    const roll = this.dice.next();
    if (roll < 0.62) return "up";
    if (roll < 0.74) return "preview";
    if (roll < 0.86) return "refresh";
    return roll < 0.95 ? "up --refresh" : "destroy";
  }

  private fault(name: string): Fault {
    const call = this.dice.pick(["create", "update", "delete", "read"] as const) ?? "create";
    const notReady = (call === "create" || call === "update") && this.dice.chance(0.5);
    return { call, name, ...(notReady && { kind: "init" }) };
  }

  private things(): Resource[] {
    return this.resources.filter(({ kind }) => kind === "thing");
  }

  private add(): void {
    const { dice } = this;
    const name = `r${this.made++}`;
    const things = this.things();
    if (dice.chance(0.12)) {
      this.resources.push({ name, kind: "box", ...this.place() });
      return;
    }
    const seen = dice.pick(things);
    if (seen && dice.chance(0.08)) {
      const id = `${seen.cloudName ?? seen.name}-1`;
      this.resources.push({ name, kind: "glimpse", id, options: { dependsOn: [seen.name] } });
      return;
    }
    const from = dice.chance(0.5) ? dice.pick(things)?.name : undefined;
    this.resources.push({
      name,
      kind: "thing",
      inputs: { value: this.word(), zone: this.zone(), list: [this.word(), this.word()] },
      ...(from !== undefined && { from }),
      ...(dice.chance(0.2) && { secret: this.word() }),
      ...this.place(),
      options: this.options(name),
    });
  }

  private place(): { parent?: string } {
    const boxes = this.resources.filter(({ kind }) => kind === "box");
    const parent = this.dice.chance(0.5) ? this.dice.pick(boxes)?.name : undefined;
    return parent === undefined ? {} : { parent };
  }

  private options(name: string): ThingOptions {
    const { dice } = this;
    const other = dice.pick(this.things().filter((thing) => thing.name !== name))?.name;
    return {
      ...(dice.chance(0.12) && this.failing && { protect: true }),
      ...(dice.chance(0.1) && { retainOnDelete: true }),
      ...(dice.chance(0.15) && { deleteBeforeReplace: dice.chance(0.7) }),
      ...(dice.chance(0.12) && {
        ignoreChanges: [dice.pick(["value", "zone", "list[0]", "list"]) ?? "value"],
      }),
      ...(dice.chance(0.12) && { replaceOnChanges: [dice.pick(["value", "note", "list[*]"]) ?? "value"] }),
      ...(dice.chance(0.1) && { additionalSecretOutputs: ["serial"] }),
      ...(other !== undefined && dice.chance(0.15) && { dependsOn: [other] }),
      ...(other !== undefined && dice.chance(0.08) && { deletedWith: other }),
      ...(other !== undefined && dice.chance(0.06) && { replaceWith: [other] }),
    };
  }

  private edit(): void {
    const { dice } = this;
    const thing = dice.pick(this.things());
    const roll = dice.next();
    if (!thing || roll < 0.15) this.add();
    else if (roll < 0.3) this.removeOne(thing);
    else if (roll < 0.5)
      thing.inputs = { ...thing.inputs, value: dice.chance(0.1) && this.failing ? "bad" : this.word() };
    else if (roll < 0.68) thing.inputs = { ...thing.inputs, zone: this.zone() };
    else if (roll < 0.74) thing.inputs = { ...thing.inputs, note: this.word(), list: [this.word()] };
    else if (roll < 0.8) thing.inputs = { ...thing.inputs, dbr: !thing.inputs?.dbr };
    else if (roll < 0.87) this.rename(thing);
    else this.changeOptions(thing);
  }

  /** References to others stay as they are: they must go to earlier resources. */
  private changeOptions(thing: Resource): void {
    const fresh = this.options(thing.name);
    delete fresh.dependsOn;
    delete fresh.deletedWith;
    delete fresh.replaceWith;
    const { dependsOn, deletedWith, replaceWith, aliases } = thing.options ?? {};
    thing.options = {
      ...fresh,
      ...(dependsOn && { dependsOn }),
      ...(deletedWith && { deletedWith }),
      ...(replaceWith && { replaceWith }),
      ...(aliases && { aliases }),
    };
  }

  private removeOne(thing: Resource): void {
    const { name } = thing;
    this.resources = this.resources.filter((resource) => resource !== thing);
    for (const resource of this.resources) {
      if (resource.from === name) delete resource.from;
      const { options } = resource;
      if (!options) continue;
      if (options.dependsOn?.includes(name)) delete options.dependsOn;
      if (options.deletedWith === name) delete options.deletedWith;
      if (options.replaceWith?.includes(name)) delete options.replaceWith;
    }
  }

  private rename(thing: Resource): void {
    const { name } = thing;
    thing.cloudName ??= name;
    thing.name = `r${this.made++}`;
    thing.options = { ...thing.options, aliases: [{ name }] };
    for (const resource of this.resources) {
      if (resource.from === name) resource.from = thing.name;
      const { options } = resource;
      if (options?.dependsOn?.includes(name)) options.dependsOn = [thing.name];
      if (options?.deletedWith === name) options.deletedWith = thing.name;
      if (options?.replaceWith?.includes(name)) options.replaceWith = [thing.name];
    }
  }

  private readonly word = (): string => `w${this.dice.below(1000)}`;
  private readonly zone = (): string => `z${this.dice.below(3)}`;
}
