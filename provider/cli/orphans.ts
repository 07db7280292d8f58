import { sanitize, ScpError } from "../api/errors";
import type { Image } from "../api/images";
import { SettingsError } from "../api/settings";
import { placeOfSrn } from "../api/tags";
import { creationTagKey } from "../schema/creation-tag";
import { showLate } from "../lifecycle/gone";
import { describeImage, taggedImages, type Tagged } from "../lifecycle/orphans";
import type { ProviderContext } from "../lifecycle/context";
import { deleteStaged } from "./staged";
import { heldInStates } from "./states";

/** An image that carries a creation tag, with what is known of it. */
export interface Orphan {
  id: string;
  /** Undefined where the name of the resource does not tell. */
  region?: string;
  /** Undefined where the tag is still there, but the image is not, or cannot be shown. */
  image?: Image;
  /** Why it cannot be shown, or is not there. */
  trouble?: string;
  /** Organization, project and stack that it was created for; undefined where the tag does not tell. */
  stackName?: string;
  createdBy?: "Image" | "ImageRecord";
  /** The file of the exported state that holds it. */
  heldBy?: string;
}

/** All images of the account that carry a creation tag, in every region. */
export async function findOrphans(context: ProviderContext, states: readonly string[]): Promise<Orphan[]> {
  const { client } = await context.open({});
  const held = heldInStates(states);
  const tagged = await taggedImages(client);
  return Promise.all(tagged.map((one) => describe(one, context, held)));
}

async function describe(
  { imageId: id, srn, tag }: Tagged,
  context: ProviderContext,
  held: ReadonlyMap<string, string>,
): Promise<Orphan> {
  const { region, environment } = placeOfSrn(srn) ?? {};
  const orphan: Orphan = {
    id,
    region,
    stackName: tag?.stackName,
    createdBy: tag && (tag.createdAs === "image" ? "Image" : "ImageRecord"),
    heldBy: held.get(id),
  };
  try {
    const location = context.locate({ region, environment });
    const image = await showLate(id, tag?.createdAt ?? 0, location);
    return image === undefined
      ? { ...orphan, trouble: "it is gone, but its tag is not" }
      : { ...orphan, image };
  } catch (error) {
    if (error instanceof ScpError || error instanceof SettingsError) {
      return { ...orphan, trouble: error.message }; // One odd row does not hide the others.
    }
    throw error;
  }
}

const introduction =
  "These images carry the tag pulumi-scp-images, which an image has from its creation until a state knows it. A run that was killed may " +
  "have left them; or they are in use, and the tag could not be removed. Only a state tells which: give those of your stacks with --state.\n";

/** What the command prints. */
export function orphansText(orphans: readonly Orphan[], now: number): string {
  if (orphans.length === 0) {
    return "No image carries the tag pulumi-scp-images: no run left one that it could tag.\n";
  }
  const entries = orphans.map((orphan) => `\n${textOf(orphan, now)}\n`);
  return `${introduction}${entries.join("")}\nTo delete some: npx pulumi-scp-images orphans --state FILE --delete ID …\n`;
}

function textOf(orphan: Orphan, now: number): string {
  const { id, region, image, trouble, stackName, createdBy, heldBy } = orphan;
  const details = [
    ...(trouble === undefined ? [] : [trouble]),
    ...(image?.protected === true ? ["protected"] : []),
    ...(region === undefined ? [] : [`region ${region}`]),
    ...(image?.url === undefined ? [] : [`made of ${image.url}`]),
    stackName === undefined
      ? "the tag does not tell which stack it was created for"
      : `created by an ${createdBy ?? "Image"} of ${stackName}`,
    heldBy === undefined ? "held by no state that was given" : `held by ${heldBy}: in use`,
  ];
  const what = image === undefined ? id : describeImage(image, now);
  return [what, ...details.map((detail) => `  ${sanitize(detail, [])}`)].join("\n");
}

/** What came of deleting one image. */
export interface Deletion {
  id: string;
  deleted: boolean;
  text: string;
}

/**
 * Deletes the named images and objects, each after looking at it, and at its tag, again. Whatever carries no creation tag, or may be in use, is
 * refused, and nothing is tried for long: somebody may take it into use meanwhile. What comes of each is told at once.
 * Answers whether all of them are deleted.
 */
export async function deleteOrphans(
  context: ProviderContext,
  ids: readonly string[],
  states: readonly string[],
  tell: (deletion: Deletion) => void,
): Promise<boolean> {
  const orphans = new Map((await findOrphans(context, states)).map((orphan) => [orphan.id, orphan]));
  let all = true;
  for (const id of new Set(ids)) {
    const isObject = id.includes("/");
    const what = isObject ? `Object ${id}` : `Image ${id}`;
    try {
      const refusal = await (isObject
        ? deleteStaged(id, context, states)
        : deleteUnlessRefused(id, orphans.get(id), context));
      all &&= refusal === undefined;
      tell(
        refusal === undefined
          ? { id, deleted: true, text: `${what} is deleted.` }
          : { id, deleted: false, text: `${what} is not deleted: ${refusal.replace(/\.$/, "")}.` },
      );
    } catch (error) {
      all = false;
      tell({ id, deleted: false, text: error instanceof Error ? error.message : String(error) });
    }
  }
  return all;
}

async function deleteUnlessRefused(
  id: string,
  orphan: Orphan | undefined,
  context: ProviderContext,
): Promise<string | undefined> {
  if (orphan?.image === undefined) {
    return orphan?.trouble ?? "it does not carry the tag pulumi-scp-images";
  }
  if (orphan.heldBy !== undefined) {
    return `the state in ${orphan.heldBy} holds it`;
  }
  const { client } = context.locate({ region: orphan.region });
  const image = await client.showImage(id);
  if (image.protected) {
    return "it is protected; whoever knows that nobody needs it lifts the protection in the console first";
  }
  if (!Object.hasOwn(await client.tags.list(image), creationTagKey)) {
    return "it does not carry the tag any more: a state knows it by now";
  }
  await client.deleteImage(id);
  return undefined;
}
