import { randomUUID } from "node:crypto";
import { isSameAccount } from "../../api/account-id";
import type { Image } from "../../api/images";
import { omitUndefined, withDefaults } from "../../schema/check";
import { asInputs, asState } from "../../schema/description";
import { diffProperties } from "../../schema/diff";
import { describeGeneration, type Generation } from "../../schema/generations";
import { imageGenerations } from "../../schema/image-generations";
import { isUnknown } from "../../schema/unknown";
import { messageOf } from "../accounts";
import { isPointedAt, pointChannels } from "./channels";
import { checkInputs } from "../check";
import type { Location, ProviderContext } from "../context";
import { deleteUnlessHeld } from "../delete";
import { isExpected } from "../expected";
import { plan, refuseNeeded } from "./generation-plan";
import {
  allFacts,
  earlierOf,
  everyState,
  factsOf,
  factsOfAll,
  hold,
  keyOf,
  outputs,
  placeOf,
  pointersOf,
  toldOf,
  undoneWith,
  withUndone,
  type Facts,
  type GenerationInputs,
  type GenerationState,
} from "./generation-state";
import { undefinedIfNotFound } from "../gone";
import { ImageError, PartlyDone } from "../image-error";
import { addMember, removeMember } from "../sharing/members";
import { isNowhere, keysForDiff, openAsKept } from "../profiles";
import { locationOf, readImage } from "../read";
import type { Lifecycle } from "../types";
import { updateImage } from "../update";

// The current image is its record's: only that deletes it. The earlier ones are held here: they are what the records before it held, and
// were not deleted because this resource's check, which runs before their deletes, said that they stay.

