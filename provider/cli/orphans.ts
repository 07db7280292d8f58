import { readFileSync } from "node:fs";
import type { Image } from "../api/images";
import { placeOfSrn } from "../api/tags";
import { deleteImage } from "../lifecycle/delete";
import { showLate } from "../lifecycle/gone";
import { describeImage, taggedImages, type Tagged } from "../lifecycle/orphans";
import type { Location, ProviderContext } from "../lifecycle/context";

/** An image that carries a creation tag, with what is known of it. */
export interface Orphan {
  id: string;
  region: string;
  /** Undefined where the tag is still there, but the image is not. */
  image?: Image;
  /** Organization, project and stack that it was created for; undefined where the tag does not tell. */
  stackName?: string;
  createdBy?: "Image" | "ImageRecord";
  /** The file of the exported state that holds it. */
  heldBy?: string;
}

/** All images of the account that carry a creation tag, in every region. */
export async function findOrphans(context: ProviderContext, states: readonly string[]): Promise<Orphan[]> {
  const { client } = await context.open({});
  const held = new Map(states.flatMap((file) => imagesIn(file).map((id) => [id, file] as const)));
  const tagged = await taggedImages(client);
  return Promise.all(tagged.map((one) => lookAt(one, context, held)));
}

async function lookAt(
  { imageId: id, srn, tag }: Tagged,
  context: ProviderContext,
  held: ReadonlyMap<string, string>,
): Promise<Orphan> {
  const { region, environment } = placeOfSrn(srn) ?? {};
  const location = context.locate({ region, environment });
  return {
    id,
    region: location.client.settings.region,
    image: await showLate(id, tag?.createdAt ?? 0, location),
    stackName: tag?.stackName,
    createdBy: tag && (tag.createdAs === "image" ? "Image" : "ImageRecord"),
    heldBy: held.get(id),
  };
}

/** The ids of the images that an exported state holds. */
function imagesIn(file: string): string[] {
  const state = JSON.parse(readFileSync(file, "utf8")) as {
    deployment?: { resources?: { type?: unknown; id?: unknown }[] };
  };
  const resources = state.deployment?.resources;
  if (!Array.isArray(resources)) {
    throw new Error(`${file} is no state as pulumi stack export writes it.`);
  }
  return resources.flatMap(({ type, id }) =>
    typeof id === "string" && /scp:Image(Record|Import)$/.test(String(type)) ? [id] : [],
  );
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
  return `${introduction}${entries.join("")}\nTo delete some: npx pulumi-scp-images orphans --delete ID …\n`;
}

function textOf({ id, region, image, stackName, createdBy, heldBy }: Orphan, now: number): string {
  const what = image === undefined ? `${id} (gone, but its tag is not)` : describeImage(image, now);
  const details = [
    ...(image?.protected === true ? ["protected"] : []),
    `region ${region}`,
    ...(image?.url === undefined ? [] : [`made of ${image.url}`]),
    stackName === undefined
      ? "the tag does not tell which stack it was created for"
      : `created by an ${createdBy ?? "Image"} of ${stackName}`,
    heldBy === undefined ? "held by no state that was given" : `held by ${heldBy}: in use`,
  ];
  return [what, ...details.map((detail) => `  ${detail}`)].join("\n");
}

/** What came of deleting one image. */
export interface Deletion {
  id: string;
  deleted: boolean;
  text: string;
}

/** Deletes the named images, each after looking at it again. Whatever carries no creation tag, or may be in use, is refused. */
export async function deleteOrphans(
  context: ProviderContext,
  ids: readonly string[],
  states: readonly string[],
): Promise<Deletion[]> {
  const orphans = new Map((await findOrphans(context, states)).map((orphan) => [orphan.id, orphan]));
  const results: Deletion[] = [];
  for (const id of new Set(ids)) {
    const orphan = orphans.get(id);
    const refusal = refusalOf(id, orphan);
    if (refusal === undefined && orphan?.image !== undefined) {
      await deleteImage(id, orphan.image, locationOf(orphan, context));
      results.push({ id, deleted: true, text: `Image ${id} (${orphan.image.name}) is deleted.` });
    } else {
      results.push({ id, deleted: false, text: `Image ${id} is not deleted: ${refusal ?? "it is gone"}.` });
    }
  }
  return results;
}

function refusalOf(id: string, orphan: Orphan | undefined): string | undefined {
  if (orphan === undefined) {
    return "it does not carry the tag pulumi-scp-images";
  }
  if (orphan.heldBy !== undefined) {
    return `the state in ${orphan.heldBy} holds it`;
  }
  return orphan.image?.protected === true
    ? "it is protected; whoever knows that nobody needs it lifts the protection in the console first"
    : undefined;
}

function locationOf({ region }: Orphan, context: ProviderContext): Location {
  return context.locate({ region });
}
