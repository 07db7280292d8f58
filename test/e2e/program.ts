import * as pulumi from "@pulumi/pulumi";
import * as scp from "pulumi-scp-images";

/** A look-up of the test program: its answer is the output `found`. */
type Lookup = keyof typeof lookups;

const lookups = {
  getChannel: (args: unknown) => scp.getChannel(args as scp.GetChannelArgs),
  getImage: (args: unknown) => scp.getImage(args as scp.GetImageArgs),
  getImages: (args: unknown) => scp.getImages(args as scp.GetImagesArgs),
  getImageOutput: (args: unknown, opts: scp.LookupOptions) =>
    scp.getImageOutput(args as scp.GetImageOutputArgs, opts),
};

/** A resource of the test program. */
export interface Declaration {
  type:
    | "Image"
    | "ImageRecord"
    | "ImageImport"
    | "ImagePin"
    | "ImageMember"
    | "ImageMemberAcceptance"
    | "ServerImage"
    | "ImagePipeline"
    | Lookup;
  name: string;
  /** A value like `{ output: "golden.id" }` is that output of another declaration. */
  args?: Record<string, unknown>;
  options?: Omit<pulumi.CustomResourceOptions, "dependsOn"> & { dependsOn?: string[] };
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
  const found: Record<string, Record<string, unknown>> = {};
  for (const { type, name, args: declared, options, get, of, asks } of declarations) {
    const dependsOn = options?.dependsOn?.flatMap((other) => made[other] ?? []);
    const all = { ...options, dependsOn };
    const args = declared && withOutputs(declared, made);
    if (isLookup(type)) {
      found[name] = { found: lookups[type](args ?? {}, { dependsOn }) };
      continue;
    }
    const Type = scp[type] as unknown as AnyResource & { get: typeof scp.Image.get };
    const whole = of === undefined ? args : { ...args, imageId: imageOf(made[of]) };
    const resource = get === undefined ? new Type(name, whole, all) : Type.get(name, get, all);
    made[name] = resource;
    found[name] = { ...outputsOf(resource), ...(asks && { [asks]: answerOf(resource, asks) }) };
  }
  return found;
}

function isLookup(type: Declaration["type"]): type is Lookup {
  return Object.hasOwn(lookups, type);
}

function withOutputs(args: Record<string, unknown>, made: Record<string, pulumi.Resource>): typeof args {
  const valueOf = (value: unknown) => {
    const { output = "" } = (value ?? {}) as { output?: string };
    const [name = "", property = ""] = output.split(".");
    return output === "" ? value : (Reflect.get(made[name] ?? {}, property) as unknown);
  };
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, valueOf(value)]));
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