/** The life of `ImageGenerations`: the images that an entry of a pipeline has had, and where its channels point. */
export function generationsLifecycle(context: ProviderContext): Lifecycle {
  return {
    async check(olds, news) {
      const { inputs, failures } = await checkInputs(context, imageGenerations, news, olds);
      const { version, keep, channels } = inputs;
      if (failures.length > 0 || isNowhere(news) || isUnknown([version, keep, channels])) {
        return { inputs, failures };
      }
      return plan(olds, asInputs(imageGenerations, inputs), context.locate(inputs));
    },

    async diff(id, olds, news) {
      const state = asState(imageGenerations, olds);
      const { changes, replaces } = diffProperties(imageGenerations, olds, news);
      const [current] = state.generations ?? [];
      const by = current === undefined ? {} : { ...state.facts?.[current.imageId] };
      const kept = { what: "The generations of an image", id: current?.imageId ?? id, by };
      const { location, moves } = await keysForDiff(context, kept, [olds, news], replaces.length > 0);
      hold(state, location);
      if (moves) {
        leaveBehind(state, asInputs(imageGenerations, news), location);
      }
      if (replaces.length > 0 || moves) {
        await refuseProtected(earlierOf(withUndone(olds)), location); // They could not be deleted where they are.
      }
      const isUndone = state.undone !== undefined; // A refresh between forgets that a change failed, not what of it is to be gone over.
      const { origin } = asInputs(imageGenerations, news);
      const isRenamed = !isUnknown(origin) && state.origin !== origin; // By that, the record's delete finds them.
      return {
        changes: changes || isUndone || isRenamed,
        replaces: moves ? [...replaces, "profile"] : replaces,
      };
    },

    async create(properties) {
      const inputs = asInputs(imageGenerations, properties);
      const location = await context.open(inputs);
      hold(inputs, location);
      const id = randomUUID();
      let facts: Facts = {};
      try {
        facts = await allFacts(inputs.generations ?? [], {}, location);
        await pointChannels(new Map(), pointersOf(inputs), tagsOf(inputs), location);
        return { id, outputs: outputs(inputs, facts) };
      } catch (error) {
        // The image is known as a generation all the same: else the one after it would be the first.
        const partly = { ...outputs({ ...inputs, channels: undefined }, facts), undone: undoneWith(inputs) };
        throw isExpected(error) ? new PartlyDone(id, partly, error) : error;
      }
    },

    async read(id, known) {
      if (known === undefined) {
        throw new ImageError("The generations of an image can only be read by the stack that keeps them.");
      }
      const state = withUndone(known);
      const location = await openAsKept(context, "The generations of an image", known);
      const [current, ...earlier] = state.generations ?? [];
      const facts = { ...state.facts };
      const there = await Promise.all(
        earlier.map(async (one) => {
          const image = await readImage(one.imageId, factsOf(one, state), location);
          facts[one.imageId] = { ...facts[one.imageId], ...(image && toldOf(image)) };
          return image && one;
        }),
      );
      const stay = [current, ...there].filter((one): one is Generation => one !== undefined);
      const now = { ...state, ...locationOf(context, known), generations: stay };
      const channels = await channelsThatShow(now, location);
      const isLost = Object.keys(channels ?? {}).length < Object.keys(state.channels ?? {}).length;
      // A tag that has another value, or is not shown, may still be there: wherever the channel points next, it is taken off.
      const undone = isLost ? undoneWith({ ...known, channels: state.channels }) : state.undone;
      const found = omitUndefined({ ...outputs({ ...now, channels }, factsOfAll(stay, facts)), undone });
      return { id, outputs: found, inputs: withDefaults(imageGenerations, found) };
    },

    async update(id, olds, news) {
      const inputs = asInputs(imageGenerations, news);
      const location = await context.open(news);
      location.reader.forget();
      hold(inputs, location);
      let { facts = {} } = withUndone(olds);
      try {
        facts = { ...facts, ...(await allFacts(inputs.generations ?? [], facts, location)) };
        for (const before of everyState(olds)) {
          await change(before, inputs, location);
        }
        return { id, outputs: outputs(inputs, factsOfAll(inputs.generations ?? [], facts)) };
      } catch (error) {
        // What the program says now is the state, and what was is remembered: whichever it says next, all of it is gone over again.
        const partly = { ...outputs(inputs, facts), undone: undoneWith(olds) };
        throw isExpected(error) ? new PartlyDone(id, partly, error) : error;
      }
    },

    async delete(_, olds) {
      const state = withUndone(olds);
      const location = await context.open(olds);
      const { entries, holders } = location;
      const origin = entries.now(state.origin);
      if (!entries.leaves(origin) && entries.placeOf(origin) === placeOf(state)) {
        await takeOffChannels(state, location, true);
        tellOfReplaced(state, location);
        return;
      }
      entries.noteGenerations(state.origin, state.generations);
      await refuseProtected(earlierOf(state), location);
      for (const { imageId } of earlierOf(state)) {
        holders.release(imageId, keyOf(state));
      }
      for (const generation of earlierOf(state)) {
        await remove(generation, state);
      }
      await takeOffChannels(state, location); // Last: what failed before this can be put back as it was.
    },
  };

  /** Brings generations from what they were to what the program says. The deletes come last. */
  async function change(state: GenerationState, inputs: GenerationInputs, location: Location): Promise<void> {
    await shareAs(inputs, state, location);
    await pointChannels(pointersOf(state), pointersOf(inputs), tagsOf(inputs), location);
    const staying = new Set(inputs.generations?.map(({ imageId }) => imageId));
    const earlier = earlierOf(state);
    const leaving = earlier.filter(({ imageId }) => !staying.has(imageId));
    const wanted = inputs.protected === true;
    if (wanted !== (state.protected === true)) {
      const others = (state.generations ?? []).filter(({ imageId }) => imageId !== inputs.imageId);
      const those = wanted ? others.filter((one) => !leaving.includes(one)) : others; // What leaves is not protected before.
      await protect(those, wanted, location);
    }
    await refuseNeeded(leaving, [...(state.sharedWith ?? []), ...(inputs.sharedWith ?? [])], location);
    for (const generation of leaving) {
      await remove(generation, { ...state, profile: inputs.profile });
    }
  }

  function remove(generation: Generation, state: GenerationState): Promise<void> {
    const { region, environment, profile } = state;
    const facts = { ...factsOf(generation, state), region, environment, profile, token: keyOf(state) };
    return deleteUnlessHeld(context, generation.imageId, facts);
  }
}

/** What check, which cannot tell whose the keys are, has planned to keep, goes. */
function leaveBehind(state: GenerationState, news: GenerationInputs, { entries, holders }: Location): void {
  entries.noteLeaving(news.origin);
  for (const { imageId } of withUndone(state).generations ?? []) {
    holders.releaseGeneration(imageId, keyOf(news), news.origin);
  }
}

/**
 * Takes the channels off the images that stay: those that something else of the program manages, and the current one, which its record may
 * not delete. Where that one is not known to stay, a refusal is no reason to stop.
 */
