// Decides: from what a program asks for and what the state holds, which steps to take. It asks the provider (check, diff), and
// changes nothing itself.

import { dependents } from "./graph";
import type { Alias, Answer, Goal, ReadGoal } from "./goal";
import { ignoreChanges, parsePath, pathContains } from "./paths";
import type { Diff, Provider } from "./provider";
import type { Providers } from "./providers";
import type { ResourceState } from "./state";
import type { Step } from "./steps";
import { createUrn, isProviderType, isStackUrn, nameOf, parseUrn, typeOf } from "./urn";
import { equal, mapProperties, reveal, revealAll, UNKNOWN, type Properties } from "./values";

export interface PlannerOptions {
  stack: string;
  project: string;
  preview: boolean;
  /** The urns to replace, whatever diff says. */
  replace: readonly string[];
}

export type Report = (severity: "error" | "warning" | "info", message: string, urn?: string) => void;

/** The deployment cannot go on; why was reported already. */
export class Bail extends Error {}

const INIT_ERROR = "#initerror";
const NO_CHANGE: Diff = { changes: false, replaceKeys: [], changedKeys: [], deleteBeforeReplace: false };
const replaceFor = (key: string): Diff => ({ ...NO_CHANGE, changes: true, replaceKeys: [key] });

export class Planner {
  /** The urns that a step was planned for, by what the step does. */
  private readonly kept = new Set<string>(); // same, update or read
  private readonly created = new Set<string>();
  private readonly replaced = new Set<string>();
  readonly deletes = new Set<string>();
  private readonly seen = new Set<string>();
  private readonly deletedStates = new Set<ResourceState>();
  private readonly newNames = new Map<string, string>(); // former urn → urn
  private readonly oldNames = new Map<string, string>(); // urn → former urn
  /** An error that does not stop a preview, but fails it. */
  failed = false;

  constructor(
    private readonly options: PlannerOptions,
    private readonly base: readonly ResourceState[],
    private readonly providers: Providers,
    private readonly report: Report,
  ) {}

  /** `get`: the resource is read, and from then on looked at, never managed. */
  planRead(goal: ReadGoal, answer: Answer): Step[] {
    const urn = this.newUrn(goal);
    const old = this.current(urn);
    const next: ResourceState = {
      urn,
      type: goal.type,
      custom: true,
      external: true,
      id: goal.id,
      inputs: goal.properties,
      outputs: {},
      dependencies: goal.dependencies,
      provider: goal.provider,
      additionalSecretOutputs: goal.additionalSecretOutputs,
      ...(goal.parent && { parent: goal.parent }),
    };
    if (!next.id) throw new Error(`Expected an ID for ${urn}`);
    if (old && !old.external && old.id !== goal.id) {
      this.replaced.add(urn);
      return [
        { op: "read-replacement", old, next, answer },
        { op: "replace", old, next },
      ];
    }
    this.kept.add(urn);
    return [{ op: "read", ...(old && { old }), next, answer }];
  }

  async planRegistration(goal: Goal, answer: Answer): Promise<Step[]> {
    const urn = this.newUrn(goal);
    const { old, alias } = this.findOld(urn, goal);
    const next = newState(urn, goal, old, alias);
    const provider = await this.providerOf(goal);
    const recreating = this.deletes.has(urn);
    const external = old?.external === true;
    const fresh = !old || recreating || external || this.mustReplace(urn, old);
    next.inputs = fresh ? goal.properties : this.withIgnored(goal, urn, old);
    if (provider) next.inputs = await this.check(provider, urn, fresh ? {} : old.inputs, next.inputs);

    if (!old) {
      this.created.add(urn);
      return [{ op: "create", next, answer }];
    }
    if (recreating) {
      this.deletes.delete(urn);
      this.replaced.add(urn);
      return replacement(old, next, answer);
    }
    if (external) {
      this.created.add(urn);
      return replacementFirst(old, next, answer);
    }
    return this.planChange(goal, provider, old, next, answer);
  }

  /** What was in the state and nobody asked for any more, and what replacements have left. */
  planDeletes(): Step[] {
    return this.base
      .filter((state) => (state.delete ? !this.deletedStates.has(state) : !this.isKept(state.urn)))
      .map((old) => {
        this.deletes.add(old.urn);
        if (old.delete) return { op: old.external ? "discard-replaced" : "delete-replaced", old };
        if (old.pendingReplacement) return { op: "remove-pending-replace", old };
        return { op: old.external ? "discard" : "delete", old };
      });
  }

