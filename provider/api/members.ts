import { isSameAccount, plainAccountId } from "./account-id";
import { isNotFound, sanitize, type Failure } from "./errors";
import type { Call, Http } from "./http";
import { isObject, isSameId, text, time } from "./images";
import { imagePath, memberPath } from "./paths";

/** What an account answers to the offer of an image. */
export type MemberStatus = "pending" | "accepted" | "rejected";

/** An account that an image is shared with. */
export interface ImageMember {
  imageId: string;
  /** The account. */
  memberId: string;
  /** `pending`, until the account has answered; then `accepted` or `rejected`. In lower case. */
  status: string;
  /** When the image was shared with the account: ISO 8601, UTC. */
  createdAt?: string;
  updatedAt?: string;
}

/**
 * The accounts that images are shared with. Its owner adds and removes them, and only of an image whose visibility is `shared`; what an
 * offer is answered with is the account's own. An account's id is sent as SCP documents it, and answered as it was asked for. Every method
 * throws `ScpError` and nothing else.
 */
export class MemberClient {
  constructor(private readonly http: Pick<Http, "send">) {}

  /** `GET /v1/images/{id}/members`: all members for the owner; for a member, itself. */
  async list(imageId: string): Promise<ImageMember[]> {
    return this.http.send({
      ...memberCall("GET", `${imagePath(imageId)}/members`, `List members of image ${imageId}`),
      read: (body) => membersFrom(body, imageId),
      advice: ownersAdvice,
    });
  }

  /**
   * `POST /v1/images/{id}/members`: offers an image to an account. Sent once: a second one is a conflict, also where the answer to the
   * first was lost.
   */
  async add(imageId: string, memberId: string): Promise<ImageMember> {
    memberPath(imageId, memberId); // A wrong id is told as such, and not sent.
    return this.http.send({
      ...memberCall(
        "POST",
        `${imagePath(imageId)}/members`,
        `Share image ${imageId} with account ${memberId}`,
      ),
      idempotent: false,
      body: { member_id: plainAccountId(memberId) },
      read: (body) => memberFrom(body, imageId, memberId),
      advice: (failure) =>
        failure === "conflict"
          ? "As a rule, the image is shared with this account already."
          : ownersAdvice(failure),
    });
  }

  /** `GET /v1/images/{id}/members/{member}`: asked by the owner, or by the account itself. Anybody else is told that there is none. */
  async show(imageId: string, memberId: string): Promise<ImageMember> {
    return inEitherSpelling(memberId, (spelt) =>
      this.http.send({
        ...memberCall("GET", memberPath(imageId, spelt), `Show member ${memberId} of image ${imageId}`),
        read: (body) => memberFrom(body, imageId, memberId),
        advice: notFoundAdvice,
      }),
    );
  }

  /** `PUT /v1/images/{id}/members/{member}`: the account's own answer, which nobody else can give. */
  async setStatus(imageId: string, memberId: string, status: MemberStatus): Promise<ImageMember> {
    return this.http.send({
      ...memberCall(
        "PUT",
        memberPath(imageId, plainAccountId(memberId)),
        `Set the answer of ${memberId} to image ${imageId}`,
      ),
      body: { status },
      read: (body) => memberFrom(body, imageId, memberId),
      advice: (failure) =>
        failure === "forbidden"
          ? "Only the account that an image is offered to can accept or reject it: use that account's keys."
          : notFoundAdvice(failure),
    });
  }

  /** `DELETE /v1/images/{id}/members/{member}`: takes the offer back, also an accepted one. */
  async remove(imageId: string, memberId: string): Promise<void> {
    await inEitherSpelling(memberId, (spelt) =>
      this.http.send({
        ...memberCall("DELETE", memberPath(imageId, spelt), `Unshare image ${imageId} from ${memberId}`),
        // Something on the way may answer everything with 200.
        read: (body, status) => (body === undefined && status !== 203 ? true : undefined),
        advice: ownersAdvice,
      }),
    );
  }
}

/** A member that was added by an id which is written otherwise, which the service may have kept so, is found by that. */
async function inEitherSpelling<T>(memberId: string, call: (spelt: string) => Promise<T>): Promise<T> {
  const plain = plainAccountId(memberId);
  try {
    return await call(plain);
  } catch (error) {
    if (plain === memberId || !isNotFound(error)) {
      throw error;
    }
    return call(memberId);
  }
}

function memberCall(method: Call<unknown>["method"], path: string, operation: string) {
  return { service: "virtualserver", method, path, operation, idempotent: true } as const;
}

function ownersAdvice(failure: Failure): string | undefined {
  return failure === "forbidden"
    ? "Members are the owner's to change, and only an image whose visibility is shared has any."
    : notFoundAdvice(failure);
}

function notFoundAdvice(failure: Failure): string | undefined {
  return failure === "notFound"
    ? "The image is not shared with this account, was deleted, or belongs to another account or region."
    : undefined;
}

function membersFrom(body: unknown, imageId: string): ImageMember[] | undefined {
  const members =
    isObject(body) && Array.isArray(body.members)
      ? body.members.map((member) => memberFrom(member, imageId))
      : undefined;
  return members?.every((member) => member !== undefined) ? members : undefined;
}

/** A member out of an answer; what is not the one that was asked for is no answer. */
function memberFrom(body: unknown, imageId: string, asked?: string): ImageMember | undefined {
  if (!isObject(body)) {
    return undefined;
  }
  const [memberId, status] = [shown(body.member_id), shown(body.status)];
  const isOfImage = isSameId(text(body.image_id) ?? imageId, imageId);
  if (!memberId || !status || !isOfImage || !isSameAccount(memberId, asked ?? memberId)) {
    return undefined;
  }
  const [createdAt, updatedAt] = [time(shown(body.created_at)), time(shown(body.updated_at))];
  return { imageId, memberId: asked ?? memberId, status: status.toLowerCase(), createdAt, updatedAt };
}

function shown(value: unknown): string | undefined {
  return typeof value === "string" ? sanitize(value, []) : undefined;
}
