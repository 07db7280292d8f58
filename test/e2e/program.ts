import * as pulumi from "@pulumi/pulumi";
import * as scp from "pulumi-scp-images";

/** A resource of the test program. */
export interface Declaration {
  type: "Image" | "ImageRecord" | "ImageImport" | "ImageMember" | "ImageMemberAcceptance";
  name: string;
  args?: Record<string, unknown>;
  options?: pulumi.CustomResourceOptions & { dependsOn?: string[] };
  /** Looks the image of this id up instead. */
  get?: string;
  /** The name of a declaration before it whose image this is about: the image itself, or an account that it is shared with. */
  of?: string;
  /** Also gives away what the program's own process asks of SCP: the status of a member, or the offers of its profile. */
  asks?: "status" | "pending";
}

type AnyResource = new (
  name: string,
  args: unknown,
  options: pulumi.CustomResourceOptions,
) => pulumi.Resource;

/** Makes the declared resources, and gives all their outputs away. */
export function makeAll(declarations: readonly Declaration[]): Record<string, Record<string, unknown>> {
  const made: Record<string, pulumi.Resource> = {};
  const asked: Record<string, Record<string, unknown>> = {};
  for (const { type, name, args, options, get, of, asks } of declarations) {
    const dependsOn = options?.dependsOn?.flatMap((other) => made[other] ?? []);
    const all = { ...options, dependsOn };
    const Type = scp[type] as unknown as AnyResource;
    if (get !== undefined && type !== "ImageMemberAcceptance") {
      made[name] = scp[type].get(name, get, all);
    } else {
      made[name] = new Type(name, of === undefined ? args : { ...args, imageId: imageOf(made[of]) }, all);
    }
    asked[name] = asks === undefined ? {} : { [asks]: answerOf(made[name], asks) };
  }
  return Object.fromEntries(
    Object.entries(made).map(([name, resource]) => [name, { ...outputsOf(resource), ...asked[name] }]),
  );
}

function imageOf(resource: pulumi.Resource | undefined): unknown {
  return resource instanceof scp.ImageMember ? resource.imageId : resource && Reflect.get(resource, "id");
}

function answerOf(resource: pulumi.Resource, asks: "status" | "pending"): unknown {
  if (asks === "status") {
    return Reflect.get(resource, "status");
  }
  // After the member is there.
  const id = Reflect.get(resource, "id") as pulumi.Output<string>;
  return id.apply(() => scp.getPendingImages({ profile: "second" }));
}

function outputsOf(resource: pulumi.Resource): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(resource).filter(
      ([key, value]) => pulumi.Output.isInstance(value) && !key.startsWith("__"),
    ),
  );
}
