// The steps that a deployment is made of, and what each does: to the provider, and to the resource's state.

import { InitError, type Provider } from "./provider";
import type { Providers } from "./providers";
import type { Answer } from "./goal";
import type { PendingOperation, ResourceState } from "./state";
import { isProviderType, nameOf } from "./urn";
import { UNKNOWN, equal, isSecret, secret } from "./values";

export type Op =
  | "same"
  | "create"
  | "update"
  | "delete"
  | "replace"
  | "create-replacement"
  | "delete-replaced"
  | "discard"
  | "discard-replaced"
  | "read"
  | "read-replacement"
  | "refresh"
  | "remove-pending-replace";

export interface Step {
  op: Op;
  old?: ResourceState;
  next?: ResourceState;
  /** A replacement's creation: the old one is deleted at the end of the deployment. */
  deleteOldLater?: boolean;
  /** Where a refresh found nothing, or found a change. */
  drift?: "deleted" | "changed";
  answer?: Answer;
}

export interface StepContext {
  providers: Providers;
  preview: boolean;
  /** Where providers' settings are found that no program gave. */
  resources: readonly ResourceState[];
  /** The urns that this deployment deletes. */
  deletes: ReadonlySet<string>;
}

export class ProtectedError extends Error {}

export const subject = ({ next, old }: Step): ResourceState => {
  const state = next ?? old;
  if (!state) throw new Error("a step without a resource");
  return state;
};

/** Default providers come and go by themselves, and are neither shown nor counted. */
export const isInternal = (step: Step): boolean => {
  const { type, urn } = subject(step);
  return isProviderType(type) && nameOf(urn).startsWith("default");
};

/** Whether the step stands for what happens to its resource, rather than for a part of a replacement. */
export const isLogical = ({ op }: Step): boolean =>
  ["same", "create", "update", "delete", "replace", "read", "discard"].includes(op);

/** What is noted as pending in the state while the step runs. */
export const PENDING: Partial<Record<Op, PendingOperation["type"]>> = {
  create: "creating",
  "create-replacement": "creating",
  update: "updating",
  delete: "deleting",
  "delete-replaced": "deleting",
  discard: "deleting",
  "discard-replaced": "deleting",
  read: "reading",
  "read-replacement": "reading",
};

const now = (): string => new Date().toISOString();

export async function apply(step: Step, context: StepContext): Promise<void> {
  const { op, next } = step;
  try {
    await carryOut(step, context);
  } finally {
    if (next && op !== "replace") keepSecret(next); // Also what a change that failed on its way leaves.
  }
}

async function carryOut(step: Step, context: StepContext): Promise<void> {
  const { op, old, next } = step;
  if (op === "refresh") await refresh(step, context);
  else if (op === "same" && old && next) await same(old, next, context);
  else if (op.startsWith("create") && next) await create(step, next, context);
  else if (op === "update" && old && next) await update(old, next, context);
  else if (op.startsWith("read") && next) await read(step, next, context);
  else if (/^(delete|discard)/.test(op) && old) await remove(op, old, context);
}

async function same(old: ResourceState, next: ResourceState, { providers }: StepContext): Promise<void> {
  if (old.id !== undefined) next.id = old.id;
  next.outputs = old.outputs;
  if (isProviderType(next.type)) await providers.configure(next.urn, old.inputs, old.id);
}

async function create(step: Step, next: ResourceState, context: StepContext): Promise<void> {
  let failed: unknown;
  if (isProviderType(next.type)) {
    next.id = await context.providers.configure(next.urn, next.inputs);
    next.outputs = { ...next.inputs };
  } else if (next.custom && context.preview) {
    next.outputs = { ...next.inputs };
  } else if (next.custom) {
    const provider = await providerOf(next, context);
    const creation = provider.create(next.urn, next.inputs, next.customTimeouts?.create ?? 0);
    const { outcome, error } = await settled(creation, next);
    next.id = outcome.id;
    next.outputs = outcome.outputs;
    failed = error;
  }
  next.created = next.modified = now();
  if (step.deleteOldLater && step.old) step.old.delete = true;
  if (failed) throw failed as Error;
}

