import { randomUUID } from "node:crypto";
import type { Image } from "../../api/images";
import { pick } from "../../schema/check";
import { asInputs, asState, type Inputs, type Properties, type State } from "../../schema/description";
import { changedProperties } from "../../schema/diff";
import { serverImageRecord } from "../../schema/server-image-record";
import { asDeclared, type Spelled } from "../../schema/spelling";
import { makerBy } from "../accounts";
import type { Location, ProviderContext } from "../context";
import {
  checkManaged,
  deleteManaged,
  diffManaged,
  keptAfter,
  keptOfEntry,
  outputsOf,
  readManaged,
  updateManaged,
} from "../managed-image";
import { makerAfter } from "../profiles";
import { createServerImage } from "./server-create";
import { notOfServer } from "./server-made";
import { imageToTakeOver, takeOverFailures, type Adopter } from "../take-over";
import type { Lifecycle } from "../types";

type RecordInputs = Inputs<typeof serverImageRecord>;

const adopter: Adopter = {
  description: serverImageRecord,
  hindrances: (image) => Promise.resolve([notOfServer(image)].filter((one) => one !== undefined)),
};

/**
 * The life of `ServerImageRecord`: an image of a server's disks, in the state as soon as the service answers with its id.
 *
 * No tag can be given with the request, and nothing that comes after it may keep the id from the state: whoever is killed in between leaves
 * an image that nothing tells from others. So what the request cannot carry is left to the `ServerImageSnapshot`, and there is no creation
 * tag: to set one would take longer than what it would watch over.
 */
export function serverImageRecordLifecycle(context: ProviderContext): Lifecycle {
  const managed = { context, description: serverImageRecord };
  return {
    check: (olds, news) =>
      checkManaged(managed, olds, news, (inputs, location) =>
        takeOverFailures(adopter, olds, inputs, location),
      ),

    diff: (id, olds, news) => diffManaged(managed, id, olds, news),

    async create(properties) {
      const inputs = asInputs(serverImageRecord, properties);
      const location = await context.open(inputs);
      const accountId = await location.client.accountId().catch(() => undefined);
      const image = await (inputs.imageId === undefined ? createServerImage : takeOver)(inputs, location);
      const token = randomUUID();
      location.created.set(image.id, { tagged: false });
      location.holders.holdAsRecord(image.id, token, inputs.origin);
      location.poller.expect(image.id);
      const state: State<typeof serverImageRecord> = {
        ...inputs,
        ...makerBy(accountId, location.client, image.id),
        createdAt: image.createdAt,
        token,
        ...keptOfEntry(image.id, inputs, location),
      };
      return { id: image.id, outputs: outputsOf(serverImageRecord, image, state, declaredOf(image, inputs)) };
    },

    read: (id, known) => readManaged(managed, id, known),

    async update(id, olds, news) {
      const location = await context.open(news);
      const by = asState(serverImageRecord, olds);
      const made = await makerAfter(context, { what: `Image ${id}`, id, by }, [olds, news]);
      const image = await updateManaged(serverImageRecord, id, { olds, news }, location);
      const state = { ...news, ...keptAfter(serverImageRecord, olds, news), ...made };
      // What has not changed may still be the snapshot's to bring about.
      const told = changedProperties(serverImageRecord, olds, news);
      return { id, outputs: outputsOf(serverImageRecord, image, state, declaredOf(image, news, told)) };
    },

    delete: (id, olds) => deleteManaged(context, id, olds),
  };
}

function takeOver(inputs: RecordInputs, location: Location): Promise<Image> {
  return imageToTakeOver(adopter, inputs, location);
}

/**
 * What the state says at once, since the snapshot brings it about. Should that not come to pass, a refresh sees it, and up mends it.
 * @param told what the image itself is asked for
 */
function declaredOf(image: Image, declared: Properties, told: string[] = []): Spelled {
  const { id, status, name } = image;
  const properties: Properties = { ...image };
  return asDeclared(serverImageRecord, { id, status, name, ...pick(properties, told) }, declared);
}
