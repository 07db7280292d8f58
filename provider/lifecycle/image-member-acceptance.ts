import { isSameAccount } from "../api/account-id";
import type { ScpClient } from "../api/client";
import { isForbidden, isNotFound } from "../api/errors";
import type { ImageMember, MemberStatus } from "../api/members";
import { accountInUrl } from "../api/object-url";
import { omitUndefined, pick, withDefaults, type CheckFailure } from "../schema/check";
import { asInputs, asState, type Inputs, type Properties, type State } from "../schema/description";
import { changedProperties, diffProperties } from "../schema/diff";
import { imageMemberAcceptance } from "../schema/image-member-acceptance";
import { isUnknown } from "../schema/unknown";
import { endpointFound, makerOf, messageOf } from "./accounts";
import { checkInputs, keyFailures } from "./check";
import type { Location, ProviderContext } from "./context";
import { undefinedIfNotFound } from "./gone";
import { ImageError } from "./image-error";
import { idOf, pairOf, proveOurs, proveUnlisted, type Pair } from "./members";
import { nameOfPlace, type Side } from "./memberships";
import { duration } from "./progress";
import { locationOf } from "./read";
import type { Lifecycle } from "./types";

type AcceptanceInputs = Inputs<typeof imageMemberAcceptance>;
type AcceptanceState = State<typeof imageMemberAcceptance>;

/** The life of `ImageMemberAcceptance`: the answer of the account that an image is offered to, given with that account's keys. */
export function acceptanceLifecycle(context: ProviderContext): Lifecycle {
  return {
    async check(olds, news) {
      const { inputs, failures } = await checkInputs(context, imageMemberAcceptance, news, olds);
      const told = omitUndefined({ ...inputs, memberId: inputs.memberId ?? olds?.memberId });
      if (failures.length > 0 || isUnknown([news.region, news.environment, news.profile])) {
        return { inputs: told, failures };
      }
      const location = context.locate(inputs);
      const refused = await keyFailures(location, imageMemberAcceptance, olds, told);
      if (refused.length > 0) {
        return { inputs: told, failures: refused };
      }
      const member = await memberOf(olds, inputs, location);
      if (member.failures !== undefined) {
        return { inputs, failures: member.failures };
      }
      const whole = { ...inputs, memberId: member.id };
      return { inputs: whole, failures: failureOfSecond(asInputs(imageMemberAcceptance, whole), location) };
    },

    diff(_, olds, news) {
      const { changes, replaces } = diffProperties(imageMemberAcceptance, olds, news);
      const { status } = asState(imageMemberAcceptance, olds);
      const { accept } = asInputs(imageMemberAcceptance, news);
      return Promise.resolve({ changes: changes || status !== answerOf(accept), replaces });
    },

    async create(properties) {
      const inputs = asInputs(imageMemberAcceptance, properties);
      const location = await context.open(inputs);
      const { status } = await answerPatiently(inputs, inputs, location);
      const { madeWith, endpoint } = await makerOf(location.client, inputs.imageId);
      return { id: idOf(inputs), outputs: outputs({ ...inputs, status, madeWith, endpoint }) };
    },

    async read(id, known) {
      const olds = known ?? {};
      const location = await context.open(olds);
      const pair = pairOf(id);
      const state = asState(imageMemberAcceptance, olds);
      const member = await readMember(pair, known, location);
      if (member === undefined) {
        return undefined;
      }
      const { status } = member;
      const accept = state.accept ?? status === "accepted";
      const endpoint = endpointFound(state, location.client.settings);
      const now = { ...pair, ...state, ...locationOf(context, olds), accept, status, endpoint };
      const found = outputs(now);
      return { id, outputs: found, inputs: withDefaults(imageMemberAcceptance, found) };
    },

    async update(id, olds, news) {
      const inputs = asInputs(imageMemberAcceptance, news);
      const location = await context.open(news);
      const { madeWith, endpoint } = asState(imageMemberAcceptance, olds);
      const pair = pairOf(id);
      const { status } = await answerPatiently(pair, inputs, location);
      return { id, outputs: outputs({ ...inputs, status, madeWith, endpoint }) };
    },

    /** The offer stays, and waits for an answer again. */
    async delete(id, olds) {
      const location = await context.open(olds);
      const pair = pairOf(id);
      if (location.memberships.isWanted(membersSide(pair))) {
        return;
      }
      await location.client.members
        .setStatus(pair.imageId, pair.memberId, "pending")
        .catch(async (error: unknown) => {
          if (!isNotFound(error)) {
            throw error;
          }
          await proveGone(pair, asState(imageMemberAcceptance, olds), location);
        });
    },
  };
}

function membersSide({ imageId, memberId }: Pair): Side {
  return { of: "member", imageId, memberId };
}

function answerOf(accept: boolean): MemberStatus {
  return accept ? "accepted" : "rejected";
}

/**
 * The account that answers: the keys'. The state's own stays as long as nothing changes, so that a run without a change asks nothing;
 * where there is passing trouble, create asks again.
 */
