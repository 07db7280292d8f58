import * as pulumi from "@pulumi/pulumi";
import { omitUndefined } from "../schema/check";
import type { Description } from "../schema/description";
import { lookups } from "./lookup-context";
import { runError } from "./run-error";

/** How a look-up stands to the resources of a program. */
export interface LookupOptions {
  /** What must be there first. In preview, what is still to be made leaves the answer unknown. */
  dependsOn?: pulumi.Input<pulumi.Resource> | pulumi.Input<pulumi.Input<pulumi.Resource>[]>;
}

type Lookups = ReturnType<typeof lookups>;

/** One look-up. Of an error that is no RunError Pulumi prints the stack too. */
export async function call<A extends object, T>(
  name: string,
  description: Description,
  args: A,
  work: (given: A, loaded: Lookups) => Promise<T>,
): Promise<T> {
  const loaded = lookups();
  const given = omitUndefined(Object.fromEntries(Object.entries(args)));
  const failures = loaded.lookupFailures(description, given);
  if (failures.length > 0) {
    throw runError(`${name}: ${failures.map(({ reason }) => reason).join("\n")}`);
  }
  try {
    return await work(given as A, loaded);
  } catch (error) {
    throw loaded.isExpected(error) ? runError(`${name}: ${error.message}`) : error;
  }
}

/** The arguments, when what they depend on is there. Of a resource that is still to be made the id is not known. */
export function after(args: object, { dependsOn = [] }: LookupOptions = {}): pulumi.Output<object> {
  const resources = pulumi.output(dependsOn).apply((all) => (Array.isArray(all) ? all : [all]));
  const made = resources.apply((all) => pulumi.all(all.map(idOf)));
  return pulumi.all([pulumi.output(args), made]).apply(([known]) => known);
}

/** A component has no id, as a rule: an `Image` has one, once it is active. */
function idOf(resource: pulumi.Resource): pulumi.Output<string> {
  const id: unknown = Reflect.get(resource, "id");
  return pulumi.Output.isInstance<string>(id) ? id : resource.urn;
}