async function takeOffChannels(state: GenerationState, location: Location, allStay = false): Promise<void> {
  const { entries, holders, warn } = location;
  const [current] = state.generations ?? [];
  for (const [imageId, channels] of pointersOf(state)) {
    const others = Object.entries(channels).filter(([name]) => !entries.isPointedAt(imageId, name));
    const stays = allStay || holders.isHeld(imageId);
    if (others.length === 0 || !(stays || imageId === current?.imageId)) {
      continue;
    }
    const left = new Map([[imageId, Object.fromEntries(others)]]);
    await pointChannels(left, new Map(), () => ({}), location).catch((error: unknown) => {
      if (stays) {
        throw error;
      }
      warn(`${messageOf(error)} So image ${imageId} is in its channels as long as it is there.`);
    });
  }
}

/** Those of the channels whose tags are where they belong: what is not is set again by the next update. */
async function channelsThatShow(
  state: GenerationState,
  location: Location,
): Promise<Record<string, string> | undefined> {
  const lost = new Set<string>();
  for (const [imageId, channels] of pointersOf(state)) {
    const listed = await location.reader.listed(imageId);
    const image = listed ?? (await undefinedIfNotFound(() => location.client.showImage(imageId)));
    if (image !== undefined && !(await isPointedAt(image, channels, location))) {
      Object.keys(channels).forEach((channel) => lost.add(channel));
    }
  }
  const { channels } = state;
  return channels && Object.fromEntries(Object.entries(channels).filter(([channel]) => !lost.has(channel)));
}

function tagsOf({ imageId, tags = {} }: GenerationInputs): (id: string) => Record<string, string> {
  return (id) => (id === imageId ? tags : {});
}

/** A change of the image's protection is one of the generations that it has had. */
async function protect(
  generations: readonly Generation[],
  wanted: boolean,
  { client }: Location,
): Promise<void> {
  for (const { imageId } of generations) {
    const image = await undefinedIfNotFound(() => client.showImage(imageId));
    if (image !== undefined && image.protected !== wanted) {
      await updateImage(imageId, { protected: wanted }, client);
    }
  }
}

/** With --replace, another entry of the state stands in its place, which knows the current image alone. */
function tellOfReplaced(state: GenerationState, { warn }: Location): void {
  const left = earlierOf(state).map(describeGeneration);
  if (left.length > 0) {
    warn(
      `The ImageGenerations was replaced, so these earlier images are in no state any more, and are kept: ${left.join(", ")}. ` +
        "Delete what is not needed in the console, or take one over by imageId.",
    );
  }
}

/** A change of the accounts that the image is shared with is one of the generations that it has had. */
async function shareAs(inputs: GenerationInputs, state: GenerationState, location: Location): Promise<void> {
  const [before, after] = [state.sharedWith ?? [], inputs.sharedWith ?? []];
  const known = new Set(state.generations?.map(({ imageId }) => imageId));
  for (const generation of inputs.generations ?? []) {
    const { imageId } = generation;
    // The current one is shared by resources of its own; what it has from being an earlier one is taken from it all the same.
    const isCurrent = imageId === inputs.imageId;
    if (isCurrent && !earlierOf(state).some((one) => one.imageId === imageId)) {
      continue;
    }
    // One that no run has told of yet may be shared with nobody.
    const isTold = known.has(imageId);
    const removed = isTold ? without(before, after) : [];
    const added = isCurrent ? [] : isTold ? without(after, before) : after;
    if (added.length + removed.length === 0) {
      continue;
    }
    const image = await undefinedIfNotFound(() => location.client.showImage(imageId));
    if (image === undefined) {
      continue; // A refresh says that it is gone.
    }
    for (const memberId of removed) {
      await removeMember({ imageId, memberId }, factsOf(generation, state), location);
    }
    if (added.length > 0 && image.visibility !== "shared") {
      await updateImage(imageId, { visibility: "shared" }, location.client);
    }
    for (const memberId of added) {
      await addMember({ imageId, memberId }, location);
    }
  }
}

/** Accounts that the others are not, in whatever spelling. */
function without(accounts: readonly string[], others: readonly string[]): string[] {
  return accounts.filter((one) => !others.some((other) => isSameAccount(one, other)));
}

async function refuseProtected(generations: readonly Generation[], { client }: Location): Promise<void> {
  const images = await Promise.all(
    generations.map(({ imageId }) => undefinedIfNotFound(() => client.showImage(imageId))),
  );
  const stuck = images.filter((image): image is Image => image?.protected === true).map(({ id }) => id);
  if (stuck.length > 0) {
    throw new ImageError(
      `Earlier generations are protected, so nothing was deleted: ${stuck.join(", ")}. Set protected to false, run pulumi up, then delete.`,
    );
  }
}
