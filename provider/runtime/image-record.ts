import type { dynamic } from "@pulumi/pulumi";
import type { CreateImage, Image, UpdateImage } from "../api/images";
import { cloudOfStack, configure, type Cloud } from "./cloud";
import {
  asCalledByPulumi,
  deleteImage,
  found,
  gone,
  inputsOrFailures,
  placeOf,
  stated,
  urlOf,
} from "./hooks";
import {
  changedProperties,
  diffProperties,
  recordProperties,
  withDefaults,
  type Properties,
} from "../properties";

/** The hooks of `ImageRecord`: the image's record, which exists at once and says what one declares of the image. */
export function imageRecord(cloud: Cloud) {
  return {
    check: async (_olds: Properties, news: Properties): Promise<dynamic.CheckResult> => {
      return Promise.resolve(inputsOrFailures(cloud, recordProperties, news));
    },

    diff: async (_id: string, olds: Properties, news: Properties): Promise<dynamic.DiffResult> => {
      return Promise.resolve(diffProperties(recordProperties, olds, news));
    },

    create: async (inputs: Properties): Promise<dynamic.CreateResult> => {
      const image = await cloud.at(inputs).client.createImage(inputs as unknown as CreateImage);
      return { id: image.id, outs: outputs(image, inputs, inputs.tags) };
    },

    read: async (id: string, props: Properties = {}): Promise<dynamic.ReadResult> => {
      const { client } = cloud.at(props);
      try {
        const image = await client.showImage(id);
        const tags = props.tags === undefined ? undefined : await client.listTags(image);
        const outs = found(outputs(image, { ...props, ...placeOf(cloud, props) }, tags), props);
        return { id, props: outs, inputs: withDefaults(recordProperties, outs) };
      } catch (error) {
        return gone(error, props);
      }
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
        await client.setTags(image, (news.tags ?? {}) as Record<string, string>);
      }
      return { outs: outputs(image, news, news.tags) };
    },

    delete: async (id: string, props: Properties): Promise<void> => {
      await deleteImage(cloud, id, props);
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
