import * as pulumi from "@pulumi/pulumi";
import * as scp from "pulumi-scp-images";

/** A resource of the test program. */
export interface Declaration {
  type: "Image" | "ImageRecord" | "ImageImport" | "ImagePipeline";
  name: string;
  args?: Record<string, unknown>;
  options?: pulumi.CustomResourceOptions & { dependsOn?: string[] };
  /** Looks the image of this id up instead. */
  get?: string;
}

type AnyResource = new (
  name: string,
  args: unknown,
  options: pulumi.CustomResourceOptions,
) => pulumi.Resource;

/** Makes the declared resources, and gives all their outputs away. */
export function makeAll(declarations: readonly Declaration[]): Record<string, Record<string, unknown>> {
  const made: Record<string, pulumi.Resource> = {};
  for (const { type, name, args, options, get } of declarations) {
    const dependsOn = options?.dependsOn?.flatMap((other) => made[other] ?? []);
    const all = { ...options, dependsOn };
    const Type = scp[type] as unknown as AnyResource;
    made[name] =
      get === undefined || type === "ImagePipeline"
        ? new Type(name, args, all)
        : scp[type].get(name, get, all);
  }
  return Object.fromEntries(Object.entries(made).map(([name, resource]) => [name, outputsOf(resource)]));
}

function outputsOf(resource: pulumi.Resource): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(resource).filter(
      ([key, value]) => pulumi.Output.isInstance(value) && !key.startsWith("__"),
    ),
  );
}
