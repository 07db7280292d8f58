import { isSameId, type Image, type UpdateImage } from "../api/images";
import { omitUndefined, pick, withDefaults, type CheckFailure } from "../schema/check";
import {
  asInputs,
  asState,
  imageNames,
  namesChanged,
  namesGiven,
  namesOfOutputs,
  notOfTheImage,
  propertyOf,
  type Description,
  type Inputs,
  type Properties,
  type State,
} from "../schema/description";
import { changedProperties, diffProperties, type Difference } from "../schema/diff";
import { managedRecord } from "../schema/managed-image";
import { asRead, newMismatches, type Spelled } from "../schema/spelling";
import { isUnknown } from "../schema/unknown";
import { endpointFound } from "./accounts";
import { checkInputs, keyFailures } from "./check";
import type { Location, ProviderContext } from "./context";
import { deleteUnlessHeld } from "./delete";
import { hasContent } from "./gone";
import { ImageError } from "./image-error";
import { isNowhere, keysForDiff, openAsKept } from "./profiles";
import { locationOf, readImage, withOldTime } from "./read";
import { refuseHopelessReplacement } from "./replace";
import { declareTags, readTags } from "./tags";
import { importsText, othersText } from "./take-over";
import type { Checked, Found } from "./types";
import { refuseToHideMembers } from "./sharing/unshare";
import { updateImage } from "./update";

// What the lives of all resources have in common whose delete deletes their image: `ImageRecord` and `ServerImageRecord`.

export type ManagedInputs = Inputs<typeof managedRecord>;
export type ManagedState = State<typeof managedRecord>;

/** One kind of such resource. */
interface Managed {
  context: ProviderContext;
  description: Description;
}

/**
 * Check, up to where the kinds differ.
 * @param more what else is wrong, asked when nothing is so far and it is known where the image is to be
 */
export async function checkManaged(
  { context, description }: Managed,
  olds: Properties | undefined,
  news: Properties,
  more: (inputs: Properties, location: Location) => Promise<CheckFailure[]>,
): Promise<Checked> {
  const { inputs, failures } = await checkInputs(context, description, news, olds);
  if (failures.length > 0 || isNowhere(news)) {
    return { inputs, failures }; // Where nobody knows yet, nothing can be asked.
  }
  const location = context.locate(inputs);
  const refused = await keyFailures(location, description, olds, inputs);
  if (refused.length > 0) {
    return { inputs, failures: refused };
  }
  const { imageId, visibility } = asInputs(managedRecord, inputs);
  if (imageId !== undefined) {
    location.memberships.noteVisibility(imageId, visibility);
  }
  const stuck = refusedReplacement(olds, asInputs(managedRecord, inputs), location);
  return { inputs, failures: stuck === undefined ? await more(inputs, location) : [stuck] };
}

/**
 * A replacement that no diff was asked about: check is called for the resource as it is, and again as for a new one. Where the image is
 * protected, its delete would be refused.
 */
function refusedReplacement(
  olds: Properties | undefined,
  { origin }: ManagedInputs,
  location: Location,
): CheckFailure | undefined {
  if (origin === undefined || isUnknown(origin)) {
    return undefined;
  }
  if (olds !== undefined) {
    location.checked.set(origin, { ...olds, retainOnDelete: isKept(asState(managedRecord, olds)) });
    return undefined;
  }
  const before = location.checked.get(origin);
  const stuck = before?.protected === true && before.retainOnDelete !== true;
  const reason =
    "the image is to be replaced, but it is protected: SCP would refuse to delete it. Set protected to false and run pulumi up first.";
  return stuck ? { property: "protected", reason } : undefined;
}

/**
 * Diff; this run learns from it which image the state's entry holds.
 * @param more for what else the resource must be replaced
 * @throws ImageError for a replacement that cannot come to its end
 */
