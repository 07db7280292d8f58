import * as pulumi from "@pulumi/pulumi";

/** One for each stack: several programs may run in one process. In a unit test with mocks there is no stack, and each asks for a new one. */
export function perStack<T>(make: () => T): () => T {
  const all = new WeakMap<pulumi.Resource, { one: T }>();
  return () => {
    const stack = pulumi.runtime.getStackResource();
    if (stack === undefined) {
      return make();
    }
    const { one } = all.get(stack) ?? { one: make() };
    all.set(stack, { one });
    return one;
  };
}
