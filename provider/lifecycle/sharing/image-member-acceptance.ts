import { isAccountId, isSameAccount } from "../../api/account-id";
import type { ImageMember } from "../../api/members";
import { omitUndefined, pick, withDefaults, type CheckFailure } from "../../schema/check";
import { asInputs, asState, type Inputs, type Properties, type State } from "../../schema/description";
import { changedProperties, diffProperties } from "../../schema/diff";
import { imageMemberAcceptance } from "../../schema/image-member-acceptance";
import { isUnknown } from "../../schema/unknown";
import { endpointFound, makerOf, messageOf, undefinedIfRefused, type MadeBy, type Maker } from "../accounts";
import { checkInputs, keyFailures } from "../check";
import type { Location, ProviderContext } from "../context";
import type { Pair } from "./member-gone";
import { idOf, pairOf } from "./members";
import { nameOfPlace, type Side } from "./memberships";
import { answerOf, answerPatiently, takeAnswerBack } from "./offer-answer";
import { showOfferUnlessGone } from "./offer-gone";
import { isNowhere, openAsKept } from "../profiles";
import { locationOf } from "../read";
import type { Lifecycle } from "../types";

type AcceptanceInputs = Inputs<typeof imageMemberAcceptance>;
type AcceptanceState = State<typeof imageMemberAcceptance>;

/** The life of `ImageMemberAcceptance`: the answer of the account that an image is offered to, given with that account's keys. */
export function acceptanceLifecycle(context: ProviderContext): Lifecycle {
  return {
    async check(olds, news) {
      const { inputs, failures } = await checkInputs(context, imageMemberAcceptance, news, olds);
      const told = omitUndefined({ ...inputs, memberId: inputs.memberId ?? olds?.memberId });
      if (failures.length > 0 || isNowhere(news)) {
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
      const { status } = await answerPatiently(inputs, inputs.accept, location);
      const answerer = await answererNow(inputs, location);
      return { id: idOf(inputs), outputs: outputs({ ...inputs, status, ...answerer }) };
    },

    async read(id, known) {
      const olds = known ?? {};
      const pair = pairOf(id);
      const location = await openAsKept(context, whatIs(id), olds);
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

    async update(id, _, news) {
      const inputs = asInputs(imageMemberAcceptance, news);
      const location = await context.open(news);
      const { status } = await answerPatiently(pairOf(id), inputs.accept, location);
      return { id, outputs: outputs({ ...inputs, status, ...(await answererNow(inputs, location)) }) };
    },

    /** The offer stays, and waits for an answer again. */
    async delete(id, olds) {
      const pair = pairOf(id);
      const location = await openAsKept(context, whatIs(id), olds);
      if (!location.memberships.isWanted(membersSide(pair))) {
        await takeAnswerBack(pair, answererOf(pair, asState(imageMemberAcceptance, olds)), location);
      }
    },
  };
}

function whatIs(id: string): string {
  return `The answer to offer ${id}`;
}

function membersSide({ imageId, memberId }: Pair): Side {
  return { of: "member", imageId, memberId };
}

/**
 * The account that answers: the keys'. The state's own stays as long as nothing changes, so that a run without a change asks nothing;
 * where there is passing trouble, create asks again.
 */
async function memberOf(
  olds: Properties | undefined,
  inputs: Properties,
  location: Location,
): Promise<{ id?: unknown; failures?: CheckFailure[] }> {
  const before = olds === undefined ? {} : asState(imageMemberAcceptance, olds);
  const { memberId: stated = before.memberId } = inputs;
  const same = { ...inputs, memberId: stated };
  if (
    before.memberId !== undefined &&
    changedProperties(imageMemberAcceptance, olds ?? {}, same).length === 0
  ) {
    return { id: stated };
  }
  if (inputs.memberId !== undefined) {
    return statedMember(inputs.memberId, location);
  }
  try {
    return { id: await location.client.accountId() };
  } catch (error) {
    const reason =
      `${messageOf(error)} So it is not known which account these keys are of. State it as memberId, ` +
      "or allow the user to list IAM access keys.";
    return { failures: [{ property: "memberId", reason }] };
  }
}

/** An account that the program states is compared with that of the keys, where IAM tells it: nobody answers for another one. */
async function statedMember(
  memberId: unknown,
  { client }: Location,
): Promise<{ id?: unknown; failures?: CheckFailure[] }> {
  const keys = await client.accountId().catch(undefinedIfRefused);
  if (
    typeof memberId !== "string" ||
    isUnknown(memberId) ||
    keys === undefined ||
    !isAccountId(keys) ||
    isSameAccount(keys, memberId)
  ) {
    return { id: memberId };
  }
  const { sources } = client.settings;
  const reason =
    `the keys (access key from ${sources.accessKey ?? "?"}) are of account ${keys}, and an offer is answered by the account itself that it ` +
    `is made to: name the profile of account ${memberId}'s keys as profile.`;
  return { failures: [{ property: "memberId", reason }] };
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

async function readMember(
  pair: Pair,
  olds: Properties | undefined,
  location: Location,
): Promise<ImageMember | undefined> {
  return olds === undefined
    ? location.client.members.show(pair.imageId, pair.memberId)
    : showOfferUnlessGone(pair, answererOf(pair, asState(imageMemberAcceptance, olds)), location);
}

/** Who answered an offer: the account that it was made to, or what IAM calls that. */
function answererOf({ memberId }: Pair, { accountId, madeWith, endpoint }: AcceptanceState): MadeBy {
  return { accountId: accountId ?? memberId, madeWith, endpoint };
}

/** What the state keeps of whose keys have just answered. */
async function answererNow({ imageId, memberId }: Pair, { client }: Location): Promise<Maker> {
  const { accountId, ...maker } = await makerOf(client, imageId);
  const isTold = accountId === undefined || isSameAccount(accountId, memberId);
  return isTold ? maker : { ...maker, accountId };
}

function outputs(state: AcceptanceState): Properties {
  const names = ["imageId", "accept", "memberId", "region", "environment", "profile", "status"] as const;
  return omitUndefined({ ...pick(state, [...names, "accountId", "madeWith", "endpoint"]) });
}
