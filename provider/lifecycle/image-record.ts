import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { ScpClient } from "../api/client";
import { quote } from "../file/shell";
import type { CreateImage, Image } from "../api/images";
import { pick } from "../schema/check";
import { newCreationTag, stackIdOf } from "../schema/creation-tag";
import { asInputs, asState, imageNames, type Inputs, type State } from "../schema/description";
import { imageRecord } from "../schema/image-record";
import { asDeclared } from "../schema/spelling";
import { isUnknown } from "../schema/unknown";
import { makerOf } from "./accounts";
import { closeAfterFailure } from "./source/close";
import type { Location, ProviderContext } from "./context";
import { createImage } from "./create";
import { ImageError } from "./image-error";
import {
  checkManaged,
  deleteManaged,
  diffManaged,
  keptAfter,
  keptOfEntry,
  outputsOf,
  readManaged,
  updateManaged,
} from "./managed-image";
import { isNowhere, makerAfter } from "./profiles";
import { fixedDiskFailures, recordAdopter, takeOverRecord } from "./record-take-over";
import { removeCreationTag } from "./tag-removal";
import { takeOverFailures } from "./take-over";
import type { Lifecycle } from "./types";
import { nameOf } from "./source/uploads";
import { compareContent, type Content } from "./verify";

type RecordInputs = Inputs<typeof imageRecord>;
type RecordState = State<typeof imageRecord>;

/** The life of `ImageRecord`: the image's record, which exists at once and says what one declares of the image. */
export function recordLifecycle(context: ProviderContext): Lifecycle {
  const managed = { context, description: imageRecord };
  return {
    check: (olds, news) =>
      checkManaged(managed, olds, news, async (inputs, location) => {
        const checked = asInputs(imageRecord, inputs);
        const absent = olds === undefined ? await failureWithoutFile(checked, location) : undefined;
        if (absent !== undefined) {
          return [{ property: "source", reason: absent }];
        }
        const refused = await takeOverFailures(recordAdopter, olds, inputs, location);
        return refused.length > 0 ? refused : fixedDiskFailures(olds, checked, location);
      }),

    async diff(id, olds, news) {
      const inputs = asInputs(imageRecord, news);
      const isOld = async ({ client }: Location) =>
        (await isOfOldContent(id, asState(imageRecord, olds), inputs, client)) ? ["expectedChecksum"] : [];
      const difference = await diffManaged(managed, id, olds, news, isOld);
      if (difference.replaces.length > 0 && !isNowhere(news)) {
        const absent = await failureWithoutFile(inputs, context.locate(news));
        if (absent !== undefined) {
          throw new ImageError(absent);
        }
      }
      return difference;
    },

    async create(properties) {
      const inputs = asInputs(imageRecord, properties);
      const location = await context.open(inputs);
      const image = await (inputs.imageId === undefined ? makeImageOf : takeOverRecord)(inputs, location);
      if (inputs.settledByImport === true) {
        location.poller.expect(image.id);
      }
      const token = randomUUID();
      location.holders.holdAsRecord(image.id, token, inputs.origin);
      location.memberships.noteVisibility(image.id, inputs.visibility);
      const isAlone = inputs.settledByImport !== true && location.created.get(image.id)?.tagged === true;
      const state: RecordState = {
        ...inputs,
        ...(await makerOf(location.client, image.id)),
        token,
        ...keptOfEntry(image.id, inputs, location),
        unconfirmed: isAlone ? true : undefined,
      };
      return {
        id: image.id,
        outputs: outputsOf(imageRecord, image, state, asDeclared(imageRecord, image, inputs)),
      };
    },

    read: (id, known) => readManaged(managed, id, known),

    async update(id, olds, news) {
      const location = await context.open(news);
      const before = asState(imageRecord, olds);
      const made = await makerAfter(context, { what: `Image ${id}`, id, by: before }, [olds, news]);
      const image = await updateManaged(imageRecord, id, { olds, news }, location);
      const stays = before.unconfirmed === true && (await removeCreationTag(image, location)) !== "removed";
      const kept = { ...keptAfter(imageRecord, olds, news), ...made, unconfirmed: stays ? true : undefined };
      return {
        id,
        outputs: outputsOf(imageRecord, image, { ...news, ...kept }, asDeclared(imageRecord, image, news)),
      };
    },

    delete: (id, olds) => deleteManaged(context, id, olds),
  };
}

