import type { ImageMember } from "../../api/members";
import { omitUndefined, pick, withDefaults, type CheckFailure } from "../../schema/check";
import { asInputs, asState, type Inputs, type Properties, type State } from "../../schema/description";
import { changedProperties, diffProperties } from "../../schema/diff";
import { imageMember } from "../../schema/image-member";
import { isUnknown } from "../../schema/unknown";
import { anothersImage, endpointFound, makerOf } from "../accounts";
import { checkInputs, failuresOfImage, keyFailures } from "../check";
import type { Location, ProviderContext } from "../context";
import { ImageError } from "../image-error";
import { hidden, showMemberUnlessGone, type Pair } from "./member-gone";
import {
  addedAt,
  addMember,
  foreignText,
  hiddenText,
  idOf,
  pairOf,
  refusalOfVisibility,
  removeMember,
} from "./members";
import { nameOfPlace, type Side } from "./memberships";
import { isNowhere, keysForDiff, openAsKept } from "../profiles";
import { locationOf } from "../read";
import type { Lifecycle } from "../types";

type MemberInputs = Inputs<typeof imageMember>;
type MemberState = State<typeof imageMember>;

/** The life of `ImageMember`: that an image is shared with an account. What that account makes of it is not the owner's, and not here. */
export function memberLifecycle(context: ProviderContext): Lifecycle {
  return {
    async check(olds, news) {
      const { inputs, failures } = await checkInputs(context, imageMember, news, olds);
      if (failures.length > 0 || isNowhere(news)) {
        return { inputs, failures };
      }
      const checked = asInputs(imageMember, inputs);
      const location = context.locate(inputs);
      if (checked.inGenerations === true) {
        location.entries.notePart();
      }
      const refused = await keyFailures(location, imageMember, olds, inputs);
      if (refused.length > 0 || isUnknown([checked.imageId, checked.memberId])) {
        return { inputs, failures: refused };
      }
      if (olds !== undefined) {
        location.memberships.hold(ownersSide(asInputs(imageMember, olds)));
      }
      const twice = failureOfSecond(checked, location);
      if (twice !== undefined) {
        return { inputs, failures: [twice] };
      }
      const isNew = olds === undefined || changedProperties(imageMember, olds, inputs).length > 0;
      return { inputs, failures: await refusedImage(checked, isNew, location) };
    },

    async diff(id, olds, news) {
      const { changes, replaces } = diffProperties(imageMember, olds, news);
      const { imageId } = pairOf(id);
      const kept = { what: `Member ${id}`, id: imageId, by: asState(imageMember, olds) };
      const { moves } = await keysForDiff(context, kept, [olds, news], replaces.length > 0);
      return { changes, replaces: moves ? [...replaces, "profile"] : replaces };
    },

    async create(properties) {
      const inputs = asInputs(imageMember, properties);
      const location = await context.open(inputs);
      const member = await addMember(inputs, location);
      const createdAt = addedAt(member, location.client);
      location.memberships.hold(ownersSide(inputs));
      const maker = await makerOf(location.client, inputs.imageId);
      return { id: idOf(inputs), outputs: outputs({ ...inputs, ...maker, createdAt }) };
    },

    async read(id, known) {
      const olds = known ?? {};
      const pair = pairOf(id);
      const location = await openAsKept(context, `Member ${id}`, olds);
      const member = await readMember(pair, known, location);
      if (member === undefined) {
        location.memberships.release(ownersSide(pair));
        return undefined;
      }
      location.memberships.hold(ownersSide(pair));
      tellOf(pair, member, location);
      const state = asState(imageMember, olds);
      const endpoint = endpointFound(state, location.client.settings);
      const found = outputs({ ...pair, ...state, ...locationOf(context, olds), endpoint });
      return { id, outputs: found, inputs: withDefaults(imageMember, found) };
    },

    /** Only settings change in place. */
    async update(id, olds, news) {
      const { createdAt, accountId, madeWith, endpoint } = asState(imageMember, olds);
      await context.open(news);
      return {
        id,
        outputs: outputs({ ...asInputs(imageMember, news), createdAt, accountId, madeWith, endpoint }),
      };
    },

    async delete(id, olds) {
      const pair = pairOf(id);
      const location = await openAsKept(context, `Member ${id}`, olds);
      if (asState(imageMember, olds).inGenerations === true && location.entries.mayBeKept(pair.imageId)) {
        throw new ImageError(
          `Image ${pair.imageId} may be one of the generations that an ImageGenerations keeps, and shares, which this run does not look at. ` +
            "Nothing was unshared. Run again without --target, or with the whole of the entry.",
        );
      }
      if (!location.memberships.isWanted(ownersSide(pair))) {
        await removeMember(pair, asState(imageMember, olds), location);
        location.memberships.release(ownersSide(pair));
      }
    },
  };
}

function ownersSide({ imageId, memberId }: Pair): Side {
  return { of: "owner", imageId, memberId };
}

/** One that is only looked up must be there; one that the state knows may be gone, which must be proven. */
async function readMember(
  pair: Pair,
  olds: Properties | undefined,
  location: Location,
): Promise<ImageMember | typeof hidden | undefined> {
  return olds === undefined
    ? location.client.members.show(pair.imageId, pair.memberId)
    : showMemberUnlessGone(pair, asState(imageMember, olds), location);
}

/** What its owner may want to know of a member. It moves by itself, so the state has nothing of it. */
function tellOf(pair: Pair, member: ImageMember | typeof hidden, { warn }: Location): void {
  if (member === hidden) {
    warn(hiddenText(pair));
  } else if (member.status === "rejected") {
    warn(
      `Account ${pair.memberId} has rejected image ${pair.imageId}, so the image is not among its images.`,
    );
  }
}

/** Two resources that say the same, of which the delete of one would take it away from the other. */
function failureOfSecond(inputs: MemberInputs, { memberships }: Location): CheckFailure | undefined {
  const { imageId, memberId, place } = inputs;
  const other = memberships.want(ownersSide(inputs), place);
  const own = place === undefined ? "" : ` ${nameOfPlace(place)}`;
  const reason =
    `image ${imageId} is shared with account ${memberId} by the ImageMember ${other && nameOfPlace(other)} of this program already. ` +
    `One is enough: take the other one${own} out.`;
  return other === undefined ? undefined : { property: "memberId", reason };
}

/**
 * What would hinder sharing, told in preview. What a record of this run makes of the image counts, and not what it is now; only
 * of what is new the service is asked.
 */
async function refusedImage(
  { imageId }: MemberInputs,
  isNew: boolean,
  location: Location,
): Promise<CheckFailure[]> {
  const failure = (reason: string | undefined) =>
    reason === undefined ? [] : [{ property: "imageId", reason }];
  const planned = location.memberships.visibilityOf(imageId);
  if (planned !== undefined || !isNew || location.created.has(imageId)) {
    return failure(refusalOfVisibility(imageId, planned));
  }
  return failuresOfImage(async () => {
    const image = await location.client.showImage(imageId);
    const foreign = await anothersImage(location.client, image);
    return failure(
      foreign === undefined ? refusalOfVisibility(imageId, image.visibility) : foreignText(imageId, foreign),
    );
  });
}

function outputs(state: MemberState): Properties {
  const names = ["imageId", "memberId", "region", "environment", "profile", "inGenerations"] as const;
  return omitUndefined({ ...pick(state, [...names, "createdAt", "accountId", "madeWith", "endpoint"]) });
}
