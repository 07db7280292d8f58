import { randomUUID } from "node:crypto";
import type { Image } from "../api/images";
import { isSameObject } from "../api/object-url";
import { omitUndefined, pick, withDefaults, type CheckFailure } from "../schema/check";
import {
  asInputs,
  asState,
  namesChanged,
  namesOfOutputs,
  type Inputs,
  type State,
} from "../schema/description";
import { diffProperties } from "../schema/diff";
import type { StagedObject } from "../schema/image-file";
import { imageImport } from "../schema/image-import";
import { echoOf } from "../schema/spelling";
import { isUnknown } from "../schema/unknown";
import { anothersImage, makerOf } from "./accounts";
import { checkInputs, failuresOfImage, keyFailures } from "./check";
import { removeCreationTag, removeCreationTagPatiently, type TagRemoval } from "./tag-removal";
import { closeAfterFailure, closeObject, discardObject } from "./source/close";
import type { Location, ProviderContext } from "./context";
import { deleteUnlessHeld } from "./delete";
import { undefinedIfNotFound } from "./gone";
import { ImageError } from "./image-error";
import { madeOfAnother } from "./made-of";
import { immovableText, isNowhere, keysForDiff, locationIfConfigured, makerAfter } from "./profiles";
import { readActive, withOldTime } from "./read";
import { refuseHopelessReplacement } from "./replace";
import type { Lifecycle } from "./types";
import { ContentError, verifyContent } from "./verify";
import { createTimeout, ImageTimeout, waitForActive } from "./waiter";

type ImportInputs = Inputs<typeof imageImport>;
type ImportState = State<typeof imageImport>;

