import {
  validateResourceOfType,
  type PolicyConfigSchema,
  type ReportViolation,
  type ResourceValidationArgs,
  type ResourceValidationPolicy,
} from "@pulumi/policy";
import { ImageRecord, ServerImageRecord } from "pulumi-scp-images";

// An Image is a component: what it declares is its ImageRecord's. So these match every Image, and an ImageRecord alone. A ServerImage is
// one too, and its is a ServerImageRecord.

/** Every image of production is protected: SCP itself then refuses to delete it. */
const protectedInProduction: ResourceValidationPolicy = {
  name: "protected-in-production",
  description: "Images of production stacks are protected.",
  configSchema: texts("productionStacks", ["production"]),
  validateResource: ofEveryImage((image, args, report) => {
    const { productionStacks } = args.getConfig<{ productionStacks: string[] }>();
    if (productionStacks.includes(stackOf(args.urn)) && image.protected !== true) {
      report(`Image "${image.name}" is in production: set protected to true.`);
    }
  }),
};

/** Who shares an image says in a tag who agreed to it. */
const sharedWithATag: ResourceValidationPolicy = {
  name: "shared-with-a-tag",
  description: "An image that is shared with other accounts says in a tag who agreed.",
  configSchema: texts("sharingTags", ["shared-by"]),
  validateResource: ofEveryImage((image, args, report) => {
    const { sharingTags } = args.getConfig<{ sharingTags: string[] }>();
    const missing = sharingTags.filter((key) => !image.tags?.[key]);
    if (image.visibility === "shared" && missing.length > 0) {
      report(`Image "${image.name}" is shared: it needs the tags ${missing.join(", ")}.`);
    }
  }),
};

/** Images come from buckets that the company's own pipelines write to. */
const fromAnAllowedBucket: ResourceValidationPolicy = {
  name: "from-an-allowed-bucket",
  description: "Images are made of files in buckets that are allowed.",
  configSchema: texts("allowedBuckets", ["images"]),
  validateResource: validateResourceOfType(ImageRecord, (image, args, report) => {
    const { allowedBuckets } = args.getConfig<{ allowedBuckets: string[] }>();
    const bucket = bucketOf(image.url);
    if (!allowedBuckets.includes(bucket)) {
      const allowed = allowedBuckets.join(", ");
      report(`Image "${image.name}" is made of a file in the bucket "${bucket}"; allowed are ${allowed}.`);
    }
  }),
};

export const policies = [protectedInProduction, sharedWithATag, fromAnAllowedBucket];

/** What is declared of an image, whatever it is made of. */
interface DeclaredImage {
  name: string;
  protected?: boolean;
  visibility?: string;
  tags?: Record<string, string>;
}

function ofEveryImage(
  validate: (image: DeclaredImage, args: ResourceValidationArgs, report: ReportViolation) => void,
) {
  return [validateResourceOfType(ImageRecord, validate), validateResourceOfType(ServerImageRecord, validate)];
}

/** `…/account:bucket/object`, or `…/account/bucket/object`. */
function bucketOf(url: string): string {
  const [first = "", second = ""] = new URL(url).pathname.slice(1).split("/").map(decodeURIComponent);
  return first.includes(":") ? first.slice(first.indexOf(":") + 1) : second;
}

/** `urn:pulumi:stack::project::type::name` */
function stackOf(urn: string): string {
  return urn.split("::")[0]?.split(":")[2] ?? "";
}

function texts(name: string, standard: string[]): PolicyConfigSchema {
  return { properties: { [name]: { type: "array", items: { type: "string" }, default: standard } } };
}
