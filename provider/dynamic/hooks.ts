import type { dynamic } from "@pulumi/pulumi";
import { isExpected } from "../lifecycle/expected";
import { PartlyDone } from "../lifecycle/image-error";
import type { Lifecycle } from "../lifecycle/types";
import type { Properties } from "../schema/description";

/** The hooks of a dynamic provider, as the modules of runtime/ export them. */
export interface Hooks {
  check: (olds: Properties, news: Properties) => Promise<Required<dynamic.CheckResult<Properties>>>;
  diff: (id: string, olds: Properties, news: Properties) => Promise<dynamic.DiffResult>;
  create: (inputs: Properties) => Promise<dynamic.CreateResult<Properties>>;
  read: (id: string, props?: Properties) => Promise<dynamic.ReadResult<Properties>>;
  update: (id: string, olds: Properties, news: Properties) => Promise<dynamic.UpdateResult<Properties>>;
  delete: (id: string, props: Properties) => Promise<void>;
}

/** A resource's life as Pulumi's dynamic provider drives it. */
export function hooksOf(lifecycle: Lifecycle): Hooks {
  return {
    check: (olds, news) => lifecycle.check(unlessNone(olds), news),
    diff: (id, olds, news) => lifecycle.diff(id, olds, news),
    async create(inputs) {
      try {
        const { id, outputs } = await lifecycle.create(inputs);
        return { id, outs: outputs };
      } catch (error) {
        throw withProvider(error, inputs);
      }
    },
    async read(id, props = {}) {
      const found = await lifecycle.read(id, unlessNone(props));
      return found === undefined ? { id: "", props: {} } : { id, props: found.outputs, inputs: found.inputs };
    },
    async update(id, olds, news) {
      try {
        return { outs: (await lifecycle.update(id, olds, news)).outputs };
      } catch (error) {
        throw withProvider(error, news);
      }
    },
    delete: (id, props) => lifecycle.delete(id, props),
  };
}

/** Pulumi adds the provider to what a hook answers, and not to what it throws: without, the state could never be read again. */
function withProvider(error: unknown, { __provider }: Properties): unknown {
  return error instanceof PartlyDone
    ? new PartlyDone(error.id, { ...error.properties, __provider }, error)
    : error;
}

/** A resource that is to be made, or is only looked up, comes with nothing but the provider itself. */
function unlessNone(properties: Properties): Properties | undefined {
  return Object.keys(properties).every((name) => name === "__provider") ? undefined : properties;
}

/**
 * The hooks as Pulumi calls them. Its dynamic provider hands an error's message on, which is shown at the resource; but for some
 * hooks it also prints the error itself and its stack, in the middle of the user's output. Of an expected error, which says all
 * there is to say, only a pointer to that message is left there. An unexpected one keeps its stack.
 */
export function asCalledByPulumi(hooks: Hooks): Hooks {
  const quiet =
    <A extends unknown[], R>(hook: (...args: A) => Promise<R>) =>
    (...args: A): Promise<R> =>
      hook(...args).catch((error: unknown) => {
        throw isExpected(error) ? hookErrorOf(error) : error;
      });
  return {
    check: quiet(hooks.check),
    diff: quiet(hooks.diff),
    create: quiet(hooks.create),
    read: quiet(hooks.read),
    update: quiet(hooks.update),
    delete: quiet(hooks.delete),
  };
}

function hookErrorOf(error: Error): HookError {
  const told = new HookError(error.message);
  return error instanceof PartlyDone
    ? Object.assign(told, { id: error.id, properties: error.properties, reasons: error.reasons })
    : told;
}

class HookError extends Error {
  override readonly name = "HookError";
  override readonly stack = "what failed is said at the resource";

  override toString(): string {
    return "pulumi-scp-images";
  }
}