async function update(old: ResourceState, next: ResourceState, context: StepContext): Promise<void> {
  if (old.id !== undefined) next.id = old.id;
  if (isProviderType(next.type)) {
    await context.providers.configure(next.urn, next.inputs, old.id);
    next.outputs = { ...next.inputs };
  } else if (next.custom && context.preview) {
    next.outputs = { ...next.inputs };
  } else if (next.custom) {
    const provider = await providerOf(next, context);
    const options = { timeout: next.customTimeouts?.update ?? 0, ignoreChanges: next.ignoreChanges ?? [] };
    const change = provider.update(next.urn, old.id ?? "", old, next.inputs, options);
    const { outcome, error } = await settled(change, next);
    next.outputs = outcome.outputs;
    next.modified = now();
    if (error) {
      // With the old inputs the next run sees the difference again, and tries again.
      next.inputs = { ...old.inputs };
      throw error;
    }
  }
}

async function remove(op: Op, old: ResourceState, context: StepContext): Promise<void> {
  const replacing = op === "delete-replaced" || op === "discard-replaced";
  if (old.protect && !replacing) {
    throw new ProtectedError(
      `resource "${old.urn}" cannot be deleted\nbecause it is protected. To unprotect the resource, ` +
        "remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`",
    );
  }
  const goesWithAnother = old.deletedWith !== undefined && context.deletes.has(old.deletedWith);
  const keep = old.external === true || old.retainOnDelete === true || goesWithAnother;
  if (!context.preview && old.custom && !isProviderType(old.type) && !keep) {
    const provider = await providerOf(old, context);
    await provider.delete(old.urn, old.id ?? "", old, old.customTimeouts?.delete ?? 0);
  }
  if (replacing && !old.delete) old.pendingReplacement = true;
}

async function read(step: Step, next: ResourceState, context: StepContext): Promise<void> {
  const { old } = step;
  if (next.id === UNKNOWN) {
    next.outputs = {};
  } else {
    const provider = await providerOf(next, context);
    const id = next.id ?? "";
    const found = await provider.read(next.urn, id, { inputs: next.inputs, outputs: next.inputs });
    // A dynamic provider that finds nothing answers with an empty id and some properties all the same: to Pulumi that is a resource.
    // It is for the provider's read to throw, where `get` must not find what is not there.
    if (found.id) next.id = found.id;
    next.outputs = found.outputs;
  }
  if (step.op === "read-replacement" && old) old.delete = true;
  if (old?.created) next.created = old.created;
  if (old?.modified) next.modified = old.modified;
  if (old && !(equal(old.inputs, next.inputs) && equal(old.outputs, next.outputs))) next.modified = now();
}

async function refresh(step: Step, context: StepContext): Promise<void> {
  const { old } = step;
  if (!old?.custom || isProviderType(old.type) || old.pendingReplacement) return;
  const provider = await providerOf(old, context);
  const found = await provider.read(old.urn, old.id ?? "", old);
  if (!found.id) {
    delete step.next;
    step.drift = "deleted";
    return;
  }
  const next: ResourceState = {
    ...old,
    id: found.id,
    inputs: found.inputs ?? old.inputs,
    outputs: found.outputs,
  };
  delete next.initErrors;
  if (!(equal(next.inputs, old.inputs) && equal(next.outputs, old.outputs))) next.modified = now();
  const changed = old.external
    ? !equal(old.outputs, next.outputs)
    : (await provider.diff(next.urn, found.id, next, old.inputs, old.ignoreChanges)).changes;
  if (changed) step.drift = "changed";
  step.next = next;
}

async function settled<T>(
  call: Promise<T>,
  next: ResourceState,
): Promise<{ outcome: T | InitError["outcome"]; error?: InitError }> {
  try {
    return { outcome: await call };
  } catch (error) {
    if (!(error instanceof InitError)) throw error;
    next.initErrors = error.reasons;
    return { outcome: error.outcome, error };
  }
}

const providerOf = (state: ResourceState, { providers, resources }: StepContext): Promise<Provider> =>
  providers.get(state.provider ?? "", resources);

/** An output is secret when the program says so, or when the input of its name is. */
function keepSecret(next: ResourceState): void {
  for (const [key, value] of Object.entries(next.outputs)) {
    const hidden = next.additionalSecretOutputs?.includes(key) ?? false;
    if (hidden || isSecret(next.inputs[key])) next.outputs[key] = secret(value);
  }
}
