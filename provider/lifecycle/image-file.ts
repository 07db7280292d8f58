import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { accountInUrl, publicUrl } from "../api/object-url";
import { FileError } from "../file/file-error";
import { inspectQcow2 } from "../file/qcow2";
import { omitUndefined, withDefaults, type CheckFailure as Failure } from "../schema/check";
import { asInputs, asState, type Inputs, type Properties } from "../schema/description";
import { diffProperties } from "../schema/diff";
import { imageFile, type StagedObject } from "../schema/image-file";
import { objectUrl } from "../schema/kinds";
import { isUnknown } from "../schema/unknown";
import { messageOf } from "./accounts";
import { checkInputs } from "./check";
import type { Location, ProviderContext } from "./context";
import { isExpected } from "./expected";
import { ImageError } from "./image-error";
import { bytes } from "./progress";
import { nameOf } from "./staging";
import type { Lifecycle } from "./types";

type FileInputs = Inputs<typeof imageFile>;

/** The life of `ImageFile`: a file on this machine, which becomes an object that an image is imported from. */
export function fileLifecycle(context: ProviderContext): Lifecycle {
  /** The SHA-256 that the file has, or that is stated of it on a machine which does not have the file. */
  async function contentOf(inputs: FileInputs, olds: Properties | undefined): Promise<string | Failure> {
    const { file: path, sha256: given } = inputs as Partial<FileInputs> & Pick<FileInputs, "file">;
    const stated = given?.toLowerCase();
    const before = olds === undefined ? undefined : asState(imageFile, olds).sha256;
    if (stated !== undefined && stated === before && !existsSync(path)) {
      return stated;
    }
    try {
      const { virtualSize } = await inspectQcow2(path);
      const { sha256 } = await context.digests.digest(path);
      if (stated !== undefined && stated !== sha256) {
        const reason = `sha256 is ${stated}, but the file ${path} has ${sha256}. Correct one of the two, or leave sha256 out.`;
        return { property: "sha256", reason };
      }
      const tooSmall = diskFailure(inputs.minDisk, virtualSize);
      return tooSmall ?? sha256;
    } catch (error) {
      if (error instanceof FileError) {
        const without =
          before !== undefined && !existsSync(path)
            ? ` To preview and refresh on a machine without the file, state the content that is deployed: sha256: "${before}".`
            : "";
        return { property: "file", reason: error.message + without };
      }
      throw error;
    }
  }

  /** What an upload would fail at, as far as it can be known before. */
  async function failuresOfUpload(inputs: FileInputs, location: Location): Promise<Failure[]> {
    try {
      const { url } = await objectOf(inputs, { size: 0, md5: "", sha512: "" }, location);
      await location.staging.checkBucket(inputs.bucket);
      const complaint = objectUrl.check(url, {});
      return complaint === undefined
        ? []
        : [
            {
              property: "bucket",
              reason: `The object's url ${complaint}: ${url}. Choose a bucket of a shorter name.`,
            },
          ];
    } catch (error) {
      if (isExpected(error)) {
        return [{ property: "bucket", reason: error.message }];
      }
      throw error;
    }
  }

  return {
    async check(olds, news) {
      const { inputs, failures } = await checkInputs(context, imageFile, news);
      const checked = asInputs(imageFile, inputs);
      if (failures.length > 0) {
        return { inputs, failures };
      }
      if (checked.url !== undefined) {
        const reason =
          "an image is made of the object at its url, or of its source, not of both; take one out.";
        return { inputs, failures: [{ property: "url", reason }] };
      }
      if (isUnknown({ ...checked, origin: undefined })) {
        return { inputs, failures };
      }
      const content = await contentOf(checked, olds);
      if (typeof content !== "string") {
        return { inputs, failures: [content] };
      }
      const complete = { ...checked, sha256: content };
      if (olds?.sha256 === content) {
        return { inputs: complete, failures };
      }
      const location = await context.open(complete);
      const { origin, bucket } = checked;
      if (origin !== undefined && !isUnknown(origin)) {
        location.staging.expect({ bucket, key: keyOf(complete) }, origin);
      }
      return { inputs: complete, failures: await failuresOfUpload(complete, location) };
    },

    async diff(_id, olds, news) {
      const { object, token } = asState(imageFile, olds);
      if (object !== undefined) {
        (await context.open(olds)).staging.hold(object, token);
      }
      return diffProperties(imageFile, olds, news);
    },

    async create(properties) {
      const inputs = asInputs(imageFile, properties);
      const location = await context.open(inputs);
      const digest = await context.digests.digest(inputs.file);
      const object = await objectOf(inputs, digest, location);
      await location.staging.ensure(object, inputs.file);
      const token = randomUUID();
      location.staging.hold(object, token);
      return { id: nameOf(object), outputs: outputs({ ...inputs, object, token }) };
    },

    /** An object is there only while it is needed, so there is nothing to see. */
    read(id, known) {
      if (known === undefined) {
        throw new ImageError(`${id} cannot be looked up: an object does not tell which file it was.`);
      }
      return Promise.resolve({ id, outputs: known, inputs: withDefaults(imageFile, known) });
    },

    update: (id, olds, news) => {
      const { object, token } = asState(imageFile, olds);
      return Promise.resolve({ id, outputs: outputs({ ...news, object, token }) });
    },

    async delete(id, olds) {
      const { object, token } = asState(imageFile, olds);
      if (object === undefined) {
        return;
      }
      const location = await context.open(olds);
      await refuseOtherAccount(id, object, location);
      const outcome = await location.staging.remove(object, token);
      if (outcome === "another's") {
        location.warn(`The object ${id} is kept: it is not the one that was uploaded.`);
      }
    },
  };
}