/** The life of `ImageImport`: the import of a file into a record, done when the image is active. */
export function importLifecycle(context: ProviderContext): Lifecycle {
  async function bringToActive(inputs: ImportInputs): Promise<Brought> {
    const location = await context.open(inputs);
    const { object } = inputs;
    if (object !== undefined) {
      return bringFromObject(object, inputs, location);
    }
    const brought = await importInto(inputs, location);
    verifyContent(inputs.imageId, brought.image, inputs, location.warn);
    return brought;
  }

  /** With the object that was uploaded for the image public as long as that is needed. */
  async function bringFromObject(
    object: StagedObject,
    inputs: ImportInputs,
    location: Location,
  ): Promise<Brought> {
    const { imageId, path, afterImport = "removed" } = inputs;
    let brought: Brought;
    try {
      if (!location.staging.isOpenedBy(object, imageId) && !(await isActive(imageId, location))) {
        await location.staging.open(object, path, imageId);
      }
      brought = await importInto(inputs, location);
      verifyContent(imageId, brought.image, inputs, location.warn);
    } catch (error) {
      if (error instanceof ContentError) {
        await discardObject(object, [imageId], location);
      } else if (!(error instanceof ImageTimeout)) {
        await closeAfterFailure(object, [imageId], location);
      }
      throw error;
    }
    return (await closeObject(object, [imageId], afterImport, location))
      ? brought
      : { ...brought, unclosed: true };
  }

  async function importInto(inputs: ImportInputs, location: Location): Promise<Brought> {
    const first = await removeTagEarly(inputs, location);
    const active = inputs.partOfImage === true ? undefined : await alreadyActive(inputs, location);
    const image = active ?? (await wait(inputs, location));
    const refused = inputs.partOfImage === true ? undefined : await refusalOf(image, inputs.url, location);
    if (refused !== undefined) {
      throw new ImageError(refused);
    }
    return (await isTagRemoved(image, first, location)) ? { image } : { image, unconfirmed: true };
  }

  function wait(inputs: ImportInputs, location: Location): Promise<Image> {
    const { imageId, url } = inputs;
    const mayNotBeShownYet = location.created.has(imageId) || inputs.partOfImage === true;
    const options = { imageId, url, timeout: createTimeout(inputs), mayNotBeShownYet };
    return waitForActive(options, { ...location, progress: context.progress });
  }

  /** What `up` would refuse: an image that is not there, or active already of another file. */
  async function refusedImage({ imageId, url, deleteImage, ...rest }: ImportInputs): Promise<CheckFailure[]> {
    if (isUnknown([imageId, url])) {
      return [];
    }
    const location = await context.open(rest);
    if (location.created.has(imageId)) {
      return [];
    }
    return failuresOfImage(async () => {
      const image = await location.client.showImage(imageId);
      const foreign = deleteImage ? await anothersImage(location.client, image) : undefined;
      if (foreign !== undefined) {
        return [{ property: "imageId", reason: foreignText(imageId, foreign) }];
      }
      const reason = image.status === "active" ? await refusalOf(image, url, location) : undefined;
      return reason === undefined ? [] : [{ property: "url", reason }];
    });
  }

  return {
    async check(olds, news) {
      const { inputs, failures } = await checkInputs(context, imageImport, news, olds);
      const checked = asInputs(imageImport, inputs);
      const nowhere = isNowhere(news);
      const { object } = checked;
      if (olds === undefined && object !== undefined && !nowhere && !isUnknown([object, checked.imageId])) {
        // A run before this one was interrupted: the object is still needed.
        locationIfConfigured(context, inputs)?.staging.expect(object, checked.imageId);
      }
      if (failures.length > 0 || nowhere) {
        return { inputs, failures };
      }
      const refused = await keyFailures(context.locate(inputs), imageImport, olds, inputs);
      if (refused.length > 0 || checked.partOfImage === true) {
        return { inputs, failures: refused };
      }
      const { imageId, url, deleteImage } = checked;
      if (deleteImage && !isUnknown(imageId)) {
        context.locate(inputs).holders.want(imageId);
      }
      const isNewlyManaged = deleteImage && olds?.deleteImage === false;
      const another = olds?.imageId !== imageId || !isSameUrl(olds.url, url) || isNewlyManaged;
      return { inputs, failures: another ? await refusedImage(checked) : [] };
    },

    async diff(id, olds, news) {
      const { changes, replaces } = diffProperties(imageImport, olds, news);
      const state = asState(imageImport, olds);
      const kept = { what: `Image ${id}`, id, by: state };
      const { location, moves } = await keysForDiff(context, kept, [olds, news], replaces.length > 0);
      const { client, holders } = location;
      if (moves && !isOnlyWaitedFor(state, asInputs(imageImport, news))) {
        throw new ImageError(immovableText(id, [olds, news]));
      }
      const because = moves ? [...replaces, "profile"] : replaces;
      const { deleteImage, ofRecord, token, retainOnDelete: retained, unconfirmed, unclosed } = state;
      let isNowOfRecord = false;
      if (deleteImage !== false && ofRecord !== true) {
        holders.hold(id, token);
        isNowOfRecord = holders.isOfRecord(id);
        if (!isNowOfRecord && asInputs(imageImport, news).deleteImage) {
          holders.holdAsImport(id);
        }
        await refuseHopelessReplacement({ id, because, retained }, client);
      }
      const isUndone = unconfirmed === true || unclosed === true || isNowOfRecord;
      return { changes: changes || isUndone, replaces: because };
    },

    async create(properties) {
      const inputs = asInputs(imageImport, properties);
      const { image, ...undone } = await bringToActive(inputs);
      const location = await context.open(inputs);
      const maker = await makerOf(location.client, image.id);
      const state: ImportState = { ...inputs, ...maker, ...undone };
      if (maker.accountId === undefined) {
        state.owner = image.owner;
      }
      if (location.created.has(image.id) || location.holders.isOfRecord(image.id)) {
        state.ofRecord = true;
      } else if (inputs.deleteImage) {
        state.token = randomUUID();
        location.holders.hold(image.id, state.token);
        location.holders.holdAsImport(image.id);
      }
      return { id: image.id, outputs: outputs(image, state, echoOfUrl(image, inputs.url)) };
    },

    async read(id, known) {
      const read = await readActive(context, id, known);
      if (read === undefined) {
        return undefined;
      }
      const { image } = read;
      const state = asState(imageImport, read.olds);
      // What an image was made of cannot change, whatever the service calls it now.
      const { url = image.url } = state;
      const now = { deleteImage: true, ...state, url };
      const found = withOldTime(outputs(image, now, echoOfUrl(image, String(url))), known ?? {});
      return { id, outputs: found, inputs: withDefaults(imageImport, found) };
    },

    /** For settings there is nothing to do; another url for an image that is not active yet is another import. */
    async update(id, olds, news) {
      const inputs = asInputs(imageImport, news);
      const state = asState(imageImport, olds);
      const made = await makerAfter(context, { what: `Image ${id}`, id, by: state }, [olds, news]);
      if (!isSameUrl(state.url, inputs.url)) {
        const { token, owner, ofRecord } = state;
        const { image, ...undone } = await bringToActive(inputs);
        const now = { ...inputs, token, ...made, owner, ofRecord, ...undone };
        return { id, outputs: outputs(image, now, echoOfUrl(image, inputs.url)) };
      }
      const location = await context.open(news);
      if (inputs.expectedChecksum !== state.expectedChecksum || inputs.verify !== state.verify) {
        verifyContent(id, state, inputs, location.warn);
      }
      const late = state.unconfirmed === true && !(await removeTagLate(id, inputs.url, location));
      const unconfirmed = late ? true : undefined;
      const unclosed = (await isClosed(inputs, state, location)) ? undefined : true;
      const ofRecord = state.ofRecord === true || location.holders.isOfRecord(id) ? true : undefined;
      // The url may be written in another way now.
      const told = state.echo?.url ?? state.url;
      const isDeclared = told === undefined || echoOf(told) === echoOf(inputs.url);
      const echo = isDeclared ? undefined : { url: echoOf(told) };
      const { url } = inputs;
      return {
        id,
        outputs: omitUndefined({
          ...olds,
          ...settingsOf(inputs),
          ...made,
          url,
          echo,
          unconfirmed,
          unclosed,
          ofRecord,
        }),
      };
    },

    async delete(id, olds) {
      const { deleteImage, ofRecord } = asState(imageImport, olds);
      if (deleteImage !== false && ofRecord !== true) {
        await deleteUnlessHeld(context, id, olds);
      }
    },
  };
}

