import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
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
 * What tells a resource from every other: the names of organization, project and stack, for people; the stack's own id, which another
 * stack of the same names does not have; and its place, which a copy of the stack's state does not have.
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
    .apply(([id, place]) => `${stackName()}/${id}/${hash([backend(), pulumi.getOrganization(), place])}`);
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

/**
 * Where the stack's state is kept, as the Pulumi CLI was told: two backends can hold stacks of the same names, and copies of one state.
 * Empty where it cannot be told.
 */
function backend(): string {
  const { PULUMI_BACKEND_URL: told = "", PULUMI_HOME: home = "" } = process.env;
  if (told !== "") {
    return told;
  }
  try {
    const file = join(home === "" ? join(homedir(), ".pulumi") : home, "credentials.json");
    const { current } = JSON.parse(readFileSync(file, "utf8")) as { current?: unknown };
    return typeof current === "string" ? current : "";
  } catch {
    return ""; // Nobody is logged in here; the names have to do.
  }
}
