import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { DynamicResource } from "./dynamic";

/**
 * An id of this stack's own, made once and kept in its state.
 *
 * A run can be killed in the moment between the service's making an image and the state's knowing of it. The image then carries,
 * in a tag, where it came from: see `originOf`.
 */
class Origin extends DynamicResource {
  constructor() {
    super("Origin", "origin", "scp-images", {}, {});
  }
}

const registry = Symbol.for("pulumi-scp-images/origins");

/** The origins by stack: one for each, also where two copies of this package make images in it. */
const shared = globalThis as { [registry]?: WeakMap<pulumi.Resource, Origin> };

function originOfStack(): Origin {
  const stack = pulumi.runtime.getStackResource();
  if (stack === undefined) {
    return new Origin(); // In a unit test with mocks there is no stack.
  }
  const origins = (shared[registry] ??= new WeakMap<pulumi.Resource, Origin>());
  let origin = origins.get(stack);
  if (origin === undefined) {
    origin = new Origin();
    origins.set(stack, origin);
  }
  return origin;
}

/**
 * What tells where an image comes from: the names of organization, project and stack, for people; the stack's own id; and the resource's
 * place in it. It says nothing of whose the image is now.
 */
export function originOf(
  name: string,
  type: string,
  parent: pulumi.Resource | undefined,
): pulumi.Output<string> {
  // As an output, a URN depends on the parent; and who depends on a component depends on all its parts, on this very resource too.
  const urn = new Promise<string>((resolve) => {
    pulumi.createUrn(name, type, parent).apply(resolve);
  });
  return pulumi
    .all([originOfStack().id, urn])
    .apply(([id, place]) => `${stackName()}/${id}/${hash([pulumi.getOrganization(), place])}`);
}

function hash(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}

/** A tag's value takes few signs, and 256 of them. */
function stackName(): string {
  return [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()]
    .map((part) => part.replace(/[^\p{L}\p{Nd}.=_@-]/gu, "_").slice(0, 45))
    .join("/");
}
