import * as pulumi from "@pulumi/pulumi";
import type { Args, Outputs } from "../schema/description";
import { imageMember } from "../schema/image-member";
import type { Overrides } from "../lifecycle/context";
import { DynamicResource, isOfType, typeName } from "./dynamic";
import { placeOf } from "./place";
import { patience, programContext } from "./lookup-context";

/** Which image is shared, and with whom. */
export interface ImageMemberArgs extends Args<typeof imageMember> {}

export interface ImageMember extends Outputs<typeof imageMember> {}

/**
 * An account that an image is shared with. The image's visibility must be `shared`, and the keys those of its owner. The account sees the
 * image at once, and has it among its images when it has accepted: see `ImageMemberAcceptance`. Deleting it takes the image back.
 *
 * An image that is shared with the account already is taken as it is.
 */
export class ImageMember extends DynamicResource {
  /** Whether a value is an `ImageMember`, also one of another copy of this package; and for policy packs, whether a resource is one. */
  static override isInstance(value: unknown): value is ImageMember {
    return isOfType(value, typeName("ImageMember"));
  }

  constructor(name: string, args: ImageMemberArgs, opts: pulumi.CustomResourceOptions = {}) {
    if (opts.import !== undefined) {
      throw new Error(
        `ImageMember "${name}": leave the resource option import out. An image that is shared with the account already is taken as it is.`,
      );
    }
    const place = opts.id === undefined ? placeOf(name, typeName("ImageMember"), opts.parent) : undefined;
    super("ImageMember", "image-member", name, imageMember, { ...args, place }, opts);
  }

  /** Looks up a member that something else manages, by the image's id and the account's: `IMAGE/ACCOUNT`. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): ImageMember {
    return new ImageMember(name, {} as ImageMemberArgs, { ...opts, id });
  }

  /**
   * What the account has answered: `pending`, `accepted` or `rejected`. Asked of SCP when it is used, in each run: it moves by itself, and
   * so the state has nothing of it. Not known in a preview that is to make the member.
   */
  get status(): pulumi.Output<string> {
    const { id, imageId, memberId, region, environment, profile } = this;
    // The id is what is not known before the member is there.
    return pulumi
      .all([id, imageId, memberId, region, environment, profile])
      .apply(([, image, member, inRegion, inEnvironment, ofProfile]) =>
        statusOf(image, member, { region: inRegion, environment: inEnvironment, profile: ofProfile }),
      );
  }
}

/** How long a new member may be shown late, in milliseconds. */
const shownWithin = 30_000;

async function statusOf(image: string, member: string, where: Overrides): Promise<string> {
  const { askAgain, undefinedIfNotFound } = patience();
  const location = await programContext().open(where);
  const { members } = location.client;
  const show = () => members.show(image, member);
  const shown = await askAgain(location, shownWithin, () => undefinedIfNotFound(show));
  if (shown === undefined) {
    throw new Error(
      `Image ${image} is not shown as shared with account ${member}, also not after ${shownWithin / 1_000} s. ` +
        "If somebody took it out, or made the image private, pulumi up --refresh in the stack that has it mends that.",
    );
  }
  return shown.status;
}
