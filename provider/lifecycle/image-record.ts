import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { ScpClient } from "../api/client";
import { quote } from "../file/shell";
import type { CreateImage, Image, UpdateImage } from "../api/images";
import { omitUndefined, pick, withDefaults, type CheckFailure } from "../schema/check";
import { newCreationTag, stackIdOf } from "../schema/creation-tag";
import {
  asInputs,
  asState,
  imageNames,
  namesChanged,
  namesOfOutputs,
  type Inputs,
  type Properties,
  type State,
} from "../schema/description";
import { changedProperties, diffProperties } from "../schema/diff";
import { imageRecord } from "../schema/image-record";
import { asDeclared, asRead, newMismatches, type Spelled } from "../schema/spelling";
import { isUnknown } from "../schema/unknown";
import { endpointFound, makerOf } from "./accounts";
import { checkInputs, keyFailures } from "./check";
import { closeAfterFailure } from "./close";
import type { Location, ProviderContext } from "./context";
import { createImage } from "./create";
import { deleteUnlessHeld } from "./delete";
import { ImageError } from "./image-error";
import { locationOf, readImage, withOldTime } from "./read";
import { refuseHopelessReplacement } from "./replace";
import { removeCreationTag } from "./tag-removal";
import { declareTags, readTags } from "./tags";
import { importsText, othersText, takeOver, takeOverFailures } from "./take-over";
import type { Lifecycle } from "./types";
import { updateImage } from "./update";
import { nameOf } from "./uploads";
import { compareContent, type Content } from "./verify";

type RecordInputs = Inputs<typeof imageRecord>;
type RecordState = State<typeof imageRecord>;

/** The life of `ImageRecord`: the image's record, which exists at once and says what one declares of the image. */
export function recordLifecycle(context: ProviderContext): Lifecycle {
  return {
    async check(olds, news) {
      const { inputs, failures } = await checkInputs(context, imageRecord, news);
      if (failures.length > 0 || isUnknown([news.region, news.environment])) {
        return { inputs, failures }; // Where nobody knows yet, nothing can be asked.
      }
      const checked = asInputs(imageRecord, inputs);
      const location = context.locate(inputs);
      const refused = await keyFailures(location, imageRecord, olds, inputs);
      if (refused.length > 0) {
        return { inputs, failures: refused };
      }
      const stuck = refusedReplacement(olds, checked, location);
      if (stuck !== undefined) {
        return { inputs, failures: [stuck] };
      }
      const absent = olds === undefined ? await failureWithoutFile(checked, location) : undefined;
      if (absent !== undefined) {
        return { inputs, failures: [{ property: "source", reason: absent }] };
      }
      return { inputs, failures: await takeOverFailures(olds, checked, location) };
    },

    async diff(id, olds, news) {
      const { changes, replaces } = diffProperties(imageRecord, olds, news);
      const { imageId, origin } = asInputs(imageRecord, news);
      const another = imageId !== undefined && imageId !== id;
      const location = await context.open(olds);
      const { client, holders } = location;
      const state = asState(imageRecord, olds);
      const isOld = await isOfOldContent(id, state, asInputs(imageRecord, news), client);
      const because = [...replaces, ...(another ? ["imageId"] : []), ...(isOld ? ["expectedChecksum"] : [])];
      holders.holdAsRecord(id, state.token, origin);
      if (holders.hasNewcomer(id, origin)) {
        throw new ImageError(othersText(id));
      }
      if (holders.isOfImport(id)) {
        location.warn(importsText(id)); // This run keeps the image all the same; one that asks about the import alone would not.
      }
      await refuseHopelessReplacement(
        { id, because, imageId, protected: state.protected, retained: isKept(state) },
        client,
      );
      if (because.length > 0) {
        const absent = await failureWithoutFile(asInputs(imageRecord, news), context.locate(news));
        if (absent !== undefined) {
          throw new ImageError(absent);
        }
      }
      return { changes: changes || because.length > 0, replaces: because };
    },

    async create(properties) {
      const inputs = asInputs(imageRecord, properties);
      const location = await context.open(inputs);
      const image = await (inputs.imageId === undefined ? makeImageOf : takeOver)(inputs, location);
      if (inputs.settledByImport === true) {
        location.poller.expect(image.id);
      }
      const token = randomUUID();
      location.holders.holdAsRecord(image.id, token, inputs.origin);
      const isAlone = inputs.settledByImport !== true && location.created.get(image.id)?.tagged === true;
      const state: RecordState = {
        ...inputs,
        ...(await makerOf(location.client, image.id)),
        token,
        place: placeOf(inputs),
        unconfirmed: isAlone ? true : undefined,
      };
      return { id: image.id, outputs: outputs(image, state, asDeclared(imageRecord, image, inputs)) };
    },

    async read(id, known) {
      const olds = known ?? {};
      const location = await context.open(olds);
      const image = await readImage(id, known, location);
      if (image === undefined) {
        return undefined;
      }
      const state = asState(imageRecord, olds);
      const unlike = newMismatches(imageRecord, image, { ...olds, echo: state.echo });
      if (unlike.length > 0) {
        location.warn(`Image ${id}: ${unlike.join("; ")}. That cannot change, so the state stays as it is.`);
      }
      const tags = state.tags === undefined ? undefined : await readTags(image, state.tags, location);
      const endpoint = endpointFound(state, location.client.settings);
      const now = { ...state, ...locationOf(context, olds), tags, endpoint };
      const found = withOldTime(
        outputs(image, now, asRead(imageRecord, image, { ...olds, echo: state.echo })),
        olds,
      );
      return { id, outputs: found, inputs: withDefaults(imageRecord, found) };
    },

    async update(id, olds, news) {
      const inputs = asInputs(imageRecord, news);
      const location = await context.open(news);
      const { client } = location;
      location.reader.forget();
      const changed = changedProperties(imageRecord, olds, news);
      const changes = changesOf(inputs, changed);
      // Tags that are no longer declared are left alone. They come first: where they are refused, nothing else is done.
      if (changed.includes("tags") && inputs.tags !== undefined) {
        await declareTags(await client.showImage(id), inputs.tags, client);
      }
      const image = await (Object.keys(changes).length > 0
        ? updateImage(id, changes, client)
        : client.showImage(id));
      const { token, accountId, madeWith, endpoint, unconfirmed } = asState(imageRecord, olds);
      const stays = unconfirmed === true && (await removeCreationTag(image, location)) !== "removed";
      const made = { accountId, madeWith, endpoint };
      const state = {
        ...inputs,
        token,
        ...made,
        place: placeOf(inputs),
        unconfirmed: stays ? true : undefined,
      };
      return { id, outputs: outputs(image, state, asDeclared(imageRecord, image, inputs)) };
    },

    async delete(id, olds) {
      const { place } = asState(imageRecord, olds);
      const { holders } = await context.open(olds);
      if (place !== undefined && !holders.knowsGenerations(place)) {
        throw new ImageError(
          `Image ${id} may be one of the generations that an ImageGenerations keeps, which this run does not look at. ` +
            "Nothing was deleted. Run again without --target, or with the whole of the entry.",
        );
      }
      if (holders.isGeneration(id)) {
        return; // It stays, as an earlier generation.
      }
      await deleteUnlessHeld(context, id, olds);
    },
  };
}

