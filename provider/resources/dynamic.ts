import { createRequire } from "node:module";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { namesGiven, type Description } from "../schema/description";

/**
 * A dynamic resource whose provider is a module of this package.
 *
 * `pulumi.dynamic.Resource` takes a provider object and writes it down as text: the code of its functions and all that they
 * capture, which becomes part of every resource's state. When a provider is a module, that text comes down to one `require` of it.
 * It is written here directly. So it never changes: not with this package's code, which old state must still find, and not with
 * how the package was installed (npm, a pnpm store, a link, a workspace), which the general serializer's text depends on. And
 * programs, and unit tests of programs, need not load a TypeScript compiler to declare an image.
 *
 * From there on all is as with any dynamic resource: Pulumi's own dynamic provider evaluates the text, calls its `handler`, and
 * gets check, diff, create, read, update, delete and configure.
 */
export abstract class DynamicResource extends pulumi.CustomResource {
  /**
   * @param type the resource's type in the state, below `pulumi-nodejs:dynamic/scp:`. Permanent.
   * @param module the module below `pulumi-scp-images/runtime/` that holds its hooks. Permanent.
   */
  protected constructor(
    type: string,
    module: string,
    name: string,
    description: Description,
    inputs: pulumi.Inputs,
    opts: pulumi.CustomResourceOptions = {},
  ) {
    refuseImport(type, name, opts);
    warnUnlessFound();
    // Our own diff applies these: Pulumi applies them where a provider tells which keys changed, and a dynamic one cannot.
    const { replaceOnChanges, retainOnDelete } = opts;
    const { stackTraceLimit } = Error;
    try {
      // Pulumi notes for each property four times who declared it, with a stack trace: half of the time that a program of many images
      // takes. The position that it keeps of the resource itself does not depend on this.
      Error.stackTraceLimit = 0;
      super(
        typeName(type),
        name,
        {
          ...outputNames(description),
          ...inputs,
          replaceOnChanges: replaceOnChanges?.length ? replaceOnChanges : undefined,
          retainOnDelete: retainOnDelete === true ? true : undefined,
          __provider: providerText(module),
        },
        opts,
      );
    } catch (error) {
      Error.stackTraceLimit = stackTraceLimit;
      if (error instanceof Error) {
        Error.captureStackTrace(error); // A transformation of the program's threw: it was left without a trace.
      }
      throw error;
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  }
}

let looked = false;

/** Pulumi's provider process loads this package from the program's folder, where pnpm shows direct dependencies alone. */
function warnUnlessFound(): void {
  if (looked) {
    return;
  }
  looked = true;
  try {
    createRequire(join(process.cwd(), "index.js")).resolve("pulumi-scp-images/runtime/origin");
  } catch {
    void pulumi.log.warn(
      "pulumi-scp-images cannot be loaded from this program's folder, so its resources will fail. " +
        "Make it a direct dependency of the program: with pnpm, pnpm add pulumi-scp-images.",
    );
  }
}

/** A resource's type as the state has it. */
export function typeName(type: string): string {
  return `pulumi-nodejs:dynamic/scp:${type}`;
}

/**
 * Whether a value is a resource of this type, of whatever copy of this package. Policy packs ask with an object that has the type alone.
 * @param type as the state has it
 */
export function isOfType(value: unknown, type: string): boolean {
  return (
    typeof value === "object" && value !== null && "__pulumiType" in value && value.__pulumiType === type
  );
}

/** What stands in the state as a resource's provider. */
export function providerText(module: string): string {
  return `exports.handler = () => require("pulumi-scp-images/runtime/${module}");`;
}

/** Pulumi's engine imports without telling the provider's code, so for dynamic resources the option cannot work. */
export function refuseImport(type: string, name: string, opts: pulumi.CustomResourceOptions): void {
  if (opts.import !== undefined) {
    throw new Error(
      `${type} "${name}": the resource option import does not work for dynamic resources, since Pulumi sends no provider with it. ` +
        `To manage the image from now on, give its id as the property imageId: "${opts.import}"; to only read it, use ${type}.get.`,
    );
  }
}

/** A resource's public names, each with the value undefined: Pulumi makes an `Output` of every property that it is given. */
function outputNames(description: Description): pulumi.Inputs {
  return Object.fromEntries(publicNames(description).map((name) => [name, undefined]));
}

/** What of a resource the rest of a program sees. */
export function publicNames(description: Description): string[] {
  return namesGiven(description, "required", "optional", "default", "configured", "output");
}
