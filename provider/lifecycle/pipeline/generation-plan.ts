// Which generations stay, and what keeps a plan from being one.

import { isSameAccount } from "../../api/account-id";
import { isSameId } from "../../api/images";
import { omitUndefined, type CheckFailure } from "../../schema/check";
import { asState, type Properties } from "../../schema/description";
import { describeGeneration, planGenerations, type Generation } from "../../schema/generations";
import { imageGenerations } from "../../schema/image-generations";
import { isUnknown } from "../../schema/unknown";
import type { Location } from "../context";
import { hold, placeOf, pointersOf, type GenerationInputs, type GenerationState } from "./generation-state";
import { hasContent, showTwice, undefinedIfNotFound } from "../gone";
import { ImageError } from "../image-error";
import { isAnotherProfile } from "../profiles";

/** Works out which generations stay. What is to go is looked at first: what is protected, or shared by others, stays. */
export async function plan(
  olds: Properties | undefined,
  inputs: GenerationInputs,
  location: Location,
): Promise<{ inputs: Properties; failures: CheckFailure[] }> {
  const state = asState(imageGenerations, olds ?? {});
  const apart = failureOfParts(inputs, location);
  if (apart !== undefined) {
    return { inputs: omitUndefined({ ...inputs }), failures: [apart] };
  }
  await tellOfWayBack(state, inputs, location);
  const { entries } = location;
  const before = await generationsBefore(state, inputs, location);
  entries.noteBefore(inputs.origin, before);
  entries.place(inputs.origin, placeOf(inputs));
  const { imageId, version, keep, channels = {} } = inputs;
  const current: Generation = version === undefined ? { imageId } : { imageId, version };
  const pinned = Object.values(channels).filter((wanted) => wanted !== "");
  const { stay, leave } = planGenerations(before, current, { keep, pinned });
  const lifts = state.protected === true && inputs.protected !== true;
  const declared = [...(state.sharedWith ?? []), ...(inputs.sharedWith ?? [])];
  const kept = await Promise.all(leave.map((one) => isKept(one, { lifts, declared }, location)));
  const generations = [...stay, ...leave.filter((_, index) => kept[index])];
  const gone = leave.filter((_, index) => !kept[index]);
  const leaving = gone.length > 0 ? gone.map(describeGeneration) : undefined;
  const planned = { ...inputs, generations, leaving };
  // With `keep: 0`, a replacement says itself that the image before goes.
  tellOfLeaving(keep > 0 ? gone : gone.filter((one) => one !== before[0]), location);
  hold(planned, location);
  for (const [id, pointing] of pointersOf(planned)) {
    entries.point(id, Object.keys(pointing));
  }
  const failures = [
    ...missingVersions(channels, generations),
    ...ambiguousVersion(before, current),
    ...takenByOthers(generations.slice(1), inputs, location),
  ];
  return { inputs: omitUndefined(planned), failures };
}

function tellOfLeaving(leaving: readonly Generation[], { holders, warnOnce }: Location): void {
  const gone = leaving.filter(({ imageId }) => !holders.isWanted(imageId));
  if (gone.length > 0) {
    const all = gone.map(describeGeneration).join(", ");
    const which = gone.length === 1 ? "This generation is" : "These generations are";
    warnOnce(`leaving ${all}`, `${which} not kept, and deleted by this change: ${all}.`);
  }
}

/** A run that replaces the record and leaves its import out would take the old image for the new one. */
function failureOfParts(
  { imageId, origin }: GenerationInputs,
  { entries }: Location,
): CheckFailure | undefined {
  const made = isUnknown(origin) ? undefined : entries.latestOf(origin);
  const reason =
    `the image was replaced by ${made}, and this run leaves out what waits for it. ` +
    "Nothing was deleted. Run again without --target and --exclude, or with the whole of the entry.";
  return made === undefined || isUnknown(imageId) || made === imageId
    ? undefined
    : { property: "imageId", reason };
}