  private async planChange(
    goal: Goal,
    provider: Provider | undefined,
    old: ResourceState,
    next: ResourceState,
    answer: Answer,
  ): Promise<Step[]> {
    const found = await this.diff(goal, provider, old, next);
    const notReady = (old.initErrors ?? []).length > 0;
    const diff = replaceOnChanges(found, goal.replaceOnChanges, notReady);
    const replaces = old.pendingReplacement === true || (diff.changes && diff.replaceKeys.length > 0);
    if (replaces) return this.planReplacement(goal, provider, diff, old, next, answer);
    this.kept.add(next.urn);
    return [{ op: diff.changes || notReady ? "update" : "same", old, next, answer }];
  }

  private async planReplacement(
    goal: Goal,
    provider: Provider | undefined,
    diff: Diff,
    old: ResourceState,
    next: ResourceState,
    answer: Answer,
  ): Promise<Step[]> {
    if (next.protect && old.protect) this.refuseProtected(next.urn);
    this.replaced.add(next.urn);
    // The new one owes nothing to the old one's inputs: no defaults carried over.
    if (provider && !this.mustReplace(next.urn, old)) {
      next.inputs = await this.check(provider, next.urn, {}, goal.properties);
    }
    if (!(goal.deleteBeforeReplace ?? diff.deleteBeforeReplace)) return replacementFirst(old, next, answer);

    const steps = await this.deleteDependents(old);
    if (!old.pendingReplacement) {
      this.deletes.add(old.urn);
      steps.push({ op: "delete-replaced", old });
    }
    return [...steps, ...replacement(old, next, answer)];
  }

  private refuseProtected(urn: string): void {
    const message =
      `unable to replace resource "${urn}"\nas it is currently marked for protection. To unprotect the resource, ` +
      "remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`";
    this.report("error", message, urn);
    this.failed = true;
    if (!this.options.preview) throw new Bail(message);
  }

  private async diff(
    goal: Goal,
    provider: Provider | undefined,
    old: ResourceState,
    next: ResourceState,
  ): Promise<Diff> {
    if (triggered(old, next)) return replaceFor("replacementTrigger");
    if (this.mustReplace(next.urn, old)) return replaceFor("id");
    if (goal.replaceWith.some((urn) => this.replaced.has(urn))) return replaceFor("replaceWith");
    if (goal.deletedWith && this.replaced.has(goal.deletedWith)) return replaceFor("deletedWith");
    // Dynamic providers cannot compare their settings: another default provider takes over without further ado.
    if (Boolean(old.provider) !== Boolean(next.provider)) return replaceFor("provider");
    if (provider) return provider.diff(next.urn, old.id ?? "", old, next.inputs, goal.ignoreChanges);
    const before = isProviderType(next.type) ? revealAll(old.outputs) : old.inputs;
    const after = isProviderType(next.type) ? revealAll(next.inputs) : next.inputs;
    return { ...NO_CHANGE, changes: !equal(before, after) };
  }

  /** Delete before replace takes along whoever would have to be replaced too, last dependent first. */
  private async deleteDependents(root: ResourceState): Promise<Step[]> {
    const condemned = await this.dependentReplacements(root);
    for (const state of this.base) {
      const follows = state.deletedWith === root.urn || state.replaceWith?.includes(root.urn);
      if (follows && !state.delete && !condemned.includes(state)) condemned.push(state);
    }
    return condemned
      .reverse()
      .filter((old) => !this.deletedStates.has(old))
      .map((old) => {
        if (old.protect && !old.delete) this.refuseDependent(old, root);
        this.deletes.add(old.urn);
        this.deletedStates.add(old);
        return { op: old.delete ? "delete" : "delete-replaced", old };
      });
  }

  private refuseDependent(old: ResourceState, root: ResourceState): never {
    const message =
      `unable to replace resource "${old.urn}" as part of replacing "${root.urn}" as it is currently marked for ` +
      "protection. To unprotect the resource, remove the `protect` flag from the resource in your Pulumi program " +
      "and run `pulumi up`";
    this.report("error", message, root.urn);
    this.failed = true;
    throw new Bail(message);
  }

