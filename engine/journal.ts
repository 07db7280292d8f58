// The state while a deployment changes it. After every step it is whole, and can be written: what has been done so far, then what is
// left of the state before. Whoever is killed finds there what he had, and which operations were under way.

import type { PendingOperation, ResourceState, Snapshot } from "./state";
import { createUrn, isStackUrn, parseReference, parseUrn, providerReference } from "./urn";

export class Journal {
  private readonly news: ResourceState[] = [];
  private readonly done = new Set<ResourceState>();
  private readonly pending = new Set<PendingOperation>();
  private running: Promise<void> = Promise.resolve();
  private queued: Promise<void> | undefined;

  constructor(
    private readonly base: Snapshot,
    private readonly write: (snapshot: Snapshot) => Promise<void>,
  ) {}

  /** Notes an operation before its call goes out; the function returned takes the note away. */
  async begin(resource: ResourceState, type: PendingOperation["type"]): Promise<() => void> {
    const operation = { resource, type };
    this.pending.add(operation);
    await this.save();
    return () => this.pending.delete(operation);
  }

  /** The resource is now as in `next`; `old`, if any, is no longer in the state. */
  put(next: ResourceState, old?: ResourceState): void {
    this.news.push(next);
    if (old) this.done.add(old);
  }

  drop(old: ResourceState): void {
    this.done.add(old);
  }

  /** Writes the state as it is when the write begins; callers that come together share one. */
  save(): Promise<void> {
    this.queued ??= this.running.then(() => {
      this.queued = undefined;
      this.running = this.write(this.snapshot());
      return this.running;
    });
    return this.queued;
  }

  snapshot(): Snapshot {
    // A creation of a run that was killed stays on record until somebody has looked: there may be something in the cloud.
    const open = this.base.pending.filter(({ type }) => type === "creating");
    const resources = [...this.news, ...this.base.resources].filter((state) => !this.done.has(state));
    return { ...this.base, resources: renamed(resources), pending: [...this.pending, ...open] };
  }
}

/** Follows aliases: what refers to a resource by its former name, refers to it by its new one. */
function renamed(resources: readonly ResourceState[]): ResourceState[] {
  const names = new Map<string, string>();
  for (const { urn, parent, aliases = [] } of resources) {
    for (const alias of aliases) names.set(alias, urn);
    const newParent = parent && names.get(parent);
    if (newParent && !isStackUrn(newParent) && !names.has(urn)) {
      const { stack, project, name, qualifiedType } = parseUrn(urn);
      const type = qualifiedType.split("$").at(-1) ?? "";
      names.set(urn, createUrn(stack, project, newParent, type, name));
    }
  }
  if (names.size === 0) return [...resources];
  const now = (urn: string): string => names.get(urn) ?? urn;
  return resources.map((state) => {
    const next = { ...state, urn: now(state.urn), dependencies: state.dependencies.map(now) };
    delete next.aliases;
    if (state.parent) next.parent = now(state.parent);
    if (state.deletedWith) next.deletedWith = now(state.deletedWith);
    if (state.replaceWith) next.replaceWith = state.replaceWith.map(now);
    if (state.provider) {
      const { urn, id } = parseReference(state.provider);
      next.provider = providerReference(now(urn), id);
    }
    if (state.propertyDependencies) {
      const entries = Object.entries(state.propertyDependencies);
      next.propertyDependencies = Object.fromEntries(entries.map(([key, urns]) => [key, urns.map(now)]));
    }
    return next;
  });
}