/** Whether a replacement keeps the old image: by the resource option, or as a generation that is protected. */
function isKept({ retainOnDelete, inGenerations }: RecordState): boolean {
  return retainOnDelete === true || inGenerations === true;
}

/** What its generations know a record by. */
function placeOf({ inGenerations, origin }: RecordInputs): string | undefined {
  return inGenerations === true ? origin : undefined;
}

/**
 * A replacement that no diff was asked about: check is called for the resource as it is, and again as for a new one. Where the image is
 * protected, its delete would be refused.
 */
function refusedReplacement(
  olds: Properties | undefined,
  inputs: RecordInputs,
  location: Location,
): CheckFailure | undefined {
  const { origin } = inputs;
  if (origin === undefined || isUnknown(origin)) {
    return undefined;
  }
  if (olds !== undefined) {
    location.checked.set(origin, { ...olds, retainOnDelete: isKept(asState(imageRecord, olds)) });
    return undefined;
  }
  const before = location.checked.get(origin);
  const stuck = before?.protected === true && before.retainOnDelete !== true;
  const reason =
    "the image is to be replaced, but it is protected: SCP would refuse to delete it. Set protected to false and run pulumi up first.";
  return stuck ? { property: "protected", reason } : undefined;
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

/** What the request that updates an image says. Tags are another service's. */
function changesOf(inputs: RecordInputs, changed: readonly string[]): UpdateImage {
  const updatable: (keyof UpdateImage)[] = imageNames(imageRecord, "update");
  const names = updatable.filter((name) => changed.includes(name));
  return pick(inputs, names);
}

/** What the record tells: what was declared, as the state is to have it, what is known of an image at once, and what is ours. */
function outputs(image: Image, state: RecordState, { properties, echo }: Spelled): Record<string, unknown> {
  const { token, accountId, madeWith, endpoint, place, unconfirmed } = state;
  return omitUndefined({
    ...properties,
    ...pick(state, ["tags", "region", "environment"]),
    ...pick(state, namesChanged(imageRecord, "setting")),
    ...{ echo, token, accountId, madeWith, endpoint, place, unconfirmed },
    ...pick(image, namesOfOutputs(imageRecord)),
  });
}