  /** Whom an unknown in place of what he gets from `root` would replace: his provider's diff says. */
  private async dependentReplacements(root: ResourceState): Promise<ResourceState[]> {
    const gone = new Set([root.urn]);
    const found: ResourceState[] = [];
    for (const state of dependents(this.base, root, (urn) => this.isPlanned(urn))) {
      if (!state.custom || state.external) continue;
      if (!(await this.mustFollow(state, gone))) continue;
      gone.add(state.urn);
      found.push(state);
    }
    return found;
  }

  private async mustFollow(state: ResourceState, gone: ReadonlySet<string>): Promise<boolean> {
    if (state.deletedWith && gone.has(state.deletedWith)) return true;
    const lost = (key: string): boolean =>
      (state.propertyDependencies?.[key] ?? []).some((urn) => gone.has(urn));
    if (!Object.keys(state.inputs).some(lost)) return false;
    const news = mapProperties(state.inputs, (value, key) => (lost(key) ? UNKNOWN : value));
    const provider = await this.providers.get(state.provider ?? "", this.base);
    const diff = await provider.diff(state.urn, state.id ?? "", state, news, state.ignoreChanges);
    const { changes, replaceKeys } = replaceOnChanges(diff, state.replaceOnChanges ?? [], false);
    return changes && replaceKeys.length > 0;
  }

  private async check(
    provider: Provider,
    urn: string,
    olds: Properties,
    news: Properties,
  ): Promise<Properties> {
    const { inputs, failures } = await provider.check(urn, olds, news);
    for (const { property, reason } of failures) {
      const about = property ? `property ${property} ${valueText(inputs, property)}has a problem: ` : "";
      this.report("error", `${typeOf(urn)} resource '${nameOf(urn)}': ${about}${reason}`, urn);
    }
    if (failures.length > 0) throw new Bail(`resource ${urn} is invalid`);
    return inputs;
  }

  private withIgnored(goal: Goal, urn: string, old: ResourceState): Properties {
    const { inputs, impossible } = ignoreChanges(goal.properties, old.inputs, goal.ignoreChanges);
    if (impossible.length > 0) {
      const paths = impossible.join(", ");
      this.report("info", `cannot ignore changes in added or removed elements of the path: "${paths}"`, urn);
    }
    return inputs;
  }

  private async providerOf({ custom, type, provider }: Goal): Promise<Provider | undefined> {
    if (!custom || isProviderType(type) || !provider) return undefined;
    return this.providers.get(provider, this.base);
  }

  private mustReplace(urn: string, old: ResourceState): boolean {
    return this.options.replace.includes(urn) || old.taint === true;
  }

  private isPlanned(urn: string): boolean {
    return [this.kept, this.created, this.replaced, this.deletes].some((urns) => urns.has(urn));
  }

  private isKept(urn: string): boolean {
    const now = this.newNames.get(urn) ?? urn;
    return this.kept.has(now) || this.replaced.has(now);
  }

  private newUrn({ parent, type, name }: { parent?: string; type: string; name: string }): string {
    if (parent && !this.seen.has(parent)) throw new Error(`could not find parent resource ${parent}`);
    const urn = createUrn(this.options.stack, this.options.project, parent, type, name);
    if (this.seen.has(urn)) {
      const message = `Duplicate resource URN '${urn}'; try giving it a unique name`;
      this.report("error", message, urn);
      throw new Bail(message);
    }
    this.seen.add(urn);
    return urn;
  }

  private current(urn: string): ResourceState | undefined {
    return this.base.findLast((state) => state.urn === urn && !state.delete);
  }

  /** The resource in the state, under its name or, failing that, under a former one. */
  private findOld(urn: string, goal: Goal): { old?: ResourceState; alias?: string } {
    if (this.newNames.has(urn)) this.refuseAlias(urn, urn);
    for (const name of [urn, ...this.formerNames(goal)]) {
      const old = this.current(name);
      if (!old) continue;
      if (name === urn) return { old };
      if (this.seen.has(name) || this.newNames.has(name)) this.refuseAlias(urn, name);
      this.newNames.set(name, urn);
      this.oldNames.set(urn, name);
      return { old, alias: name };
    }
    return {};
  }

  private refuseAlias(urn: string, alias: string): never {
    const message = `Duplicate resource alias '${alias}' applied to resource with URN '${urn}'; another resource has it`;
    this.report("error", message, urn);
    throw new Bail(message);
  }