/**
 * Whether an image is active of another content than is expected from now on: then its file was written anew under the same url. Of a file
 * of this machine its own hashes decide.
 * @throws ImageError where the object at the url has not what is expected either: a replacement would fail after all the work
 */
async function isOfOldContent(
  id: string,
  state: RecordState,
  { expectedChecksum: expected, verify = "fail", object, url }: RecordInputs,
  client: ScpClient,
): Promise<boolean> {
  const isAsked = expected !== undefined && expected !== state.expectedChecksum && object === undefined;
  if (!isAsked || isUnknown([expected, url]) || verify !== "fail") {
    return false;
  }
  const image = await client.showImage(id);
  if (image.status !== "active" || !isOtherContent(image, expected)) {
    return false;
  }
  const stored = await client.showObject(url);
  if (stored?.md5 !== undefined && isOtherContent({ checksum: stored.md5 }, expected)) {
    throw new ImageError(
      `expectedChecksum is ${expected}, but the object at ${url} has the MD5 ${stored.md5}. Correct the one, or upload the other.`,
    );
  }
  return true;
}

function isOtherContent(content: Content, expectedChecksum: string): boolean {
  return compareContent(content, { expectedChecksum }).different.length > 0;
}

/** A replacement of the same content needs it once more: by then, the object has been removed as a rule. */
async function failureWithoutFile(
  { object, path }: RecordInputs,
  { staging }: Location,
): Promise<string | undefined> {
  if (object === undefined || path === undefined || isUnknown([object, path])) {
    return undefined;
  }
  if (existsSync(path) || (await staging.isThere(object))) {
    return undefined;
  }
  return (
    `The image is to be made of a content that neither the file ${quote(resolve(path))} nor the object ${nameOf(object)} is there for. ` +
    "Run this where the file is."
  );
}

/** Makes an image; of a file of this machine, with its object public, as SCP asks for it at once. */
async function makeImageOf(inputs: RecordInputs, location: Location): Promise<Image> {
  const { object, path, origin = "unknown" } = inputs;
  if (object === undefined) {
    return makeImage(inputs, location);
  }
  const { staging } = location;
  try {
    await staging.open(object, path, origin);
    const image = await makeImage(inputs, location);
    staging.handOver(object, origin, image.id); // Its import closes it.
    return image;
  } catch (error) {
    await closeAfterFailure(object, [origin], location);
    throw error;
  }
}

/** Makes one image for a record, whatever becomes of the answer to the request. */
async function makeImage(inputs: RecordInputs, location: Location): Promise<Image> {
  const { origin = "unknown" } = inputs;
  const stackId = stackIdOf(origin);
  if (stackId !== undefined) {
    if (!location.checked.has(origin)) {
      location.holders.begin(origin);
    }
    await location.orphans.tellOfKnown(stackId);
  }
  const createdAs = inputs.settledByImport === true ? "image" : "record";
  const tag = newCreationTag(origin, createdAs, location.client.serverNow());
  location.orphans.expect(tag);
  const { image, tagged } = await createImage(declaredIn(inputs), tag, location);
  location.created.set(image.id, { tagged });
  return image;
}

/** What the request that creates an image says: all that is declared of the image itself. */
function declaredIn(inputs: RecordInputs): CreateImage {
  const names: (keyof CreateImage)[] = [
    ...imageNames(imageRecord, "replace"),
    ...imageNames(imageRecord, "update"),
  ];
  return { ...pick(inputs, names), tags: inputs.tags };
}