export async function diffManaged(
  { context, description }: Managed,
  id: string,
  olds: Properties,
  news: Properties,
  more: (location: Location) => Promise<string[]> = () => Promise.resolve([]),
): Promise<Difference> {
  const { changes, replaces } = diffProperties(description, olds, news);
  const inputs = asInputs(managedRecord, news);
  const { imageId, origin } = inputs;
  const another = imageId !== undefined && !isSameId(imageId, id);
  const state = asState(managedRecord, olds);
  const kept = { what: `Image ${id}`, id, by: state };
  // Of an entry of a pipeline it must be known all the same whether it leaves its images behind.
  const isReplaced = (replaces.length > 0 || another) && state.place === undefined;
  const { location, moves } = await keysForDiff(context, kept, [olds, news], isReplaced);
  const { client, holders } = location;
  const because = [
    ...replaces,
    ...(another ? ["imageId"] : []),
    ...(await more(location)),
    ...(moves ? ["profile"] : []),
  ];
  holders.holdAsRecord(id, state.token, origin);
  if (holders.hasNewcomer(id, origin)) {
    throw new ImageError(othersText(id));
  }
  if (holders.isOfImport(id)) {
    location.warn(importsText(id)); // This run keeps the image all the same; one that asks about the import alone would not.
  }
  const { protected: remembered, retainOnDelete: retained } = state;
  const leaves = because.some((name) => ["region", "environment", "profile"].includes(name));
  const { place = placeOf(inputs), replaced } = state;
  if (place !== undefined && isOfProgram(origin, location)) {
    location.entries.noteRecord({ imageId: id, origin, place, replaced, leaves });
  }
  const staysAsGeneration = state.inGenerations === true && !leaves; // Generations stay where they are.
  const replacement = { id, because, imageId, protected: remembered, retained, staysAsGeneration };
  await refuseHopelessReplacement(replacement, client);
  if (because.length === 0) {
    await planVisibility(id, state, inputs, location);
  }
  return { changes: changes || because.length > 0 || isRenamed(state, inputs), replaces: because };
}

/** Whether the state has yet to learn of the record's place in the program: by that, its generations are found. */
function isRenamed({ place }: ManagedState, news: ManagedInputs): boolean {
  return place !== undefined && !isUnknown(news.origin) && place !== placeOf(news);
}

/** Whether a diff is about what the program says: a refresh asks as well, of what the state says, and changes nothing. */
function isOfProgram(origin: string | undefined, { checked }: Location): boolean {
  return checked.has(origin ?? "");
}

/** What visibility the image is to have: members of it are checked against that. */
async function planVisibility(
  id: string,
  state: ManagedState,
  { visibility, origin }: ManagedInputs,
  location: Location,
): Promise<void> {
  if (isUnknown(visibility)) {
    return;
  }
  if (isOfProgram(origin, location) && visibility === "private" && state.visibility === "shared") {
    await refuseToHideMembers(id, location);
  }
  location.memberships.noteVisibility(id, visibility);
}

/** Read: what changed behind our back is found, and what cannot change stays as it is declared. */
export async function readManaged(
  { context, description }: Managed,
  id: string,
  known: Properties | undefined,
): Promise<Found> {
  const olds = known ?? {};
  const location = await openAsKept(context, `Image ${id}`, olds);
  const image = await readImage(id, known, location);
  if (image === undefined) {
    return undefined;
  }
  const state = asState(managedRecord, olds);
  const before = { ...olds, echo: state.echo };
  const unlike = newMismatches(description, image, before);
  if (unlike.length > 0) {
    location.warn(`Image ${id}: ${unlike.join("; ")}. That cannot change, so the state stays as it is.`);
  }
  const tags = state.tags === undefined ? undefined : await readTags(image, state.tags, location);
  const endpoint = endpointFound(state, location.client.settings);
  const now = { ...state, ...locationOf(context, olds), tags, endpoint };
  const found = withOldTime(outputsOf(description, image, now, asRead(description, image, before)), olds);
  return { id, outputs: found, inputs: withDefaults(description, found) };
}