  private formerNames(goal: Goal): string[] {
    const own = goal.aliases.map((alias) => this.aliasUrn(goal, alias));
    const formerParent = goal.parent ? this.oldNames.get(goal.parent) : undefined;
    if (!goal.parent || !formerParent) return [...new Set(own)];
    const parent = goal.parent;
    const inherited = [
      createUrn(this.options.stack, this.options.project, parent, goal.type, goal.name),
      ...own,
    ].map((urn) => this.underFormerParent(nameOf(parent), formerParent, urn));
    return [...new Set([...own, ...inherited])];
  }

  private aliasUrn(goal: Goal, alias: Alias): string {
    if (alias.urn !== undefined) return alias.urn;
    const { stack, project } = this.options;
    const parent = alias.parent ? (this.oldNames.get(alias.parent) ?? alias.parent) : goal.parent;
    const above = alias.noParent || (parent && isStackUrn(parent)) ? undefined : parent;
    return createUrn(
      alias.stack ?? stack,
      alias.project ?? project,
      above,
      alias.type ?? goal.type,
      alias.name ?? goal.name,
    );
  }

  /** By convention a child's name begins with its parent's: it was renamed with it. */
  private underFormerParent(parentName: string, formerParent: string, urn: string): string {
    const name = nameOf(urn);
    const former = name.startsWith(parentName) ? nameOf(formerParent) + name.slice(parentName.length) : name;
    const { stack, project } = parseUrn(urn);
    return createUrn(stack, project, formerParent, typeOf(urn), former);
  }
}

/** Delete-before-replace's second half: the old one is gone already. */
const replacement = (old: ResourceState, next: ResourceState, answer: Answer): Step[] => [
  { op: "replace", old, next },
  { op: "create-replacement", old, next, answer },
];

const replacementFirst = (old: ResourceState, next: ResourceState, answer: Answer): Step[] => [
  { op: "create-replacement", old, next, answer, deleteOldLater: true },
  { op: "replace", old, next },
];

function newState(urn: string, goal: Goal, old?: ResourceState, alias?: string): ResourceState {
  const { type, custom, parent, provider, deletedWith, replacementTrigger } = goal;
  return {
    urn,
    type,
    custom,
    inputs: goal.properties,
    outputs: {},
    dependencies: goal.dependencies,
    propertyDependencies: goal.propertyDependencies,
    protect: goal.protect ?? false,
    retainOnDelete: goal.retainOnDelete ?? false,
    replaceWith: goal.replaceWith,
    additionalSecretOutputs: goal.additionalSecretOutputs,
    ignoreChanges: goal.ignoreChanges,
    replaceOnChanges: goal.replaceOnChanges,
    hideDiff: goal.hideDiff,
    customTimeouts: goal.customTimeouts,
    ...(parent && { parent }),
    ...(provider && { provider }),
    ...(deletedWith && { deletedWith }),
    ...(replacementTrigger !== undefined && { replacementTrigger }),
    ...(alias && { aliases: [alias] }),
    ...(old?.created && { created: old.created }),
    ...(old?.modified && { modified: old.modified }),
  };
}

function triggered(old: ResourceState, next: ResourceState): boolean {
  const before = reveal(old.replacementTrigger ?? null);
  const after = reveal(next.replacementTrigger ?? null);
  return before !== null && after !== null && !equal(before, after);
}

/** A change of such a property replaces, whatever the provider says; so does, under `#initerror`, not being ready. */
function replaceOnChanges(diff: Diff, paths: readonly string[], notReady: boolean): Diff {
  if (!diff.changes && !notReady) return diff;
  const wanted = paths.map(parsePath).filter((path) => path !== undefined);
  const matches = (key: string): boolean => {
    const path = parsePath(key);
    return path !== undefined && wanted.some((candidate) => pathContains(candidate, path));
  };
  const keys = diff.changedKeys.filter(matches);
  if (notReady && matches(INIT_ERROR)) keys.push(INIT_ERROR);
  const changes = diff.changes || keys.includes(INIT_ERROR);
  return { ...diff, changes, replaceKeys: [...new Set([...diff.replaceKeys, ...keys])] };
}

function valueText(inputs: Properties, property: string): string {
  const value = inputs[property];
  return value === undefined ? "" : `value {${JSON.stringify(value)}} `;
}
