import { randomUUID } from "node:crypto";
import type { dynamic } from "@pulumi/pulumi";
import { isNotFound } from "../api/errors";
import type { CreateImage, Image, UpdateImage } from "../api/images";
import { makerOf, type MadeBy } from "../lifecycle/accounts";
import { adoptOrphan, updateToDeclared } from "../lifecycle/adopt";
import { confirm } from "../lifecycle/confirm";
import { createImage } from "../lifecycle/create";
import { newCreationTag, withoutCreationTag } from "../schema/creation-tag";
import { showUnlessGone } from "../lifecycle/gone";
import { refuseHopelessReplacement } from "../lifecycle/replace";
import { asDeclared, asRead, immutableMismatches } from "../schema/spelling";
import {
  changedProperties,
  diffProperties,
  isUnknown,
  recordProperties,
  withDefaults,
  type Properties,
} from "../schema/properties";
import { cloudOfStack, configure, type Cloud, type CloudPlace } from "../lifecycle/context";
import {
  asCalledByPulumi,
  createTimeout,
  deleteUnlessHeld,
  found,
  gone,
  inputsOrFailures,
  isNew,
  placeOf,
  stated,
} from "../lifecycle/hooks";
import { ImageError } from "../lifecycle/image-error";

/** What the state says beside the image itself. */
interface Beside extends Pick<MadeBy, "accountId" | "madeWith"> {
  /** Tells the state's entries apart that hold one image. */
  token?: unknown;
  /** Of a record alone: whether the creation tag is still to be removed. There is no import that would do it. */
  unconfirmed?: unknown;
}

/** The hooks of `ImageRecord`: the image's record, which exists at once and says what one declares of the image. */
export function imageRecord(cloud: Cloud) {
  /** An image that is to be taken over is looked at in preview already: what is not as declared, and never can be. */
  async function refusedImage(inputs: Properties): Promise<dynamic.CheckFailure[]> {
    const { imageId } = inputs;
    if (typeof imageId !== "string" || isUnknown({ ...inputs, origin: undefined })) {
      return [];
    }
    try {
      const { client } = await cloud.open(inputs);
      const mismatches = immutableMismatches(await client.showImage(imageId), inputs);
      const reason = `image ${imageId} cannot be taken over: ${mismatches.join("; ")}.`;
      return mismatches.length === 0 ? [] : [{ property: "imageId", reason }];
    } catch (error) {
      if (isNotFound(error)) {
        return [{ property: "imageId", reason: error.message }];
      }
      throw error;
    }
  }

  return {
    check: async (olds: Properties, news: Properties): Promise<dynamic.CheckResult> => {
      const { inputs, failures } = await inputsOrFailures(cloud, recordProperties, news);
      if (failures.length > 0) {
        return { inputs, failures };
      }
      if (typeof inputs.imageId === "string" && !isUnknown(inputs.imageId)) {
        cloud.at(inputs).holders.want(inputs.imageId);
      }
      const another = olds.imageId !== inputs.imageId;
      return { inputs, failures: another ? await refusedImage(inputs) : [] };
    },

    diff: async (id: string, olds: Properties, news: Properties): Promise<dynamic.DiffResult> => {
      const { changes, replaces = [] } = diffProperties(recordProperties, olds, news);
      const another = news.imageId !== undefined && news.imageId !== id;
      const because = another ? [...replaces, "imageId"] : replaces;
      const { client, holders } = await cloud.open(olds);
      holders.hold(id, olds.token);
      await refuseHopelessReplacement(
        {
          ...{ id, because, imageId: news.imageId },
          ...{ protected: olds.protected, retained: olds.retainOnDelete },
        },
        client,
      );
      return { changes: changes === true || another, replaces: because };
    },

    create: async (inputs: Properties): Promise<dynamic.CreateResult> => {
      const place = await cloud.open(inputs);
      const image = await (inputs.imageId === undefined ? makeImage : takeOver)(inputs, place);
      if (inputs.settledByImport === true) {
        place.watch.expect(image.id);
      }
      const isAlone = inputs.settledByImport !== true && place.created.get(image.id)?.tagged === true;
      const beside: Beside = {
        token: randomUUID(),
        ...(await makerOf(place.client, image.id)),
        unconfirmed: isAlone ? true : undefined,
      };
      place.holders.hold(image.id, beside.token);
      return { id: image.id, outs: outputs(image, inputs, asDeclared(image, inputs), beside) };
    },

    read: async (id: string, props: Properties = {}): Promise<dynamic.ReadResult> => {
      const place = await cloud.open(props);
      const { client } = place;
      const image = await (isNew(props) ? client.showImage(id) : showUnlessGone(id, props, place));
      if (image === undefined) {
        return gone;
      }
      const tags = props.tags === undefined ? undefined : withoutCreationTag(await client.tags.list(image));
      const before = { ...props, ...placeOf(cloud, props), tags };
      const outs = found(outputs(image, before, asRead(image, props), props), props);
      return { id, props: outs, inputs: withDefaults(recordProperties, outs) };
    },

    update: async (id: string, olds: Properties, news: Properties): Promise<dynamic.UpdateResult> => {
      const place = await cloud.open(news);
      const { client } = place;
      const changed = changedProperties(recordProperties, olds, news).filter(
        (key) => recordProperties[key]?.change === "update",
      );
      const changes = Object.fromEntries(
        changed.filter((key) => key !== "tags").map((key) => [key, news[key]]),
      ) as UpdateImage;
      const image = await (Object.keys(changes).length > 0
        ? client.updateImage(id, changes)
        : client.showImage(id));
      if (changed.includes("tags")) {
        await client.tags.set(image, { ...(news.tags as CreateImage["tags"]) });
      }
      const late = olds.unconfirmed === true ? await confirm(image, place) : "removed";
      const unconfirmed = late === "removed" ? undefined : true;
      return { outs: outputs(image, news, asDeclared(image, news), { ...olds, unconfirmed }) };
    },

    delete: async (id: string, props: Properties): Promise<void> => {
      await deleteUnlessHeld(cloud, id, props);
    },
  };
}

