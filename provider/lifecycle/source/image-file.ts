import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { publicUrl } from "../../api/object-url";
import type { FileDigest } from "../../file/digest";
import { FileError } from "../../file/file-error";
import { inspectQcow2 } from "../../file/qcow2";
import { quote } from "../../file/shell";
import { omitUndefined, pick, withDefaults, type CheckFailure } from "../../schema/check";
import { asInputs, asState, type Inputs, type Properties } from "../../schema/description";
import { diffProperties } from "../../schema/diff";
import { imageFile, type StagedObject } from "../../schema/image-file";
import { objectUrl } from "../../schema/kinds";
import { isUnknown } from "../../schema/unknown";
import { fingerprint, foreignAccount, messageOf } from "../accounts";
import { checkInputs } from "../check";
import type { Location, ProviderContext } from "../context";
import { isExpected } from "../expected";
import { ImageError } from "../image-error";
import { isNowhere, keysForDiff, makerAfter, openAsKept, type Kept } from "../profiles";
import { bytes } from "../progress";
import type { Lifecycle } from "../types";
import { changedText, keyPrefix, nameOf } from "./uploads";
import { compareContent } from "../verify";

type FileInputs = Inputs<typeof imageFile>;

/** The life of `ImageFile`: a file on this machine, which becomes an object that an image is imported from. */
export function fileLifecycle(context: ProviderContext): Lifecycle {
  /** The SHA-256 that the file has, or that is stated of it on a machine which does not have the file. */
  async function contentOf(inputs: FileInputs, olds: Properties | undefined): Promise<string | CheckFailure> {
    const { file, sha256: given } = inputs as Partial<FileInputs> & Pick<FileInputs, "file">;
    const path = resolve(file);
    const stated = given?.toLowerCase();
    const before = olds === undefined ? undefined : asState(imageFile, olds).sha256;
    const isAbsent = !existsSync(path);
    if (before !== undefined && (inputs.ignoreContent === true || (stated === before && isAbsent))) {
      return before;
    }
    try {
      const { virtualSize } = await inspectQcow2(path);
      const digest = await context.digests.digest(path);
      const { sha256 } = digest;
      if (stated !== undefined && stated !== sha256) {
        const reason = `sha256 is ${stated}, but the file ${quote(path)} has ${sha256}. Correct one of the two, or leave sha256 out.`;
        return { property: "sha256", reason };
      }
      return checksumFailure(inputs, digest) ?? diskFailure(inputs.minDisk, virtualSize) ?? sha256;
    } catch (error) {
      if (error instanceof FileError) {
        const without =
          before !== undefined && isAbsent
            ? ` To preview and refresh on a machine without the file, state the content that is deployed: sha256: "${before}".`
            : "";
        return { property: "file", reason: error.message + without };
      }
      throw error;
    }
  }

  /** What an upload would fail at, as far as it can be known before. */
  async function failuresOfUpload(inputs: FileInputs, location: Location): Promise<CheckFailure[]> {
    const { origin, bucket } = inputs;
    try {
      const object = await objectOf(inputs, { size: 0, md5: "", sha512: "" }, location);
      if (origin !== undefined && !isUnknown(origin)) {
        location.staging.expect(object, origin);
      }
      await location.staging.checkBucket(bucket);
      const { url } = object;
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
      const { inputs, failures } = await checkInputs(context, imageFile, news, olds);
      const checked = asInputs(imageFile, inputs);
      if (failures.length > 0) {
        return { inputs, failures };
      }
      if (checked.url !== undefined) {
        const reason =
          "an image is made of the object at its url, or of its source, not of both; take one out.";
        return { inputs, failures: [{ property: "url", reason }] };
      }
      const { file, sha256, bucket } = checked;
      if (isUnknown([file, sha256]) || isNowhere(news)) {
        return { inputs, failures };
      }
      const content = await contentOf(checked, olds);
      if (typeof content !== "string") {
        return { inputs, failures: [content] };
      }
      const complete = { ...checked, sha256: content };
      if (olds?.sha256 === content || isUnknown(bucket)) {
        return { inputs: complete, failures };
      }
      return {
        inputs: complete,
        failures: await failuresOfUpload(complete, await context.open(complete)),
      };
    },

    async diff(id, olds, news) {
      const { object, token } = asState(imageFile, olds);
      const { changes, replaces } = diffProperties(imageFile, olds, news);
      if (object === undefined) {
        return { changes, replaces };
      }
      const kept = keptObject(id, object, olds);
      const { location, moves } = await keysForDiff(context, kept, [olds, news], replaces.length > 0);
      location.staging.hold(object, token, asInputs(imageFile, news).afterImport);
      return { changes, replaces: moves ? [...replaces, "profile"] : replaces };
    },

    async create(properties) {
      const inputs = asInputs(imageFile, properties);
      const location = await context.open(inputs);
      const path = resolve(inputs.file);
      const digest = await context.digests.digest(path);
      if (digest.sha256 !== inputs.sha256) {
        throw new ImageError(changedText(path, digest.sha256, inputs.sha256));
      }
      const object = await objectOf(inputs, digest, location);
      await location.staging.ensure(object, path);
      const token = randomUUID();
      location.staging.hold(object, token, inputs.afterImport);
      const madeWith = fingerprint(location.client, nameOf(object));
      return { id: nameOf(object), outputs: outputs({ ...inputs, object, token, madeWith }) };
    },

    /** An object is there only while it is needed, so there is nothing to see. */
    read(id, known) {
      if (known === undefined) {
        throw new ImageError(`${id} cannot be looked up: an object does not tell which file it was.`);
      }
      return Promise.resolve({ id, outputs: known, inputs: withDefaults(imageFile, known) });
    },

    async update(id, olds, news) {
      const { object, token, madeWith } = asState(imageFile, olds);
      const made =
        object === undefined
          ? { madeWith }
          : await makerAfter(context, keptObject(id, object, olds), [olds, news]);
      return { id, outputs: outputs({ ...news, object, token, madeWith: made.madeWith }) };
    },

    async delete(id, olds) {
      const { object, token, madeWith } = asState(imageFile, olds);
      if (object === undefined) {
        return;
      }
      const location = await openAsKept(context, `The object ${id}`, olds);
      const foreign = await foreignAccount(location.client, nameOf(object), { url: object.url, madeWith });
      if (foreign !== undefined) {
        throw new ImageError(
          `The object ${id} is not removed: ${foreign}. It stays in the state; to take it out, pulumi state delete.`,
        );
      }
      const outcome = await location.staging.remove(object, token);
      if (outcome === "another's") {
        location.warn(`The object ${id} is kept: it is not the one that was uploaded.`);
      }
    },
  };
}

