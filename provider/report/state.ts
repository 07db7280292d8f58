import { isObject, listIn, objectIn, shown, type Values } from "./values";

/** A text that is no exported state. */
export class StateError extends Error {
  override readonly name = "StateError";
}

/** A resource of a state, with what a report asks of it. */
export interface StateResource {
  urn: string;
  /** As the state has it, such as `pulumi-nodejs:dynamic/scp:ImageRecord`. */
  type: string;
  /** The logical name. */
  name: string;
  id?: string;
  parent?: string;
  /** Only looked up. */
  external: boolean;
  /** Replaced already, and still to be deleted. */
  leaving: boolean;
  outputs: Values;
  inputs: Values;
}

export interface State {
  stack?: { project: string; name: string };
  /** When it was written, as the state has it. */
  time?: string;
  resources: StateResource[];
  /** What an interrupted run was at, in words. */
  pending: string[];
}

/**
 * Reads what `pulumi stack export` writes, or the file that the CLI's own backend keeps.
 *
 * @param source how the text is called in errors: a file's name
 * @throws {StateError} where it is none
 */
export function readState(text: string, source: string): State {
  const document = parse(text);
  const { deployment, checkpoint } = document ?? {};
  const latest = isObject(checkpoint) ? (checkpoint.latest ?? {}) : undefined; // Of a stack that nothing was done with yet, there is none.
  const content = isObject(deployment) ? deployment : latest;
  if (!isObject(content) || !("resources" in content ? Array.isArray(content.resources) : isEmpty(content))) {
    throw new StateError(`${source} is no state as pulumi stack export writes it.`);
  }
  const resources = listIn(content, "resources").flatMap(readResource);
  const { time } = objectIn(content, "manifest");
  return {
    stack: stackOf(resources),
    time: typeof time === "string" && !Number.isNaN(Date.parse(time)) ? shown(time) : undefined,
    resources,
    pending: listIn(content, "pending_operations").flatMap(describePending),
  };
}

/** What was written of a stack without resources. */
function isEmpty(content: Values): boolean {
  return "manifest" in content || Object.keys(content).length === 0;
}

function parse(text: string): Values | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function readResource(stored: Values): StateResource[] {
  const { urn, type, id, parent, external } = stored;
  if (typeof urn !== "string" || typeof type !== "string") {
    return [];
  }
  return [
    {
      urn,
      type,
      name: shown(partsOf(urn).name),
      id: typeof id === "string" ? id : undefined,
      parent: typeof parent === "string" ? parent : undefined,
      external: external === true,
      leaving: stored.delete === true,
      outputs: objectIn(stored, "outputs"),
      inputs: objectIn(stored, "inputs"),
    },
  ];
}

function partsOf(urn: string): { stack: string; project: string; name: string } {
  const [stack = "", project = "", , ...name] = urn.replace(/^urn:pulumi:/, "").split("::");
  return { stack, project, name: name.join("::") };
}

function stackOf([first]: readonly StateResource[]): State["stack"] {
  if (first === undefined) {
    return undefined;
  }
  const { stack, project } = partsOf(first.urn);
  return { project: shown(project), name: shown(stack) };
}

function describePending({ type, resource }: Values): string[] {
  const [one] = isObject(resource) ? readResource(resource) : [];
  return one === undefined ? [] : [`${shown(String(type))} ${shortType(one.type)} ${one.name}`];
}

/** The type without what all of this package's types begin with. */
export function shortType(type: string): string {
  return shown(/^(?:pulumi-nodejs:dynamic\/scp|scp:index):(\w+)$/.exec(type)?.[1] ?? type);
}
