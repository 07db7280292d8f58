// What a state of `ImageGenerations` says, and what is made of it.

import { isDeepStrictEqual } from "node:util";
import type { Image } from "../../api/images";
import { omitUndefined, pick } from "../../schema/check";
import { asState, namesGiven, type Inputs, type Properties, type State } from "../../schema/description";
import type { Generation } from "../../schema/generations";
import { imageGenerations, type ChannelTarget, type GenerationFacts } from "../../schema/image-generations";
import { makerOf } from "../accounts";
import type { Pointers } from "./channels";
import type { Location } from "../context";
import { showTwice } from "../gone";

export type GenerationInputs = Inputs<typeof imageGenerations>;
export type GenerationState = State<typeof imageGenerations>;

/** Where generations are. */
export function placeOf({ region, environment }: GenerationState): string {
  return `${region} ${environment}`;
}

/** Says that the earlier generations are held, so that the deletes of the records that held them before leave them alone. */
export function hold(
  state: Pick<GenerationState, "generations" | "origin" | "sharedWith">,
  { entries, holders, memberships }: Location,
): void {
  entries.noteGenerations(state.origin, state.generations);
  for (const { imageId } of earlierOf(state)) {
    holders.holdAsGeneration(imageId, keyOf(state), state.origin);
    for (const memberId of state.sharedWith ?? []) {
      memberships.keep({ of: "owner", imageId, memberId });
    }
  }
}

/** What these generations hold an image by. */
export function keyOf({ origin }: Pick<GenerationState, "origin">): string {
  return `generations of ${origin ?? "?"}`;
}

export function earlierOf({ generations = [] }: Pick<GenerationState, "generations">): Generation[] {
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

export function pointersOf(state: GenerationState): Pointers {
  const pointers = new Map<string, Record<string, string>>();
  for (const [channel, { imageId, version = "" }] of Object.entries(targetsOf(state))) {
    pointers.set(imageId, { ...pointers.get(imageId), [channel]: version });
  }
  return pointers;
}

/** What of a state a change that failed is gone over again by. */
const remembered = [
  ...["generations", "channels", "protected", "sharedWith", "facts"],
  ...["origin", "region", "environment", "profile"],
];

/** What was before the changes that failed, with the one that fails now. */
export function undoneWith(olds: Properties): Properties[] {
  const before = omitUndefined(pick(olds, remembered));
  const earlier = asState(imageGenerations, olds).undone ?? [];
  const isKnown = earlier.some((one) => isDeepStrictEqual(one, before));
  return isKnown ? earlier : [...earlier, before];
}

/** What there may be of these generations: what the state says, and what was before each change that failed. */
export function everyState(olds: Properties): GenerationState[] {
  const { undone = [], ...state } = asState(imageGenerations, olds);
  return [state, ...undone.map((one) => asState(imageGenerations, one))];
}

/** A state, with the generations that changes which failed were to delete. */
export function withUndone(properties: Properties): GenerationState {
  const [state = {}, ...undone] = everyState(properties);
  const generations = [...(state.generations ?? [])];
  for (const one of undone.flatMap((before) => before.generations ?? [])) {
    if (!generations.some(({ imageId }) => imageId === one.imageId)) {
      generations.push(one);
    }
  }
  const facts = Object.assign({}, ...undone.map((one) => one.facts), state.facts) as Facts;
  return { ...asState(imageGenerations, properties), generations, facts };
}

/** What is remembered of a generation. */
export function factsOf(
  { imageId }: Generation,
  { facts = {}, protected: declared }: GenerationState,
): Properties {
  return { protected: declared, ...facts[imageId] };
}

export type Facts = Record<string, GenerationFacts>;

/** What is known of the generations; of what nothing is, it is asked for. */
export async function allFacts(
  generations: readonly Generation[],
  known: Facts,
  { client }: Location,
): Promise<Facts> {
  const facts = await Promise.all(
    generations.map(async ({ imageId }): Promise<[string, GenerationFacts][]> => {
      const before = known[imageId];
      if (before !== undefined) {
        return [[imageId, before]];
      }
      const image = await showTwice(imageId, client);
      return image === undefined
        ? [] // A refresh says that it is gone.
        : [[imageId, omitUndefined({ ...toldOf(image), ...(await makerOf(client, imageId)) })]];
    }),
  );
  return Object.fromEntries(facts.flat());
}

/** What is known of these. Of what nothing is, there is no entry, so that it is asked for. */
export function factsOfAll(generations: readonly Generation[], facts: Facts): Facts {
  return omitUndefined(
    pick(
      facts,
      generations.map(({ imageId }) => imageId),
    ),
  ) as Facts;
}

export function toldOf(image: Image): GenerationFacts {
  return omitUndefined(pick(image, ["name", "createdAt", "size", "checksum"]));
}

export function outputs(state: GenerationState, facts: Facts): Properties {
  const names = namesGiven(imageGenerations, "required", "optional", "default", "configured", "internal");
  const values: Properties = { ...state };
  return omitUndefined({ ...pick(values, names), leaving: undefined, targets: targetsOf(state), facts });
}