/** Makes one image for a record, whatever was lost before: an earlier run's knowledge of an image, or the answer to a request of this one. */
async function makeImage(inputs: Properties, place: CloudPlace): Promise<Image> {
  const origin = typeof inputs.origin === "string" ? inputs.origin : "unknown";
  const declared = declaredIn(inputs);
  const adopted = await adoptOrphan(declared, origin, createTimeout(inputs), place);
  if (adopted !== undefined) {
    place.created.set(adopted.id, { tagged: true });
    return adopted;
  }
  const createdAs = inputs.settledByImport === true ? "image" : "record";
  const tag = newCreationTag(origin, createdAs, place.client.serverNow());
  const { image, tagged } = await createImage(declared, tag, place);
  place.created.set(image.id, { tagged });
  return image;
}

/** Makes an image that exists already the record's own. */
async function takeOver(inputs: Properties, place: CloudPlace): Promise<Image> {
  const { client } = place;
  const image = await client.showImage(String(inputs.imageId));
  const mismatches = immutableMismatches(image, inputs);
  if (mismatches.length > 0) {
    throw new ImageError(`Image ${image.id} cannot be taken over: ${mismatches.join("; ")}.`);
  }
  const updated = await updateToDeclared(image, declaredIn(inputs), client);
  if (inputs.tags !== undefined) {
    await client.tags.set(updated, { ...(inputs.tags as CreateImage["tags"]) });
  } else {
    await confirm(updated, place); // What a killed run left can be taken over by its id.
  }
  place.created.set(image.id, { tagged: false });
  return updated;
}

function declaredIn(inputs: Properties): CreateImage {
  const { name, osDistro, url, diskFormat, containerFormat, minDisk, minRam, visibility, tags } = inputs;
  return {
    ...{ name, osDistro, url, diskFormat, containerFormat, minDisk, minRam, visibility, tags },
    protected: inputs.protected,
  } as CreateImage;
}

/** What the record tells: what was declared, as the state is to have it, and what is known of an image at once. */
function outputs(
  image: Image,
  declared: Properties,
  { properties, echo }: ReturnType<typeof asDeclared>,
  { token, accountId, madeWith, unconfirmed }: Beside,
): Properties {
  return stated({
    ...properties,
    minDisk: image.minDisk,
    minRam: image.minRam,
    protected: image.protected,
    tags: declared.tags,
    region: declared.region,
    environment: declared.environment,
    replaceOnChanges: declared.replaceOnChanges,
    imageId: declared.imageId,
    settledByImport: declared.settledByImport,
    retainOnDelete: declared.retainOnDelete,
    echo,
    token,
    accountId,
    madeWith,
    unconfirmed,
    owner: image.owner,
    ownerAccountName: image.ownerAccountName,
    ownerUserName: image.ownerUserName,
    file: image.file,
    osHidden: image.osHidden,
    createdAt: image.createdAt,
    updatedAt: image.updatedAt,
  });
}

const hooks = asCalledByPulumi(imageRecord(cloudOfStack));
export const { check, diff, create, read, update } = hooks;
const remove = hooks.delete;
export { configure, remove as delete };