/** After a replacement that failed, to put the content back makes it anew, as a new image: the one that is still there can be kept. */
async function tellOfWayBack(
  { generations: [good] = [] }: GenerationState,
  { imageId, version, origin }: GenerationInputs,
  { client, entries, holders, warnOnce }: Location,
): Promise<void> {
  const failed = isUnknown(origin) ? undefined : entries.imagesBefore(origin).at(-1);
  if (good === undefined || failed === undefined || version === undefined || good.version !== version) {
    return;
  }
  const isBack = holders.isWanted(good.imageId) || [failed, imageId].some((id) => isSameId(id, good.imageId));
  if (!isBack && (await undefinedIfNotFound(() => client.showImage(good.imageId))) !== undefined) {
    warnOnce(
      `way back ${good.imageId}`,
      `${describeGeneration(good)} is still there, and this makes ${version} anew in its place. ` +
        `To keep it as it is, say imageId: ${good.imageId} in the entry.`,
    );
  }
}

/** The generations that the entry has had until now, the current one first. What moves leaves them behind. */
async function generationsBefore(
  state: GenerationState,
  inputs: GenerationInputs,
  location: Location,
): Promise<readonly Generation[]> {
  const { generations = [] } = state;
  const isNew = state.region === undefined;
  const stays = isNew || (state.region === inputs.region && state.environment === inputs.environment);
  const leaves = (isNew || isAnotherProfile(state, inputs)) && location.entries.leaves(inputs.origin);
  if (!stays || leaves) {
    return [];
  }
  const known = await withoutDeadOne(generations, inputs.imageId, location);
  return [...known, ...(await untoldOnes(generations, inputs, location))];
}

/**
 * The images that the record had until now, where runs that failed in between have not told the generations of them, the newest first. They
 * come after all others: content that no run has found to be good takes no good one's place.
 */
async function untoldOnes(
  generations: readonly Generation[],
  { imageId, origin }: GenerationInputs,
  { client, entries, holders }: Location,
): Promise<Generation[]> {
  const before = isUnknown(origin) ? [] : entries.imagesBefore(origin);
  const isTold = (id: string) => generations.some((one) => isSameId(one.imageId, id));
  // Of generations that are new, an older image may be anybody's by now.
  const untold = before
    .slice(generations.length === 0 ? -1 : before.findLastIndex(isTold) + 1)
    .filter((id) => !isSameId(id, imageId) && !holders.hasNewcomer(id, origin));
  const has = await Promise.all(untold.map((id) => hasContent(id, client)));
  return untold
    .filter((_, index) => has[index])
    .map((id) => ({ imageId: id }))
    .reverse();
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
  const isListed = (await client.allImages()).some(({ id }) => isSameId(id, was.imageId));
  return isListed ? before : before.slice(1);
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

function missingVersions(
  channels: Readonly<Record<string, string>>,
  generations: readonly Generation[],
): CheckFailure[] {
  const versions = generations.flatMap(({ version }) => version ?? []);
  return Object.entries(channels)
    .filter(([, version]) => version !== "" && !versions.includes(version))
    .map(([channel, version]) => ({
      property: "", // With it, the CLI writes all channels in a notation of its own.
      reason: `channel "${channel}" names version "${version}", which is not kept; ${whatIsKept(versions)}.`,
    }));
}

function whatIsKept(versions: readonly string[]): string {
  const all = versions.map((version) => `"${version}"`).join(", ");
  const [first] = versions;
  return versions.length > 1
    ? `there are ${all}`
    : first === undefined
      ? "no image here has a version"
      : `there is ${all} alone, so far`;
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
  const image = await showTwice(imageId, client);
  if (image === undefined || (image.protected === true && !lifts)) {
    return image !== undefined;
  }
  const mayHaveMembers = image.visibility === "shared" || image.visibility === undefined; // What is not told is no reason to delete.
  const members = mayHaveMembers ? await client.members.list(imageId) : [];
  return members.some(({ memberId }) => !declared.some((one) => isSameAccount(one, memberId)));
}

/** Between the plan and the delete somebody may have come to need one. @throws ImageError before anything is deleted */
export async function refuseNeeded(
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
