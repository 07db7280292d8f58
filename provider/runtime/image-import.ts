import { randomUUID } from "node:crypto";
import type { dynamic } from "@pulumi/pulumi";
import { isNotFound } from "../api/errors";
import type { Image } from "../api/images";
import { isSameObject } from "../api/object-url";
import { makerOf, type MadeBy } from "../lifecycle/accounts";
import { confirm, confirmPatiently, type Confirmation } from "../lifecycle/confirm";
import { shownAfter, showUnlessGone } from "../lifecycle/gone";
import { refuseHopelessReplacement } from "../lifecycle/replace";
import { asRead } from "../schema/spelling";
import {
  diffProperties,
  importProperties,
  isUnknown,
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
import { waitForActive } from "../lifecycle/waiter";

/** What the state says beside the image itself. */
interface Beside extends MadeBy {
  /** Tells the state's entries apart that hold one image. */
  token?: unknown;
  /** Whether the creation tag is still to be removed. */
  unconfirmed?: unknown;
}

/** The hooks of `ImageImport`: the import of a file into a record, done when the image is active. */
export function imageImport(cloud: Cloud) {
  async function bringToActive(inputs: Properties): Promise<{ image: Image; unconfirmed?: true }> {
    const place = await cloud.open(inputs);
    const id = String(inputs.imageId);
    const first = await confirmEarly(id, inputs, place);
    const active = inputs.partOfImage === true ? undefined : await alreadyActive(inputs, place);
    const image = active ?? (await wait(inputs, place));
    return (await isConfirmed(image, first, place)) ? { image } : { image, unconfirmed: true };
  }

  function wait(inputs: Properties, place: CloudPlace): Promise<Image> {
    const options = {
      imageId: String(inputs.imageId),
      url: String(inputs.url),
      timeout: createTimeout(inputs),
      mayNotBeShownYet: place.created.has(String(inputs.imageId)) || inputs.partOfImage === true,
    };
    return waitForActive(options, { ...place, progress: cloud.progress });
  }

  /** By itself, it finds the import done already where a run was killed, or where somebody else did it. */
  async function alreadyActive(inputs: Properties, place: CloudPlace): Promise<Image | undefined> {
    const id = String(inputs.imageId);
    if (place.created.has(id)) {
      return undefined;
    }
    const image = await place.client.showImage(id);
    if (image.status !== "active") {
      return undefined;
    }
    const refused = await madeOfAnotherFile(image, String(inputs.url), place);
    if (refused !== undefined) {
      throw new ImageError(refused);
    }
    return image;
  }

  /** What `up` would refuse: an image that is not there, or active already of another file. */
  async function refusedImage(inputs: Properties): Promise<dynamic.CheckFailure[]> {
    const { imageId, url } = inputs;
    if (typeof imageId !== "string" || isUnknown([imageId, url])) {
      return [];
    }
    const place = await cloud.open(inputs);
    if (place.created.has(imageId)) {
      return [];
    }
    try {
      const image = await place.client.showImage(imageId);
      const reason =
        image.status === "active" ? await madeOfAnotherFile(image, String(url), place) : undefined;
      return reason === undefined ? [] : [{ property: "url", reason }];
    } catch (error) {
      if (isNotFound(error)) {
        return [{ property: "imageId", reason: error.message }];
      }
      throw error;
    }
  }

  return {
    check: async (olds: Properties, news: Properties): Promise<dynamic.CheckResult> => {
      const { inputs, failures } = await inputsOrFailures(cloud, importProperties, news);
      if (failures.length > 0 || inputs.partOfImage === true) {
        return { inputs, failures };
      }
      const { imageId, url } = inputs;
      if (inputs.deleteImage !== false && typeof imageId === "string" && !isUnknown(imageId)) {
        cloud.at(inputs).holders.want(imageId);
      }
      const another = isNew(olds) || olds.imageId !== imageId || !isSameUrl(olds.url, url);
      return { inputs, failures: another ? await refusedImage(inputs) : [] };
    },

    diff: async (id: string, olds: Properties, news: Properties): Promise<dynamic.DiffResult> => {
      const { changes, replaces = [] } = diffProperties(importProperties, olds, news);
      const place = await cloud.open(olds);
      if (olds.deleteImage !== false) {
        place.holders.hold(id, olds.token);
        const { retainOnDelete: retained } = olds;
        await refuseHopelessReplacement({ id, because: replaces, retained }, place.client);
      }
      return { changes: changes === true || olds.unconfirmed === true, replaces };
    },

    create: async (inputs: Properties): Promise<dynamic.CreateResult> => {
      const { image, unconfirmed } = await bringToActive(inputs);
      const place = await cloud.open(inputs);
      const beside: Beside = await makerOf(place.client, image.id);
      if (beside.accountId === undefined) {
        beside.owner = image.owner;
      }
      if (inputs.deleteImage !== false) {
        beside.token = randomUUID();
        place.holders.hold(image.id, beside.token);
      }
      return { id: image.id, outs: outputs(image, inputs, { ...beside, unconfirmed }) };
    },

    read: async (id: string, props: Properties = {}): Promise<dynamic.ReadResult> => {
      const place = await cloud.open(props);
      const image = await (isNew(props) ? place.client.showImage(id) : showUnlessGone(id, props, place));
      if (image === undefined) {
        return gone;
      }
      const { properties, echo } = asRead(image, { url: props.url, echo: props.echo });
      const declared = { deleteImage: true, ...props, ...placeOf(cloud, props), url: properties.url };
      const outs = found(outputs(image, declared, props, echo?.url), props);
      return { id, props: outs, inputs: withDefaults(importProperties, outs) };
    },

    /** For settings there is nothing to do; another url for an image that is not active yet is another import. */
    update: async (id: string, olds: Properties, news: Properties): Promise<dynamic.UpdateResult> => {
      const place = await cloud.open(news);
      if (!isSameUrl(olds.url, news.url)) {
        const { image, unconfirmed } = await bringToActive(news);
        return { outs: outputs(image, news, { ...olds, unconfirmed }) };
      }
      const unconfirmed = olds.unconfirmed === true && !(await confirmLate(id, place)) ? true : undefined;
      return { outs: stated({ ...olds, ...settings(news), unconfirmed }) };
    },

    delete: async (id: string, props: Properties): Promise<void> => {
      if (props.deleteImage !== false) {
        await deleteUnlessHeld(cloud, id, props);
      }
    },
  };
}

/**
 * As a part of an `Image`, and for a record that this run created, this runs after the record is in the state: its creation tag goes.
 * Undefined where there is none to be removed.
 */
async function confirmEarly(
  id: string,
  inputs: Properties,
  place: CloudPlace,
): Promise<Confirmation | undefined> {
  const created = place.created.get(id);
  const isOurs = inputs.partOfImage === true || created !== undefined;
  return isOurs && created?.tagged !== false ? confirm(taggedAs(id, inputs), place) : undefined;
}

function taggedAs(id: string, { url }: Properties): { id: string; url?: string } {
  return { id, url: typeof url === "string" ? url : undefined };
}

/** How long the removal of a creation tag is tried, in milliseconds since the image was created. */
const latest = 60 * 60_000;

/** What an earlier run could not do. Answers whether it is done now, or can be left. */
async function confirmLate(id: string, place: CloudPlace): Promise<boolean> {
  const image = await place.client.showImage(id);
  const outcome = await confirm(image, place);
  const age = place.client.serverNow() - Date.parse(image.createdAt ?? "");
  return outcome === "removed" || outcome === "refused" || !(age < latest);
}

/** A tag that was not shown is looked for again now that time has gone by, as long as it may come late. */
async function isConfirmed(
  image: Image,
  first: Confirmation | undefined,
  place: CloudPlace,
): Promise<boolean> {
  const surelyTagged = place.created.get(image.id)?.tagged === true;
  const age = place.client.serverNow() - Date.parse(image.createdAt ?? "");
  const mayComeLate = first === "failed" || (first === "not shown" && (surelyTagged || age < shownAfter));
  if (!mayComeLate) {
    return true;
  }
  const outcome = await confirmPatiently(image, place);
  return outcome === "removed" || outcome === "refused" || (outcome === "not shown" && !surelyTagged);
}

/** Why an active image is not what an import of this url would make; undefined where it is. */
async function madeOfAnotherFile(
  image: Image,
  url: string,
  { client }: CloudPlace,
): Promise<string | undefined> {
  const refusal = (made: string) =>
    `Image ${image.id} is active, ${made}, and an active image cannot be imported into again. ` +
    "Import into a new record, by giving its id as imageId, or use Image, which replaces the record when its url changes.";
  if (image.url !== undefined) {
    return isSameObject(image.url, url) ? undefined : refusal(`made of ${image.url}`);
  }
  const object = await client.showObject(url);
  const same = object !== undefined && object.size === image.size && object.md5 === image.checksum;
  return same ? undefined : refusal("made of a file that SCP does not tell");
}

function isSameUrl(one: unknown, other: unknown): boolean {
  return one === other || (typeof one === "string" && typeof other === "string" && isSameObject(one, other));
}

/** What the import tells: what the file turned out to be. */
function outputs(
  image: Image,
  declared: Properties,
  { token, accountId, madeWith, owner, unconfirmed }: Beside,
  echo: string | undefined = image.url === declared.url ? undefined : image.url,
): Properties {
  return stated({
    imageId: image.id,
    url: declared.url ?? image.url,
    ...settings(declared),
    region: declared.region,
    environment: declared.environment,
    echo: echo === undefined ? undefined : { url: echo },
    ...{ token, accountId, madeWith, owner, unconfirmed },
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

function settings({ timeouts, deleteImage, replaceOnChanges, retainOnDelete }: Properties): Properties {
  return { timeouts, deleteImage, replaceOnChanges, retainOnDelete };
}

const hooks = asCalledByPulumi(imageImport(cloudOfStack));
export const { check, diff, create, read, update } = hooks;
const remove = hooks.delete;
export { configure, remove as delete };
