import { randomUUID } from "node:crypto";
import type { Image } from "../api/images";
import { omitUndefined, pick, withDefaults, type CheckFailure } from "../schema/check";
import {
  asInputs,
  asState,
  namesGiven,
  propertyOf,
  type Inputs,
  type Properties,
  type State,
} from "../schema/description";
import { changedProperties, diffProperties } from "../schema/diff";
import { factNames } from "../schema/image-info";
import { imagePin } from "../schema/image-pin";
import { isUnknown } from "../schema/unknown";
import { endpointFound, makerOf } from "./accounts";
import { checkInputs } from "./check";
import type { Location, ProviderContext } from "./context";
import { isExpected } from "./expected";
import { describe, type Remembered } from "./gone";
import { ImageError } from "./image-error";
import { findImage, type ImageQuery } from "./lookups";
import { readImage, withOldTime } from "./read";
import type { Lifecycle } from "./types";

type PinInputs = Inputs<typeof imagePin>;
type PinState = State<typeof imagePin>;

/** The life of `ImagePin`: an image that was looked up once, and stays what it is. In the cloud there is nothing of the pin. */
export function pinLifecycle(context: ProviderContext): Lifecycle {
  return {
    async check(olds, news) {
      const { inputs, failures } = await checkInputs(context, imagePin, news, olds);
      if (failures.length > 0) {
        return { inputs, failures };
      }
      if (olds !== undefined && isSameQuestion(olds, inputs)) {
        const { gone } = asInputs(imagePin, olds);
        return { inputs: omitUndefined({ ...inputs, gone }), failures };
      }
      const question = asInputs(imagePin, { ...inputs, gone: undefined });
      const isAsked = !isUnknown({ ...question, pin: undefined });
      return {
        inputs: omitUndefined(question),
        failures: isAsked ? await failuresOf(context, question) : [],
      };
    },

    diff(_id, olds, news) {
      const state = asState(imagePin, olds);
      const { gone } = asInputs(imagePin, news);
      if (gone === true) {
        tellOfGone(state, context.locate(news));
      }
      return Promise.resolve(diffProperties(imagePin, state.asked ?? {}, news));
    },

    async create(properties) {
      // Not the image's: who takes the one for the other by mistake is told at once, since this is no image's id.
      return { id: `pin:${randomUUID()}`, outputs: await lookUp(asInputs(imagePin, properties)) };
    },

    async read(id, known) {
      if (known === undefined) {
        throw new ImageError(
          `${id} cannot be looked up: of a pin there is nothing in the cloud. getImage looks up images.`,
        );
      }
      const state = asState(imagePin, known);
      const { imageId, asked = {} } = state;
      const location = await context.open(asked);
      const image =
        imageId === undefined ? undefined : await readImage(imageId, known, location, finderOf(state));
      if (image === undefined || isBeingDeleted(image)) {
        const status = image?.status ?? "deleted";
        tellOfGone(state, location);
        const gone = { ...asked, gone: true };
        return { id, outputs: { ...known, status, asked: gone }, inputs: withDefaults(imagePin, gone) };
      }
      const inputs = withDefaults(imagePin, { ...asked, gone: undefined });
      const endpoint = endpointFound(state, location.client.settings);
      const found = outputs(image, { ...state, endpoint }, inputs);
      return { id, outputs: withOldTime(found, known), inputs };
    },

    async update(id, olds, news) {
      const state = asState(imagePin, olds);
      const inputs = asInputs(imagePin, news);
      if (isSameQuestion(state.asked ?? {}, inputs)) {
        const facts = pick(olds, ["imageId", ...factNames]);
        return { id, outputs: omitUndefined({ ...kept(state), ...stated(inputs), ...facts, asked: inputs }) };
      }
      return { id, outputs: await lookUp(inputs) };
    },

    delete: () => Promise.resolve(),
  };

  async function lookUp(inputs: PinInputs): Promise<Properties> {
    const location = await context.open(inputs);
    const image = await findImage(queryOf(inputs), location);
    return outputs(image, await makerOf(location.client, image.id), inputs);
  }
}

/** What a look-up would fail at. */
async function failuresOf(context: ProviderContext, inputs: PinInputs): Promise<CheckFailure[]> {
  try {
    await findImage(queryOf(inputs), await context.open(inputs));
    return [];
  } catch (error) {
    if (isExpected(error)) {
      return [{ property: "", reason: error.message }];
    }
    throw error;
  }
}

function queryOf(inputs: PinInputs): ImageQuery {
  const names = namesGiven(imagePin, "optional", "default").filter(
    (name) => name !== "pin" && name !== "profile",
  );
  return pick(inputs as Properties, names);
}

/** Whether two inputs ask for the same image: then it is not looked up again. */
function isSameQuestion(before: Properties, now: Properties): boolean {
  return changedProperties(imagePin, before, now).every(
    (name) => propertyOf(imagePin, name).change === "setting",
  );
}

function isBeingDeleted({ status }: Image): boolean {
  return ["deleted", "pending_delete"].includes(status);
}

/** Servers that were made of it go on without it, so this stops nothing. */
function tellOfGone(state: PinState, { warnOnce }: Location): void {
  const { imageId = "?", name, asked } = state;
  const text =
    asked?.pin === undefined ? "give pin a text" : `change pin, which is ${JSON.stringify(asked.pin)},`;
  warnOnce(
    `gone ${imageId}`,
    `Image ${describe(imageId, { name })} is gone: it was deleted, or is not shown to this account any more. Its pin still holds it, and ` +
      `nothing can be made of it. To let go and look up another, ${text} or a filter.`,
  );
}

/** The image's facts, what was asked, and whose keys found it. Facts come after the filters that have their names. */
function outputs(image: Image, by: PinState, inputs: PinInputs): Properties {
  return omitUndefined({
    ...stated(inputs),
    ...pick(image, factNames),
    imageId: image.id,
    asked: inputs,
    ...kept(by),
  });
}

function stated(inputs: PinInputs): Properties {
  const names = namesGiven(imagePin, "optional", "default", "configured");
  return pick(inputs as Properties, names);
}

/** Whose keys found the image. Whoever made it, which its url and its owner tell, may be another account. */
function finderOf({ name, createdAt, ...state }: PinState): Remembered {
  return { name, createdAt, ...kept(state) };
}

function kept({ accountId, madeWith, endpoint }: PinState): Properties {
  return { accountId, madeWith, endpoint };
}
