import * as pulumi from "@pulumi/pulumi";
import { channelLookup } from "../schema/channel-lookup";
import type { Args, CallArgs } from "../schema/description";
import type { ChannelTarget } from "../schema/image-generations";
import type { ImageInfo } from "../schema/image-info";
import { after, call, type LookupOptions } from "./lookup";
import { runError } from "./run-error";

/** Which channel, and where. */
export interface GetChannelArgs extends CallArgs<typeof channelLookup> {}

/** The same, of values that may be outputs. */
export interface GetChannelOutputArgs extends Args<typeof channelLookup> {}

/** The image that a channel points at. */
export interface ChannelInfo extends ChannelTarget {
  /** All that SCP tells of the image. */
  image: ImageInfo;
}

/**
 * The image that a channel points at, by the tag that it carries: for a program that may not read the stack which has the channel. The keys
 * must be those of the account that has the image, and may list its tags.
 *
 * Throws `pulumi.RunError`: where no image of the region carries the tag, or several do for longer than a move takes; and what is wrong with
 * arguments or settings, or what the service answered.
 */
export function getChannel(args: GetChannelArgs): Promise<ChannelInfo> {
  return call("getChannel", channelLookup, args, async (given, { findChannel, context }) => {
    const { image, version } = await findChannel(given.name, await context.open(given));
    return version === undefined ? { imageId: image.id, image } : { imageId: image.id, version, image };
  });
}

/** The same as an output, of arguments that may be outputs. Where one of them is not known in preview, the answer is not. */
export function getChannelOutput(
  args: GetChannelOutputArgs,
  opts?: LookupOptions,
): pulumi.Output<ChannelInfo> {
  return after(args, opts).apply((known) => getChannel(known as GetChannelArgs));
}

/**
 * Where a channel of another stack points, by that stack's outputs.
 *
 * ```ts
 * const images = new pulumi.StackReference("company/images/production");
 * const { imageId } = channelOf(images, "ubuntu-24.04/stable");
 * ```
 *
 * Throws `pulumi.RunError` where the stack has no such channel, with those that it has.
 * @param stack exports the `channels` of its `ImagePipeline`, under that name
 */
export function channelOf(stack: pulumi.StackReference, channel: string): pulumi.Output<ChannelTarget> {
  return pulumi
    .all([stack.name, stack.getOutput("channels")])
    .apply(([name, output]: [string, unknown]) => channelAmong(output, channel, name));
}

/** @throws pulumi.RunError where there is no such channel */
export function channelAmong(output: unknown, channel: string, stack: string): ChannelTarget {
  const channels = (output ?? {}) as Record<string, ChannelTarget>;
  const target = Object.hasOwn(channels, channel) ? channels[channel] : undefined;
  if (target === undefined) {
    const names = Object.keys(channels).join(", ");
    throw runError(
      `The stack ${stack} has no channel "${channel}"; ${names === "" ? "it exports no channels" : `it has ${names}`}.`,
    );
  }
  return target;
}