/** Whether an import, as it is and as it is to be, leaves its image to others: then it can wait for it with any keys. */
function isOnlyWaitedFor(state: ImportState, inputs: ImportInputs): boolean {
  return state.deleteImage === false && !inputs.deleteImage;
}

/** An image that is active, and what could not be done about it yet. */
interface Brought {
  image: Image;
  unconfirmed?: true;
  unclosed?: true;
}

async function isActive(imageId: string, { client }: Location): Promise<boolean> {
  return (await undefinedIfNotFound(() => client.showImage(imageId)))?.status === "active";
}

/** By itself, it finds the import done already where a run was killed, or where somebody else did it. */
async function alreadyActive({ imageId }: ImportInputs, location: Location): Promise<Image | undefined> {
  if (location.created.has(imageId)) {
    return undefined;
  }
  const image = await location.client.showImage(imageId);
  return image.status === "active" ? image : undefined;
}

/**
 * As a part of an `Image`, and for a record that this run created, this runs after the record is in the state: its creation tag goes.
 * Undefined where there is none to be removed.
 */
async function removeTagEarly(inputs: ImportInputs, location: Location): Promise<TagRemoval | undefined> {
  const { imageId: id, url } = inputs;
  if (!location.client.settings.creationTag) {
    return undefined;
  }
  const created = location.created.get(id);
  const isOurs = inputs.partOfImage === true || created !== undefined;
  return isOurs && created?.tagged !== false ? removeCreationTag({ id, url }, location) : undefined;
}