async function memberOf(
  olds: Properties | undefined,
  inputs: Properties,
  { client }: Location,
): Promise<{ id?: unknown; failures?: CheckFailure[] }> {
  const before = olds === undefined ? {} : asState(imageMemberAcceptance, olds);
  const stated = inputs.memberId;
  if (stated !== undefined) {
    return { id: stated };
  }
  const same = { ...inputs, memberId: before.memberId };
  if (
    before.memberId !== undefined &&
    changedProperties(imageMemberAcceptance, olds ?? {}, same).length === 0
  ) {
    return { id: before.memberId };
  }
  try {
    return { id: await client.accountId() };
  } catch (error) {
    const reason =
      `${messageOf(error)} So it is not known which account these keys are of. State it as memberId, ` +
      "or allow the user to list IAM access keys.";
    return { failures: [{ property: "memberId", reason }] };
  }
}

/** Two resources that give an answer each, of which the delete of one would take back the other's. */
function failureOfSecond(inputs: AcceptanceInputs, { memberships }: Location): CheckFailure[] {
  const { imageId, memberId, place } = inputs;
  if (isUnknown([imageId, memberId])) {
    return [];
  }
  const other = memberships.want(membersSide({ imageId, memberId }), place);
  const own = place === undefined ? "" : ` ${nameOfPlace(place)}`;
  const reason =
    `account ${memberId} answers the offer of image ${imageId} by the ImageMemberAcceptance ${other && nameOfPlace(other)} of this ` +
    `program already. One is enough: take the other one${own} out.`;
  return other === undefined ? [] : [{ property: "imageId", reason }];
}

/** How long an offer is waited for that may be shown late, in milliseconds. */
const longestWait = 60_000;

/**
 * Gives the answer. An offer that is not there yet may be shown late: it is asked for again, for a minute.
 * @throws ImageError that says who must do what; ScpError of the service
 */
async function answerPatiently(
  pair: Pair,
  { accept }: Pick<AcceptanceInputs, "accept">,
  { client, clock }: Location,
): Promise<ImageMember> {
  const since = clock.now();
  for (let pause = 1_000; ; pause = Math.min(pause * 2, 10_000)) {
    try {
      return await answer(pair, answerOf(accept), client);
    } catch (error) {
      if (!isNotFound(error) && !isForbidden(error)) {
        throw error;
      }
      if (await isOwner(pair, client)) {
        throw new ImageError(ownersText(pair), { cause: error });
      }
      if (isForbidden(error)) {
        throw error;
      }
      if (clock.now() - since + pause > longestWait) {
        throw new ImageError(notOfferedText(pair, clock.now() - since), { cause: error });
      }
      await clock.sleep(pause);
    }
  }
}

/** An answer that tells what was before is not believed. */
async function answer(
  { imageId, memberId }: Pair,
  status: MemberStatus,
  { members }: ScpClient,
): Promise<ImageMember> {
  const told = await members.setStatus(imageId, memberId, status);
  const member = told.status === status ? told : await members.show(imageId, memberId);
  if (member.status !== status) {
    throw new ImageError(
      `That account ${memberId} has ${status} image ${imageId} was taken, but SCP shows ${member.status}. Run again.`,
    );
  }
  return member;
}

async function isOwner({ imageId, memberId }: Pair, client: ScpClient): Promise<boolean> {
  const image = await client.showImage(imageId).catch(() => undefined);
  const owners = [image?.owner, accountInUrl(image?.url ?? "")];
  return owners.some((owner) => owner !== undefined && isSameAccount(owner, memberId));
}

function ownersText({ imageId, memberId }: Pair): string {
  return (
    `Image ${imageId} is account ${memberId}'s own, and the owner of an image has no offer to answer: ` +
    "use the keys of the account that it is shared with, by the property profile."
  );
}

function notOfferedText({ imageId, memberId }: Pair, waited: number): string {
  return (
    `Image ${imageId} is not offered to account ${memberId}, also not after ${duration(waited)}. Its owner must share it: with the ` +
    `visibility "shared", and an ImageMember of this account. In one program, give the imageId of that ImageMember, so that the answer waits for it.`
  );
}

async function readMember(
  pair: Pair,
  olds: Properties | undefined,
  location: Location,
): Promise<ImageMember | undefined> {
  const show = () => location.client.members.show(pair.imageId, pair.memberId);
  if (olds === undefined) {
    return show();
  }
  const member = await undefinedIfNotFound(show);
  if (member === undefined) {
    await proveGone(pair, asState(imageMemberAcceptance, olds), location);
  }
  return member;
}

/** @throws ImageError where a 404 does not say that there is no offer any more */
async function proveGone(pair: Pair, state: AcceptanceState, location: Location): Promise<void> {
  const { madeWith, endpoint } = state;
  await proveOurs(pair, { accountId: pair.memberId, madeWith, endpoint }, location);
  await proveUnlisted(pair, location);
}

function outputs(state: AcceptanceState): Properties {
  const names = ["imageId", "accept", "memberId", "region", "environment", "profile", "status"] as const;
  return omitUndefined({ ...pick(state, [...names, "madeWith", "endpoint"]) });
}
