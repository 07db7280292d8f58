import { isNotFound } from "../../api/errors";
import type { Image } from "../../api/images";
import { omitUndefined, pick, withDefaults } from "../../schema/check";
import {
  asInputs,
  namesChanged,
  namesGiven,
  namesOfOutputs,
  type Inputs,
  type Properties,
} from "../../schema/description";
import { diffProperties } from "../../schema/diff";
import { serverImageRecord } from "../../schema/server-image-record";
import { serverImageSnapshot } from "../../schema/server-image-snapshot";
import { makerOf } from "../accounts";
import { checkInputs, keyFailures } from "../check";
import type { Location, ProviderContext } from "../context";
import { ImageError } from "../image-error";
import { changesFor } from "../managed-image";
import { isNowhere } from "../profiles";
import { readActive, withOldTime } from "../read";
import { declareTags } from "../tags";
import type { Lifecycle } from "../types";
import { updateImage } from "../update";
import { createTimeout, ImageTimeout, waitForActive } from "../waiter";

type SnapshotInputs = Inputs<typeof serverImageSnapshot>;

/** The life of `ServerImageSnapshot`: the wait for an image that is being made of a server, done when it is active and as declared. */
export function serverImageSnapshotLifecycle(context: ProviderContext): Lifecycle {
  return {
    async check(olds, news) {
      const { inputs, failures } = await checkInputs(context, serverImageSnapshot, news, olds);
      if (failures.length > 0 || isNowhere(news)) {
        return { inputs, failures };
      }
      return {
        inputs,
        failures: await keyFailures(context.locate(inputs), serverImageSnapshot, olds, inputs),
      };
    },

    diff: (_, olds, news) => Promise.resolve(diffProperties(serverImageSnapshot, olds, news)),

    async create(properties) {
      const inputs = asInputs(serverImageSnapshot, properties);
      const location = await context.open(inputs);
      const active = await wait(inputs, location);
      const image = await bringToDeclared(active, inputs, location);
      const state = { ...inputs, ...(await makerOf(location.client, image.id)) };
      return { id: image.id, outputs: outputs(image, state) };
    },

    async read(id, known) {
      const read = await readActive(context, id, known);
      const found = read && withOldTime(outputs(read.image, read.olds), known ?? {});
      return found && { id, outputs: found, inputs: withDefaults(serverImageSnapshot, found) };
    },

    /** For settings there is nothing to do, and what changes of the image changes in its record. */
    update: (id, olds, news) =>
      Promise.resolve({
        id,
        outputs: omitUndefined({ ...olds, ...pick(news, namesChanged(serverImageSnapshot, "setting")) }),
      }),

    /** Deleting the record deletes the image. */
    delete: () => Promise.resolve(),
  };

  async function wait(inputs: SnapshotInputs, location: Location): Promise<Image> {
    const options = {
      imageId: String(inputs.imageId),
      timeout: createTimeout(inputs),
      mayNotBeShownYet: true,
    };
    try {
      return await waitForActive(options, { ...location, progress: context.progress });
    } catch (error) {
      if (isNotFound(error)) {
        throw new ImageError(
          `${error.message} As a rule, SCP could not make it of the server, and does not say why. ` +
            "pulumi up --refresh takes it out of the state, and makes another.",
          { cause: error },
        );
      }
      if (error instanceof ImageError && !(error instanceof ImageTimeout)) {
        throw new ImageError(
          `${error.message} To make another, run pulumi up with --replace and the URN of the ServerImageRecord.`,
          { cause: error },
        );
      }
      throw error;
    }
  }
}

/** What the request that makes the image cannot carry. Tags come first, as in an update: where they are refused, nothing else is done. */
async function bringToDeclared(
  image: Image,
  inputs: SnapshotInputs,
  { client, reader }: Location,
): Promise<Image> {
  reader.forget();
  if (inputs.tags !== undefined) {
    await declareTags(image, inputs.tags, client);
  }
  const changes = changesFor(serverImageRecord, image, inputs);
  return Object.keys(changes).length === 0 ? image : updateImage(image.id, changes, client);
}

/** What the snapshot tells: what was declared, what the image turned out to be, and what is ours. */
function outputs(image: Image, state: Properties): Properties {
  return omitUndefined({
    imageId: image.id,
    ...pick(state, namesGiven(serverImageSnapshot, "optional", "configured", "kept")),
    ...pick(image, namesOfOutputs(serverImageSnapshot)),
  });
}
