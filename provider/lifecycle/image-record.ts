import { randomUUID } from "node:crypto";
import { isNotFound } from "../api/errors";
import type { CreateImage, Image, UpdateImage } from "../api/images";
import { omitUndefined, withDefaults, type Failure } from "../schema/check";
import { newCreationTag, withoutCreationTag } from "../schema/creation-tag";
import {
  asInputs,
  asState,
  imageNames,
  namesChanged,
  namesGiven,
  type Inputs,
  type State,
} from "../schema/description";
import { changedProperties, diffProperties } from "../schema/diff";
import { imageRecord } from "../schema/image-record";
import { asDeclared, asRead, immutableMismatches, type Spelled } from "../schema/spelling";
import { isUnknown } from "../schema/unknown";
import { makerOf } from "./accounts";
import { adoptOrphan, updateToDeclared } from "./adopt";
import { checkInputs, createTimeout, deleteUnlessHeld, locationOf, readImage, withOldTime } from "./check";
import { confirm } from "./confirm";
import type { Location, ProviderContext } from "./context";
import { createImage } from "./create";
import { ImageError } from "./image-error";
import { refuseHopelessReplacement } from "./replace";
import type { Lifecycle } from "./types";

type RecordInputs = Inputs<typeof imageRecord>;
type RecordState = State<typeof imageRecord>;

/** The life of `ImageRecord`: the image's record, which exists at once and says what one declares of the image. */
export function recordLifecycle(context: ProviderContext): Lifecycle {
  /** An image that is to be taken over is looked at in preview already: what is not as declared, and never can be. */
  async function refusedImage(inputs: RecordInputs): Promise<Failure[]> {
    const { imageId } = inputs;
    if (imageId === undefined || isUnknown({ ...inputs, origin: undefined })) {
      return [];
    }
    try {
      const { client } = await context.open(inputs);
      const mismatches = immutableMismatches(imageRecord, await client.showImage(imageId), inputs);
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
    async check(olds, news) {
      const { inputs, failures } = await checkInputs(context, imageRecord, news);
      if (failures.length > 0) {
        return { inputs, failures };
      }
      const checked = asInputs(imageRecord, inputs);
      if (checked.imageId !== undefined && !isUnknown(checked.imageId)) {
        context.locate(inputs).holders.want(checked.imageId);
      }
      const another = olds?.imageId !== checked.imageId;
      return { inputs, failures: another ? await refusedImage(checked) : [] };
    },

    async diff(id, olds, news) {
      const { changes, replaces } = diffProperties(imageRecord, olds, news);
      const { imageId } = asInputs(imageRecord, news);
      const another = imageId !== undefined && imageId !== id;
      const because = another ? [...replaces, "imageId"] : replaces;
      const { client, holders } = await context.open(olds);
      const state = asState(imageRecord, olds);
      holders.hold(id, state.token);
      await refuseHopelessReplacement(
        { id, because, imageId, protected: state.protected, retained: state.retainOnDelete },
        client,
      );
      return { changes: changes || another, replaces: because };
    },

    async create(properties) {
      const inputs = asInputs(imageRecord, properties);
      const location = await context.open(inputs);
      const image = await (inputs.imageId === undefined ? makeImage : takeOver)(inputs, location);
      if (inputs.settledByImport === true) {
        location.poller.expect(image.id);
      }
      const token = randomUUID();
      location.holders.hold(image.id, token);
      const isAlone = inputs.settledByImport !== true && location.created.get(image.id)?.tagged === true;
      const state: RecordState = {
        ...inputs,
        ...(await makerOf(location.client, image.id)),
        token,
        unconfirmed: isAlone ? true : undefined,
      };
      return { id: image.id, outputs: outputs(image, state, asDeclared(imageRecord, image, inputs)) };
    },

    async read(id, known) {
      const olds = known ?? {};
      const location = await context.open(olds);
      const { client } = location;
      const image = await readImage(id, known, location);
      if (image === undefined) {
        return undefined;
      }
      const state = asState(imageRecord, olds);
      const tags = state.tags === undefined ? undefined : withoutCreationTag(await client.tags.list(image));
      const now = { ...state, ...locationOf(context, olds), tags };
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
      const image = await (Object.keys(changes).length > 0
        ? client.updateImage(id, changes)
        : client.showImage(id));
      if (changed.includes("tags")) {
        await client.tags.set(image, { ...inputs.tags });
      }
      const { token, accountId, madeWith, unconfirmed } = asState(imageRecord, olds);
      const stays = unconfirmed === true && (await confirm(image, location)) !== "removed";
      const state = { ...inputs, token, accountId, madeWith, unconfirmed: stays ? true : undefined };
      return { id, outputs: outputs(image, state, asDeclared(imageRecord, image, inputs)) };
    },

    delete: (id, olds) => deleteUnlessHeld(context, id, olds),
  };
}

/** Makes one image for a record, whatever was lost before: an earlier run's knowledge of an image, or the answer to a request of this one. */
async function makeImage(inputs: RecordInputs, location: Location): Promise<Image> {
  const { origin = "unknown" } = inputs;
  const declared = declaredIn(inputs);
  const adopted = await adoptOrphan(declared, origin, createTimeout(inputs), location);
  if (adopted !== undefined) {
    location.created.set(adopted.id, { tagged: true });
    return adopted;
  }
  const createdAs = inputs.settledByImport === true ? "image" : "record";
  const tag = newCreationTag(origin, createdAs, location.client.serverNow());
  const { image, tagged } = await createImage(declared, tag, location);
  location.created.set(image.id, { tagged });
  return image;
}

/** Makes an image that exists already the record's own. */
async function takeOver(inputs: RecordInputs, location: Location): Promise<Image> {
  const { client } = location;
  const image = await client.showImage(String(inputs.imageId));
  const mismatches = immutableMismatches(imageRecord, image, inputs);
  if (mismatches.length > 0) {
    throw new ImageError(`Image ${image.id} cannot be taken over: ${mismatches.join("; ")}.`);
  }
  const updated = await updateToDeclared(image, declaredIn(inputs), client);
  if (inputs.tags !== undefined) {
    await client.tags.set(updated, inputs.tags);
  } else {
    await confirm(updated, location); // What a killed run left can be taken over by its id.
  }
  location.created.set(image.id, { tagged: false });
  return updated;
}

/** What the request that creates an image says: all that is declared of the image itself. */
function declaredIn(inputs: RecordInputs): CreateImage {
  const names = [...imageNames(imageRecord, "replace"), ...imageNames(imageRecord, "update")];
  return { ...pick(inputs, names), tags: inputs.tags };
}

/** What the request that updates an image says. Tags are another service's. */
function changesOf(inputs: RecordInputs, changed: readonly string[]): UpdateImage {
  const names = imageNames(imageRecord, "update").filter((name) => changed.includes(name));
  return pick(inputs, names);
}

function pick<T extends object, K extends keyof T>(values: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, values[name]])) as Pick<T, K>;
}

/** What the record tells: what was declared, as the state is to have it, what is known of an image at once, and what is ours. */
function outputs(image: Image, state: RecordState, { properties, echo }: Spelled): Record<string, unknown> {
  const { token, accountId, madeWith, unconfirmed } = state;
  return omitUndefined({
    ...properties,
    ...pick(state, ["tags", "region", "environment"]),
    ...pick(state, namesChanged(imageRecord, "setting")),
    ...{ echo, token, accountId, madeWith, unconfirmed },
    ...pick(image, namesGiven(imageRecord, "output") as (keyof Image)[]),
  });
}
