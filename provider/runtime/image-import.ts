import { randomUUID } from "node:crypto";
import type { dynamic } from "@pulumi/pulumi";
import type { Image } from "../api/images";
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
import { ImageError } from "./image-error";
import { unlessGone } from "./unless-gone";
import {
  diffProperties,
  importProperties,
  isUnknown,
  parseDuration,
  withDefaults,
  type Properties,
} from "../properties";
import { waitForActive } from "./wait";

/** How long an import may take when the program does not say, in milliseconds. */
const defaultTimeout = 2 * 60 * 60_000;

/** The hooks of `ImageImport`: the import of a file into a record, done when the image is active. */
export function imageImport(cloud: Cloud) {
  async function bringToActive(inputs: Properties): Promise<Image> {
    const { client, watch, marks } = cloud.at(inputs);
    const { create: timeout } = (inputs.timeouts ?? {}) as { create?: string };
    if (inputs.deleteImage === false) {
      // As a part of an Image: this runs after the record is in the state.
      await marks.settle(String(inputs.imageId));
    } else {
      const image = await client.showImage(String(inputs.imageId));
      if (image.status === "active") {
        return refuseOtherFile(image, inputs);
      }
    }
    return waitForActive(
      {
        imageId: String(inputs.imageId),
        url: String(inputs.url),
        timeout: parseDuration(timeout) ?? defaultTimeout,
      },
      { client, watch, clock: cloud.clock, progress: cloud.progress },
    );
  }

  /** The import is done already: by a run that was killed, or by somebody else. */
  function refuseOtherFile(image: Image, inputs: Properties): Image {
    if (urlOf(image, inputs.url) !== inputs.url) {
      throw new ImageError(
        `Image ${image.id} is active, made of ${image.url}, and cannot be imported into again. Import into a new record.`,
      );
    }
    return image;
  }

  /** An active image takes no other file: said in preview, where the state's image can still be asked. */
  async function refusedUrl(olds: Properties, news: Properties): Promise<string | undefined> {
    const another = olds.imageId === news.imageId && olds.url !== undefined && olds.url !== news.url;
    if (!another || isUnknown(news.url) || isUnknown(news.imageId)) {
      return undefined;
    }
    const image = await unlessGone(() => cloud.at(news).client.showImage(String(news.imageId)));
    return image?.status !== "active"
      ? undefined
      : `url cannot change: image ${image.id} is active, and an active image cannot be imported into again. ` +
          "Import into a new record, by giving its id as imageId, or use Image, which replaces the record when its url changes.";
  }

  return {
    check: async (olds: Properties, news: Properties): Promise<dynamic.CheckResult> => {
      const { inputs, failures } = inputsOrFailures(cloud, importProperties, news);
      // By itself it manages its image, and another one may take it over: this tells them apart.
      const token = isNew(olds) ? randomUUID() : olds.token;
      Object.assign(inputs, inputs.deleteImage === false ? {} : stated({ token }));
      const refused = failures.length > 0 ? undefined : await refusedUrl(olds, inputs);
      return { inputs, failures: refused === undefined ? failures : [{ property: "url", reason: refused }] };
    },

    diff: async (id: string, olds: Properties, news: Properties): Promise<dynamic.DiffResult> => {
      cloud.at(olds).marks.hold(id, olds.token);
      return Promise.resolve(diffProperties(importProperties, olds, news));
    },

    create: async (inputs: Properties): Promise<dynamic.CreateResult> => {
      const image = await bringToActive(inputs);
      cloud.at(inputs).marks.hold(image.id, inputs.token);
      return { id: image.id, outs: outputs(image, inputs) };
    },

    read: async (id: string, props: Properties = {}): Promise<dynamic.ReadResult> => {
      const image = await imageToRead(cloud.at(props).client, id, props);
      if (image === undefined) {
        return gone;
      }
      const outs = found(outputs(image, { deleteImage: true, ...props, ...placeOf(cloud, props) }), props);
      return { id, props: outs, inputs: withDefaults(importProperties, outs) };
    },

    /** For settings there is nothing to do; another url for an image that is not active yet is another import. */
    update: async (_id: string, olds: Properties, news: Properties): Promise<dynamic.UpdateResult> => {
      const sameFile = olds.url === news.url;
      return {
        outs: sameFile ? stated({ ...olds, ...settings(news) }) : outputs(await bringToActive(news), news),
      };
    },

    delete: async (id: string, props: Properties): Promise<void> => {
      if (props.deleteImage !== false) {
        await deleteUnlessHeld(cloud, id, props);
      }
    },
  };
}

/** What the import tells: what the file turned out to be. */
function outputs(image: Image, declared: Properties): Properties {
  return stated({
    imageId: image.id,
    url: urlOf(image, declared.url),
    ...settings(declared),
    region: declared.region,
    environment: declared.environment,
    status: image.status,
    checksum: image.checksum,
    osHashAlgo: image.osHashAlgo,
    osHashValue: image.osHashValue,
    size: image.size,
    virtualSize: image.virtualSize,
    volumes: image.volumes,
    rootDeviceName: image.rootDeviceName,
    scpGpuDriver: image.scpGpuDriver,
    scpImageType: image.scpImageType,
    scpK8sVersion: image.scpK8sVersion,
    scpOriginalImageType: image.scpOriginalImageType,
    scpOsBuildVersion: image.scpOsBuildVersion,
    scpOsVersion: image.scpOsVersion,
  });
}

function settings({ timeouts, deleteImage, replaceOnChanges, token }: Properties): Properties {
  return { timeouts, deleteImage, replaceOnChanges, token };
}

const hooks = asCalledByPulumi(imageImport(cloudOfStack));
export const { check, diff, create, read, update } = hooks;
const remove = hooks.delete;
export { configure, remove as delete };
