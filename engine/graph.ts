// Who depends on whom, in a list of resources in which each stands after what it depends on.

import { dependenciesOf, type ResourceState } from "./state";
import { parseReference } from "./urn";

const providerUrn = (state: ResourceState): string[] =>
  state.provider ? [parseReference(state.provider).urn] : [];

/** The resources after `root` that depend on it, at any distance, in order. */
export function dependents(
  resources: readonly ResourceState[],
  root: ResourceState,
  ignore: (urn: string) => boolean,
): ResourceState[] {
  const found = new Set([root.urn]);
  return resources.slice(resources.indexOf(root) + 1).filter((state) => {
    const depends = [...dependenciesOf(state), ...providerUrn(state)].some((urn) => found.has(urn));
    if (!depends || ignore(state.urn)) return false;
    found.add(state.urn);
    return true;
  });
}

/** What must outlive `state`: what it refers to, with all that is inside a component it refers to, and its parent. */
export function dependencies(resources: readonly ResourceState[], state: ResourceState): ResourceState[] {
  const urns = new Set([...dependenciesOf(state), ...providerUrn(state)]);
  const before = resources.slice(0, resources.indexOf(state));
  const components = new Set(
    before.filter(({ custom, urn }) => !custom && urns.has(urn)).map(({ urn }) => urn),
  );
  for (const { urn, parent } of before) if (parent && components.has(parent)) components.add(urn);
  return before.filter(({ urn }) => urns.has(urn) || components.has(urn) || urn === state.parent);
}

/** The condemned in waves: each wave can be deleted at once, when the waves before it are gone. */
export function deletionWaves(
  resources: readonly ResourceState[],
  condemned: readonly ResourceState[],
): ResourceState[][] {
  const needs = new Map(condemned.map((state) => [state, dependencies(resources, state)]));
  const waves: ResourceState[][] = [];
  while (needs.size > 0) {
    const free = [...needs].filter(([, needed]) => !needed.some((state) => needs.has(state)));
    if (free.length === 0) throw new Error("the state's resources depend on each other in a circle");
    for (const [state] of free) needs.delete(state);
    waves.unshift(free.map(([state]) => state));
  }
  return waves;
}

/** Everything that `state` needs, at any distance: what must stay when its deletion has failed. */
export function allDependencies(
  resources: readonly ResourceState[],
  state: ResourceState,
): Set<ResourceState> {
  const found = new Set<ResourceState>();
  const walk = (from: ResourceState): void => {
    for (const next of dependencies(resources, from)) {
      if (found.has(next)) continue;
      found.add(next);
      walk(next);
    }
  };
  walk(state);
  return found;
}

/**
 * Drops references to resources that are no more. The order of the list matters: while two resources share an urn, a reference is
 * good from the first of them on.
 */
export function dropDangling(resources: readonly ResourceState[]): ResourceState[] {
  const present = new Set<string>();
  return resources.map((state) => {
    const kept = (urns: readonly string[]): string[] => urns.filter((urn) => present.has(urn));
    const next: ResourceState = { ...state, dependencies: kept(state.dependencies) };
    if (state.propertyDependencies) {
      const entries = Object.entries(state.propertyDependencies).map(
        ([key, urns]) => [key, kept(urns)] as const,
      );
      next.propertyDependencies = Object.fromEntries(entries.filter(([, urns]) => urns.length > 0));
    }
    if (state.replaceWith) next.replaceWith = kept(state.replaceWith);
    if (state.deletedWith && !present.has(state.deletedWith)) delete next.deletedWith;
    if (state.parent && !present.has(state.parent)) delete next.parent;
    present.add(state.urn);
    return next;
  });
}