function outputs(state: Properties): Properties {
  const { file, bucket, sha256, afterImport, region, environment, object, token } = state;
  return omitUndefined({ file, bucket, sha256, afterImport, region, environment, object, token });
}

/** An object of this content, as this stack names it. */
async function objectOf(
  inputs: FileInputs,
  { size, md5, sha512 }: Pick<StagedObject, "size" | "md5" | "sha512">,
  { client }: Location,
): Promise<StagedObject> {
  const { bucket, sha256 } = inputs;
  const account = await client.accountId().catch((error: unknown) => {
    throw new ImageError(
      `The object's url names the account, which cannot be told: ${messageOf(error)} ` +
        "Allow the user to list IAM access keys, or upload the file yourself and give its url.",
      { cause: error },
    );
  });
  const key = keyOf(inputs);
  return {
    bucket,
    key,
    url: publicUrl(client.settings, { account, bucket, key }),
    size,
    sha256,
    md5,
    sha512,
  };
}

/** The first part of the key of all objects of this package. */
export const keyPrefix = "pulumi-scp-images/";

/** Stacks do not share objects; the images of one do. */
function keyOf({ origin = "unknown", sha256 }: FileInputs): string {
  const stack = origin.split("/").slice(0, -1).join("/");
  const hash = createHash("sha256").update(stack).digest("hex").slice(0, 12);
  return `${keyPrefix}${hash}/${sha256}.qcow2`;
}

/** Buckets of other accounts are not seen: what is not there may be there for others. */
async function refuseOtherAccount(id: string, { url }: StagedObject, { client }: Location): Promise<void> {
  const maker = accountInUrl(url);
  const account = await client.accountId();
  if (maker !== undefined && account !== maker) {
    throw new ImageError(
      `The object ${id} was uploaded by account ${maker}, and the keys are of account ${account}. It stays in the state.`,
    );
  }
}

const gigabyte = 1024 ** 3;

function diskFailure(minDisk: number | undefined, virtualSize: number): Failure | undefined {
  if (minDisk === undefined || minDisk === 0 || virtualSize <= minDisk * gigabyte) {
    return undefined;
  }
  const least = Math.ceil(virtualSize / gigabyte);
  const reason = `minDisk is ${minDisk}, but the file describes a disk of ${bytes(virtualSize)}. It must be ${least} or more, or 0 to ask for nothing.`;
  return { property: "minDisk", reason };
}
