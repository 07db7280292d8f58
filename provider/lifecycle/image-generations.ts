import { randomUUID } from "node:crypto";
import type { Image } from "../api/images";
import { omitUndefined, pick, withDefaults, type CheckFailure } from "../schema/check";
import {
  asInputs,
  asState,
  namesGiven,
  type Inputs,
  type Properties,
  type State,
} from "../schema/description";
import { diffProperties } from "../schema/diff";
import { describeGeneration, planGenerations, type Generation } from "../schema/generations";
import { imageGenerations, type ChannelTarget, type GenerationFacts } from "../schema/image-generations";
import { isUnknown } from "../schema/unknown";
import { makerOf } from "./accounts";
import { isPointedAt, pointChannels, type Pointers } from "./channels";
import { checkInputs } from "./check";
import type { Location, ProviderContext } from "./context";
import { deleteUnlessHeld } from "./delete";
import { undefinedIfNotFound } from "./gone";
import { isExpected } from "./expected";
import { ImageError, PartlyDone } from "./image-error";
import { addMember, removeMember } from "./members";
import { isNowhere, keysForDiff, openAsKept } from "./profiles";
import { locationOf, readImage } from "./read";
import type { Lifecycle } from "./types";
import { updateImage } from "./update";

type GenerationInputs = Inputs<typeof imageGenerations>;
type GenerationState = State<typeof imageGenerations>;

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
      if (replaces.length > 0 || moves) {
        await refuseProtected(earlierOf(withUndone(olds)), location); // They could not be deleted where they are.
      }
      return { changes, replaces: moves ? [...replaces, "profile"] : replaces };
    },

    async create(properties) {
      const inputs = asInputs(imageGenerations, properties);
      const location = await context.open(inputs);
      hold(inputs, location);
      await pointChannels(new Map(), pointersOf(inputs), tagsOf(inputs), location);
      return { id: randomUUID(), outputs: outputs(inputs, await allFacts(inputs, {}, location)) };
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
      const now = {
        ...state,
        ...locationOf(context, known),
        generations: stay,
        channels: await channelsThatShow({ ...state, generations: stay }, location),
      };
      const found = omitUndefined({ ...outputs(now, factsOfAll(stay, facts)), undone: state.undone });
      return { id, outputs: found, inputs: withDefaults(imageGenerations, found) };
    },

    async update(id, olds, news) {
      const inputs = asInputs(imageGenerations, news);
      const state = asState(imageGenerations, olds);
      const location = await context.open(news);
      location.reader.forget();
      hold(inputs, location);
      const { facts = {} } = withUndone(olds);
      try {
        for (const before of [state, ...(state.undone === undefined ? [] : [state.undone])]) {
          await change(asState(imageGenerations, before), inputs, location);
        }
        return { id, outputs: outputs(inputs, await allFacts(inputs, facts, location)) };
      } catch (error) {
        // What the program says now is the state, and what was is remembered: whichever it says next, all of it is gone over again.
        const undone = state.undone ?? omitUndefined(pick(olds, remembered));
        throw isExpected(error) ? new PartlyDone(id, { ...outputs(inputs, facts), undone }, error) : error;
      }
    },

    async delete(_, olds) {
      const state = withUndone(olds);
      const location = await context.open(olds);
      const { holders } = location;
      if (holders.placeOfGenerations(state.origin) === placeOf(state)) {
        tellOfReplaced(state, location);
        return;
      }
      holders.keepGenerations(state.origin, state.generations);
      await refuseProtected(earlierOf(state), location);
      const [current] = state.generations ?? [];
      if (current !== undefined && holders.isHeld(current.imageId)) {
        await pointChannels(pointersOf(state), new Map(), () => ({}), location); // It stays, and is in no channel any more.
      }
      for (const generation of earlierOf(state)) {
        holders.release(generation.imageId, keyOf(state));
        await remove(generation, state);
      }
    },
  };

  /** Brings generations from what they were to what the program says. The deletes come last. */
  async function change(state: GenerationState, inputs: GenerationInputs, location: Location): Promise<void> {
    await shareAs(inputs, state, location);
    await pointChannels(pointersOf(state), pointersOf(inputs), tagsOf(inputs), location);
    const staying = new Set(inputs.generations?.map(({ imageId }) => imageId));
    const earlier = earlierOf(state);
    if (inputs.protected !== state.protected) {
      const others = (state.generations ?? []).filter(({ imageId }) => imageId !== inputs.imageId);
      await protect(others, inputs.protected === true, location);
    }
    const leaving = earlier.filter(({ imageId }) => !staying.has(imageId));
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

/** Works out which generations stay. What is to go is looked at first: what is protected, or shared by others, stays. */
async function plan(
  olds: Properties | undefined,
  inputs: GenerationInputs,
  location: Location,
): Promise<{ inputs: Properties; failures: CheckFailure[] }> {
  const state = asState(imageGenerations, olds ?? {});
  const isMoved = state.region !== inputs.region || state.environment !== inputs.environment;
  const apart = failureOfParts(inputs, location);
  if (apart !== undefined) {
    return { inputs: omitUndefined({ ...inputs }), failures: [apart] };
  }
  const before = isMoved ? [] : await withoutDeadOne(state.generations ?? [], inputs.imageId, location);
  location.holders.placeGenerations(inputs.origin, placeOf(inputs));
  const { imageId, version, keep, channels = {} } = inputs;
  const current: Generation = version === undefined ? { imageId } : { imageId, version };
  const pinned = Object.values(channels).filter((wanted) => wanted !== "");
  const { stay, leave } = planGenerations(before, current, { keep, pinned });
  const lifts = state.protected === true && inputs.protected !== true;
  const declared = [...(state.sharedWith ?? []), ...(inputs.sharedWith ?? [])];
  const kept = await Promise.all(leave.map((one) => isKept(one, { lifts, declared }, location)));
  const generations = [...stay, ...leave.filter((_, index) => kept[index])];
  const leaving = leave.filter((_, index) => !kept[index]).map(describeGeneration);
  const planned = { ...inputs, generations, leaving };
  hold(planned, location);
  const failures = [
    ...missingVersions(channels, generations),
    ...ambiguousVersion(before, current),
    ...takenByOthers(generations.slice(1), inputs, location),
  ];
  return { inputs: omitUndefined(planned), failures };
}

/** A run that replaces the record and leaves its import out would take the old image for the new one. */
function failureOfParts(
  { imageId, origin }: GenerationInputs,
  { holders }: Location,
): CheckFailure | undefined {
  const made = isUnknown(origin) ? undefined : holders.latestOf(origin);
  const reason =
    `the image was replaced by ${made}, and this run leaves out what waits for it. ` +
    "Nothing was deleted. Run again without --target and --exclude, or with the whole of the entry.";
  return made === undefined || isUnknown(imageId) || made === imageId
    ? undefined
    : { property: "imageId", reason };
}

/** A current image that is gone by the time of its replacement is no earlier generation. */
async function withoutDeadOne(
  before: readonly Generation[],
  imageId: string,
  { client }: Location,
): Promise<readonly Generation[]> {
  const [was] = before;
  if (was === undefined || was.imageId === imageId || isUnknown(was.imageId)) {
    return before;
  }
  if ((await undefinedIfNotFound(() => client.showImage(was.imageId))) !== undefined) {
    return before;
  }
  for await (const { id } of client.allImages({ limit: 1000 })) {
    if (id === was.imageId) {
      return before;
    }
  }
  return before.slice(1);
}

/** Another name for the same content must not be that of an earlier generation, which would go for it. */
function ambiguousVersion(before: readonly Generation[], { imageId, version }: Generation): CheckFailure[] {
  const [was, ...earlier] = before;
  const other = earlier.find((one) => version !== undefined && one.version === version);
  const reason =
    `is ${version} now, which is what an earlier generation is called: ${other?.imageId}. ` +
    "To go back to that one, point a channel at it; else give this content another version.";
  return was?.imageId !== imageId || was.version === version || other === undefined
    ? []
    : [{ property: "version", reason: `version ${reason}` }];
}

/** An image is one's alone: of two entries that had it, one would delete it. */
function takenByOthers(
  earlier: readonly Generation[],
  { origin }: GenerationInputs,
  { holders }: Location,
): CheckFailure[] {
  const taken = earlier.filter(({ imageId }) => !isUnknown(origin) && holders.hasNewcomer(imageId, origin));
  return taken.map((one) => ({
    property: "generations",
    reason: `the earlier generation ${describeGeneration(one)} is managed by another resource of this program already: leave its imageId out there.`,
  }));
}

/** Where generations are. */
function placeOf({ region, environment, profile = "" }: GenerationState): string {
  return `${region} ${environment} ${profile}`;
}

function missingVersions(
  channels: Readonly<Record<string, string>>,
  generations: readonly Generation[],
): CheckFailure[] {
  const versions = generations.flatMap(({ version }) => version ?? []);
  return Object.entries(channels)
    .filter(([, version]) => version !== "" && !versions.includes(version))
    .map(([channel, version]) => ({
      property: "channels",
      reason:
        `channel "${channel}" names version ${version}, which is not kept; ` +
        (versions.length === 0 ? "no image here has a version." : `there are ${versions.join(", ")}.`),
    }));
}

/** Whether a generation stays that nothing of the program keeps: it is protected, or shared with accounts that the program does not name. */
async function isKept(
  { imageId }: Generation,
  { lifts, declared }: { lifts: boolean; declared: readonly string[] },
  { client }: Location,
): Promise<boolean> {
  if (isUnknown(imageId)) {
    return false;
  }
  const image = await undefinedIfNotFound(() => client.showImage(imageId));
  if (image === undefined || (image.protected === true && !lifts)) {
    return image !== undefined;
  }
  const members = image.visibility === "shared" ? await client.members.list(imageId) : [];
  return members.some(({ memberId }) => !declared.includes(memberId));
}

/** Between the plan and the delete somebody may have come to need one. @throws ImageError before anything is deleted */
async function refuseNeeded(
  leaving: readonly Generation[],
  declared: readonly string[],
  location: Location,
): Promise<void> {
  for (const generation of leaving) {
    if (await isKept(generation, { lifts: false, declared }, location)) {
      throw new ImageError(
        `${describeGeneration(generation)} is protected, or shared with other accounts, since the preview. Nothing was deleted; run again.`,
      );
    }
  }
}

/** Says that the earlier generations are held, so that the deletes of the records that held them before leave them alone. */
function hold(
  state: Pick<GenerationState, "generations" | "origin" | "sharedWith">,
  { holders, memberships }: Location,
): void {
  holders.keepGenerations(state.origin, state.generations);
  for (const { imageId } of earlierOf(state)) {
    holders.holdAsGeneration(imageId, keyOf(state), state.origin);
    for (const memberId of state.sharedWith ?? []) {
      memberships.keep({ of: "owner", imageId, memberId });
    }
  }
}

/** What these generations hold an image by. */
function keyOf({ origin }: Pick<GenerationState, "origin">): string {
  return `generations of ${origin ?? "?"}`;
}

function earlierOf({ generations = [] }: Pick<GenerationState, "generations">): Generation[] {
  return generations.slice(1);
}

/** Where the channels point. One whose version is not there points nowhere. */
function targetsOf({ channels = {}, generations = [] }: GenerationState): Record<string, ChannelTarget> {
  const targets = Object.entries(channels).flatMap(([channel, wanted]): [string, ChannelTarget][] => {
    const one = wanted === "" ? generations[0] : generations.find(({ version }) => version === wanted);
    return one === undefined ? [] : [[channel, omitUndefined(pick(one, ["imageId", "version"])) as never]];
  });
  return Object.fromEntries(targets);
}

function pointersOf(state: GenerationState): Pointers {
  const pointers = new Map<string, Record<string, string>>();
  for (const [channel, { imageId, version = "" }] of Object.entries(targetsOf(state))) {
    pointers.set(imageId, { ...pointers.get(imageId), [channel]: version });
  }
  return pointers;
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
  const added = after.filter((one) => !before.includes(one));
  const removed = before.filter((one) => !after.includes(one));
  for (const generation of added.length + removed.length === 0 ? [] : earlierOf(inputs)) {
    const { imageId } = generation;
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

/** What of a state a change that failed is gone over again by. */
const remembered = [
  ...["generations", "channels", "protected", "sharedWith", "facts"],
  ...["origin", "region", "environment", "profile"],
];

/** A state, with the generations that a change which failed was to delete. */
function withUndone(properties: Properties): GenerationState {
  const state = asState(imageGenerations, properties);
  const undone = asState(imageGenerations, state.undone ?? {});
  const { generations = [] } = state;
  const ids = generations.map(({ imageId }) => imageId);
  const left = (undone.generations ?? []).filter(({ imageId }) => !ids.includes(imageId));
  return { ...state, generations: [...generations, ...left], facts: { ...undone.facts, ...state.facts } };
}

/** What is remembered of a generation. */
function factsOf({ imageId }: Generation, { facts = {}, protected: declared }: GenerationState): Properties {
  return { protected: declared, ...facts[imageId] };
}

type Facts = Record<string, GenerationFacts>;

/** What is known of the generations; of a new one, it is asked for. */
async function allFacts(
  { generations = [] }: GenerationInputs,
  known: Facts,
  { client }: Location,
): Promise<Facts> {
  const facts = await Promise.all(
    generations.map(async ({ imageId }): Promise<[string, GenerationFacts]> => {
      const before = known[imageId];
      if (before !== undefined) {
        return [imageId, before];
      }
      const told = toldOf(await client.showImage(imageId));
      return [imageId, omitUndefined({ ...told, ...(await makerOf(client, imageId)) })];
    }),
  );
  return Object.fromEntries(facts);
}

function factsOfAll(generations: readonly Generation[], facts: Facts): Facts {
  const known = generations.map(({ imageId }): [string, GenerationFacts] => [imageId, facts[imageId] ?? {}]);
  return Object.fromEntries(known);
}

function toldOf(image: Image): GenerationFacts {
  return omitUndefined(pick(image, ["name", "createdAt", "size", "checksum"]));
}

function outputs(state: GenerationState, facts: Facts): Properties {
  const names = namesGiven(imageGenerations, "required", "optional", "default", "configured", "internal");
  const values: Properties = { ...state };
  return omitUndefined({ ...pick(values, names), leaving: undefined, targets: targetsOf(state), facts });
}