/** How long after an image's creation its tag may be shown late, in milliseconds. */
const tagShownAfter = 15_000;

/** A tag that was not shown is looked for again now that time has gone by, as long as it may come late. */
async function isTagRemoved(
  image: Image,
  first: TagRemoval | undefined,
  location: Location,
): Promise<boolean> {
  const surelyTagged = location.created.get(image.id)?.tagged === true;
  const age = location.client.serverNow() - Date.parse(image.createdAt ?? "");
  const mayComeLate = first === "failed" || (first === "not shown" && (surelyTagged || age < tagShownAfter));
  if (!mayComeLate) {
    return true;
  }
  const outcome = await removeCreationTagPatiently(image, location);
  return outcome === "removed" || outcome === "refused" || (outcome === "not shown" && !surelyTagged);
}

/** How long the removal of a creation tag is tried, in milliseconds since the image was created. */
const latest = 60 * 60_000;

/** What an earlier run could not do. Answers whether it is done now, or can be left. */
async function removeTagLate(id: string, url: string, location: Location): Promise<boolean> {
  const shown = await location.client.showImage(id).catch(() => undefined);
  const image = shown ?? { id, url };
  const outcome = await removeCreationTag(image, location);
  const age = location.client.serverNow() - Date.parse(shown?.createdAt ?? "");
  // Also where the image claims to be of the future: the service's clocks may disagree by hours.
  const expired = shown !== undefined && !(Math.abs(age) < latest);
  return outcome === "removed" || outcome === "refused" || expired;
}

/** What an earlier run could not do to the object, or what the program wishes otherwise now. Answers whether it is done. */
async function isClosed(inputs: ImportInputs, state: ImportState, location: Location): Promise<boolean> {
  const { object, imageId, afterImport = "removed" } = inputs;
  const isDue = state.unclosed === true || afterImport !== (state.afterImport ?? "removed");
  return object === undefined || !isDue || closeObject(object, [imageId], afterImport, location);
}

/** Why an active image is not what an import of this url would make; undefined where it is. */
async function refusalOf(image: Image, url: string, { client }: Location): Promise<string | undefined> {
  const made = await madeOfAnother(image, url, client);
  return made === undefined
    ? undefined
    : `Image ${image.id} is active, ${made}, and an active image cannot be imported into again. ` +
        "Import into a new record, by giving its id as imageId, or use Image, which replaces the record when its url changes.";
}

function foreignText(id: string, foreign: string): string {
  return (
    `image ${id} cannot be managed here: ${foreign}. ` +
    "With deleteImage: false, it is only imported into and waited for."
  );
}

function isSameUrl(one: unknown, other: unknown): boolean {
  return one === other || (typeof one === "string" && typeof other === "string" && isSameObject(one, other));
}

/** What is kept of how the service writes the url, where it writes it otherwise than it was declared. */
function echoOfUrl({ url }: Image, declared: string): string | undefined {
  return url === undefined || url === declared ? undefined : echoOf(url);
}

/** What the import tells: what was declared, what the file turned out to be, and what is ours. */
function outputs(image: Image, state: ImportState, echo: string | undefined): Record<string, unknown> {
  const { region, environment, token, unconfirmed, unclosed, ofRecord } = state;
  const { accountId, madeWith, endpoint, owner } = state;
  return omitUndefined({
    imageId: image.id,
    url: state.url ?? image.url,
    ...settingsOf(state),
    ...{ region, environment },
    echo: echo === undefined ? undefined : { url: echo },
    ...{ token, accountId, madeWith, endpoint, owner, unconfirmed, unclosed, ofRecord },
    ...pick(image, namesOfOutputs(imageImport)),
  });
}

function settingsOf(state: ImportState): Record<string, unknown> {
  return Object.fromEntries(namesChanged(imageImport, "setting").map((name) => [name, state[name]]));
}
