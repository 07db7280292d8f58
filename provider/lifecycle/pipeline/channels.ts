import type { ScpClient } from "../../api/client";
import { ScpError } from "../../api/errors";
import type { Image } from "../../api/images";
import { channelTagKey } from "../../schema/own-tags";
import { showTwice, undefinedIfNotFound } from "../gone";
import { ImageError } from "../image-error";
import type { Location } from "../context";
import { tagsFor } from "../tags";

/** Where channels point: by image, the version by channel. */
export type Pointers = ReadonlyMap<string, Readonly<Record<string, string>>>;

/**
 * Has each image carry the tags of the channels that point at it. The new image of a channel gets its tag before the old one loses it, so
 * that whoever looks in between finds one or both.
 * @param known tags that an image is declared to have: of a new one, the resource manager may not tell them yet
 */
export async function pointChannels(
  before: Pointers,
  after: Pointers,
  known: (imageId: string) => Record<string, string>,
  { client }: Location,
): Promise<void> {
  const moved = [...after].filter(
    ([id, channels]) => JSON.stringify(channels) !== JSON.stringify(before.get(id)),
  );
  for (const [id, channels] of moved) {
    await retag(await client.showImage(id), before.get(id) ?? {}, channels, known(id), client);
  }
  const left = [...before].filter(([id]) => !after.has(id));
  for (const [id, channels] of left) {
    const image = await showTwice(id, client); // A tag that stays is a second answer to who reads the channel.
    if (image !== undefined) {
      await retag(image, channels, {}, {}, client);
    }
  }
}

async function retag(
  image: Image,
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
  known: Record<string, string>,
  client: ScpClient,
): Promise<void> {
  const gone = new Set(Object.keys(before).map(channelTagKey));
  const listed = await tagsFor(image, client);
  if (Object.keys(after).length === 0 && !Object.keys(listed).some((key) => gone.has(key))) {
    return; // There is nothing to take off.
  }
  const others = Object.entries({ ...known, ...listed }).filter(([key]) => !gone.has(key));
  const own = Object.entries(after).map(([channel, version]) => [channelTagKey(channel), version]);
  await client.tags.set(image, Object.fromEntries([...others, ...own]) as Record<string, string>);
}

/** The image that a channel points at. */
export interface ChannelImage {
  image: Image;
  version?: string;
}

/** When to look again while a channel is being moved, in milliseconds after the time before. */
const pauses = [2_000, 4_000, 8_000];

/**
 * The image that carries a channel's tag, for who has no access to the stack.
 * @throws ImageError where none does, or several do for longer than a move takes; ScpError of the service
 */
export async function findChannel(
  channel: string,
  { client, clock }: Pick<Location, "client" | "clock">,
): Promise<ChannelImage> {
  const { region, environment } = client.settings;
  for (let attempt = 0; ; attempt += 1) {
    const tagged = await client.tags.find(channelTagKey(channel));
    const here = tagged.filter(({ srn }) => srn.startsWith(`srn:${environment}::`) && isIn(srn, region));
    const images = await Promise.all(
      here.map(async ({ imageId, value }): Promise<ChannelImage[]> => {
        const image = await undefinedIfNotFound(() => client.showImage(imageId));
        return image === undefined ? [] : [value === "" ? { image } : { image, version: value }];
      }),
    );
    const found = images.flat();
    const [only] = found;
    if (only !== undefined && found.length === 1) {
      return only;
    }
    const pause = pauses[attempt];
    if (pause === undefined || found.length === 0) {
      const ids = found.map(({ image }) => image.id).join(", ");
      throw new ImageError(
        found.length === 0
          ? `No image in ${region} carries the tag of channel "${channel}", ${channelTagKey(channel)}.`
          : `Several images carry the tag of channel "${channel}": ${ids}. Run pulumi up --refresh in the stack that has the channel. ` +
              `If it is still so then, another stack has a channel of this name, or somebody set the tag: take ${channelTagKey(channel)} off in ` +
              "the console where it does not belong.",
      );
    }
    await clock.sleep(pause);
  }
}

function isIn(srn: string, region: string): boolean {
  return srn.split(":")[4] === region;
}

/** Whether an image carries the tags of these channels. */
export async function isPointedAt(
  image: Image,
  channels: Readonly<Record<string, string>>,
  { client, reader }: Location,
): Promise<boolean> {
  const shows = (tags: Record<string, string>) =>
    Object.entries(channels).every(([channel, version]) => tags[channelTagKey(channel)] === version);
  const listed = await reader.listedTags(image.id);
  if (listed !== undefined && shows(listed)) {
    return true;
  }
  return tagsFor(image, client).then(shows, (error: unknown) => {
    if (error instanceof ScpError) {
      return true; // Who may not see tags must be able to refresh all the same.
    }
    throw error;
  });
}
