import type { dynamic } from "@pulumi/pulumi";
import { isNotFound } from "../api/errors";
import type { CreateImage, Image, UpdateImage } from "../api/images";
import {
  changedProperties,
  diffProperties,
  isUnknown,
  recordProperties,
  withDefaults,
  type Properties,
} from "../properties";
import { cloudOfStack, configure, type Cloud } from "./cloud";
import {
  asCalledByPulumi,
  found,
  gone,
  imageToRead,
  inputsOrFailures,
  isNew,
  placeOf,
  stated,
  urlOf,
} from "./hooks";
import { deleteUnlessHeld } from "./delete-image";
import { differences, makeImage, takeOver } from "./make-image";
import { newToken, withoutMarks } from "./marks";

/** The hooks of `ImageRecord`: the image's record, which exists at once and says what one declares of the image. */
export function imageRecord(cloud: Cloud) {
  /** An image that is to be taken over is looked at in preview already: what is not as declared, and never can be. */
  async function refusedImage(inputs: Properties): Promise<dynamic.CheckFailure[]> {
    const { imageId } = inputs;
    if (typeof imageId !== "string" || isUnknown(inputs)) {
      return [];
    }
    try {
      const different = differences(await cloud.at(inputs).client.showImage(imageId), inputs);
      const reason = `image ${imageId} cannot be taken over: ${different.join("; ")}.`;
      return different.length === 0 ? [] : [{ property: "imageId", reason }];
    } catch (error) {
      if (isNotFound(error)) {
        return [{ property: "imageId", reason: error.message }];
      }
      throw error;
    }
  }

  /** A token for a record that is to be made; one that is there keeps its own, which says that the state knows it. */
  function tokenOf(olds: Properties, { origin, settledByImport }: Properties): unknown {
    if (isNew(olds)) {
      const known = typeof origin === "string" && !isUnknown(origin);
      return known ? newToken(origin, settledByImport === true) : undefined;
    }
    return olds.token;
  }

  return {
    check: async (olds: Properties, news: Properties): Promise<dynamic.CheckResult> => {
      const { inputs, failures } = inputsOrFailures(cloud, recordProperties, news);
      const kept = stated({ ...inputs, token: tokenOf(olds, news), origin: undefined });
      if (failures.length > 0) {
        return { inputs: kept, failures };
      }
      if (typeof olds.token === "string") {
        cloud.at(kept).marks.know(olds.token);
      }
      const another = olds.imageId !== kept.imageId;
      return { inputs: kept, failures: another ? await refusedImage(kept) : [] };
    },

    diff: async (id: string, olds: Properties, news: Properties): Promise<dynamic.DiffResult> => {
      const { changes, replaces = [] } = diffProperties(recordProperties, olds, news);
      const another = news.imageId !== undefined && news.imageId !== id;
      cloud.at(olds).marks.hold(id, olds.token);
      return Promise.resolve({ changes, replaces: another ? [...replaces, "imageId"] : replaces });
    },

    create: async (inputs: Properties): Promise<dynamic.CreateResult> => {
      const surroundings = { ...cloud.at(inputs), clock: cloud.clock };
      const image = await (inputs.imageId === undefined ? makeImage : takeOver)(inputs, surroundings);
      if (inputs.settledByImport === true) {
        surroundings.watch.expect(image.id);
      }
      surroundings.marks.hold(image.id, inputs.token);
      return { id: image.id, outs: outputs(image, inputs, inputs.tags) };
    },

    read: async (id: string, props: Properties = {}): Promise<dynamic.ReadResult> => {
      const { client } = cloud.at(props);
      const image = await imageToRead(client, id, props);
      if (image === undefined) {
        return gone;
      }
      const tags = props.tags === undefined ? undefined : withoutMarks(await client.listTags(image));
      const outs = found(outputs(image, { ...props, ...placeOf(cloud, props) }, tags), props);
      return { id, props: outs, inputs: withDefaults(recordProperties, outs) };
    },

    update: async (id: string, olds: Properties, news: Properties): Promise<dynamic.UpdateResult> => {
      const { client } = cloud.at(news);
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
        await client.setTags(image, { ...(news.tags as CreateImage["tags"]) });
      }
      return { outs: outputs(image, news, news.tags) };
    },

    delete: async (id: string, props: Properties): Promise<void> => {
      await deleteUnlessHeld(cloud, id, props);
    },
  };
}

/** What the record tells: what was declared, as the image has it, and what is known of an image at once. */
function outputs(image: Image, declared: Properties, tags: unknown): Properties {
  return stated({
    name: image.name,
    osDistro: image.osDistro ?? declared.osDistro,
    url: urlOf(image, declared.url),
    diskFormat: image.diskFormat ?? declared.diskFormat,
    containerFormat: image.containerFormat ?? declared.containerFormat,
    minDisk: image.minDisk,
    minRam: image.minRam,
    protected: image.protected,
    visibility: image.visibility,
    tags,
    region: declared.region,
    environment: declared.environment,
    replaceOnChanges: declared.replaceOnChanges,
    imageId: declared.imageId,
    token: declared.token,
    settledByImport: declared.settledByImport,
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