/** Brings an image to what is declared of it now, as far as that has changed. */
export async function updateManaged(
  description: Description,
  id: string,
  { olds, news }: { olds: Properties; news: Properties },
  { client, reader }: Location,
): Promise<Image> {
  const inputs = asInputs(managedRecord, news);
  reader.forget();
  const changed = changedProperties(description, olds, news);
  // Tags that are no longer declared are left alone. They come first: where they are refused, nothing else is done.
  if (changed.includes("tags") && inputs.tags !== undefined) {
    await declareTags(await client.showImage(id), inputs.tags, client);
  }
  const names = updatable(description).filter((name) => changed.includes(name));
  return names.length > 0 ? updateImage(id, pick(asUpdate(news), names), client) : client.showImage(id);
}

/** What of an image is not as declared, and can be brought to it. Tags are another service's. */
export function changesFor(description: Description, image: Image, declared: Properties): UpdateImage {
  const told: Properties = { ...image };
  const names = updatable(description).filter(
    (name) =>
      declared[name] !== undefined && !propertyOf(description, name).kind.same(told[name], declared[name]),
  );
  return pick(asUpdate(declared), names);
}

/** What a request that updates an image can say of this kind of resource. */
function updatable(description: Description): (keyof UpdateImage)[] {
  return imageNames(description, "update");
}

/** What check has let through has these types. */
function asUpdate(properties: Properties): UpdateImage {
  return properties;
}

/**
 * Deletes a resource's image; one that is an earlier generation from now on stays.
 * @throws ImageError where that cannot be told: the image was replaced, and this run knows nothing of the generations
 */
export async function deleteManaged(context: ProviderContext, id: string, olds: Properties): Promise<void> {
  const { place } = asState(managedRecord, olds);
  const { client, entries, holders, warn } = await openAsKept(context, `Image ${id}`, olds);
  if (place !== undefined && entries.mayBeKept(id, place)) {
    throw new ImageError(
      `Image ${id} may be one of the generations that an ImageGenerations keeps, which this run does not look at. ` +
        "Nothing was deleted. Run again without --target, or with the whole of the entry.",
    );
  }
  if (holders.isGeneration(id)) {
    return;
  }
  if (place !== undefined && entries.isStranger(id, place) && (await hasContent(id, client))) {
    warn(
      `Image ${id} is kept, and in no state any more: a run that failed made it, and no generations were told of it. ` +
        "Take it over by imageId, or delete it in the console.",
    );
    return;
  }
  await deleteUnlessHeld(context, id, olds);
}

/** Whether a replacement keeps the old image: by the resource option, or as a generation that is protected. */
function isKept({ retainOnDelete, inGenerations }: ManagedState): boolean {
  return retainOnDelete === true || inGenerations === true;
}

/** What its generations know a record by. */
function placeOf({ inGenerations, origin }: ManagedInputs): string | undefined {
  return inGenerations === true ? origin : undefined;
}

/** What a record that was just made keeps of its place among generations. */
export function keptOfEntry(imageId: string, inputs: ManagedInputs, { entries }: Location): ManagedState {
  const place = placeOf(inputs);
  const replaced = place === undefined ? [] : entries.noteMade(imageId, place);
  return { place, replaced: replaced.length > 0 ? replaced : undefined };
}

/** What is ours in the state, and stays as it is for an image's life. */
function keptOf(description: Description, olds: Properties): Properties {
  return pick(olds, namesGiven(description, "kept"));
}

/** The same after an update. */
export function keptAfter(description: Description, olds: Properties, news: Properties): Properties {
  return { ...keptOf(description, olds), place: placeOf(asInputs(managedRecord, news)) };
}

/** What the record tells: what was declared, as the state is to have it, what is known of the image, and what is ours. */
export function outputsOf(
  description: Description,
  image: Image,
  state: Properties,
  { properties, echo }: Spelled,
): Properties {
  const beside = Object.keys(notOfTheImage).filter((name) => Object.hasOwn(description, name));
  return omitUndefined({
    ...properties,
    ...pick(state, beside),
    ...pick(state, namesChanged(description, "setting")),
    ...keptOf(description, state),
    echo,
    ...pick(image, namesOfOutputs(description)),
  });
}