/** An object in the words of a comparison: its url says which account's it is. */
function keptObject(id: string, object: StagedObject, olds: Properties): Kept {
  const { madeWith } = asState(imageFile, olds);
  return { what: `The object ${id}`, id: nameOf(object), by: { url: object.url, madeWith } };
}

function outputs(state: Properties): Properties {
  return omitUndefined(pick(state, outputNames));
}

const outputNames = [
  ...["file", "bucket", "sha256", "afterImport", "region", "environment", "profile"],
  ...["object", "token", "madeWith"],
];

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

/** Stacks do not share objects; the images of one do. */
function keyOf({ origin = "unknown", sha256 }: FileInputs): string {
  const stack = origin.split("/").slice(0, -1).join("/");
  const hash = createHash("sha256").update(stack).digest("hex").slice(0, 12);
  return `${keyPrefix}${hash}/${sha256}.qcow2`;
}

const gigabyte = 1024 ** 3;

function diskFailure(minDisk: number | undefined, virtualSize: number): CheckFailure | undefined {
  if (minDisk === undefined || isUnknown(minDisk) || minDisk === 0 || virtualSize <= minDisk * gigabyte) {
    return undefined;
  }
  const least = Math.ceil(virtualSize / gigabyte);
  const reason = `minDisk is ${minDisk}, but the file describes a disk of ${bytes(virtualSize)}. It must be ${least} or more, or 0 to ask for nothing.`;
  return { property: "minDisk", reason };
}

/** An image of this file can never have another checksum. */
function checksumFailure(inputs: FileInputs, { md5, sha512 }: FileDigest): CheckFailure | undefined {
  const expected = inputs.expectedChecksum;
  if (expected === undefined || isUnknown(expected)) {
    return undefined;
  }
  const content = { checksum: md5, osHashAlgo: "sha512", osHashValue: sha512 };
  const [different] = compareContent(content, { expectedChecksum: expected }).different;
  const reason = `expectedChecksum is not that of the file ${quote(resolve(inputs.file))}: ${different ?? ""}. A source needs none.`;
  return different === undefined ? undefined : { property: "expectedChecksum", reason };
}
