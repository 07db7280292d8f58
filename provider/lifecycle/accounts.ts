import { createHash } from "node:crypto";
import { isAccountId, isSameAccount } from "../api/account-id";
import type { ScpClient } from "../api/client";
import { isUnanswered, isUnauthorized, ScpError } from "../api/errors";
import type { Image } from "../api/images";
import { accountInUrl } from "../api/object-url";
import { isLoopback } from "../api/regions";
import { ImageError } from "./image-error";

/** What this package keeps of who made an image, and where. */
export interface Maker {
  accountId?: string;
  madeWith?: string;
  endpoint?: string;
}

/** What a state tells of the account that an image was made by. */
export interface MadeBy {
  /** The account of the keys that made it. */
  accountId?: unknown;
  /** Where IAM does not tell the account: a fingerprint of the access key that made it. */
  madeWith?: unknown;
  /** The endpoint that it was made at, where one was configured. */
  endpoint?: unknown;
  /** The owner, as the service writes it. Not always the account's id. */
  owner?: unknown;
  /** The file's URL names the account too: SCP takes files of the caller's own account only. */
  url?: unknown;
}

/**
 * Makes sure that `scp:accountId` and the keys agree, where it is set.
 * @throws ImageError also where the keys' account cannot be told: a guard that does not guard is none
 */
export async function checkExpectedAccount(client: ScpClient): Promise<void> {
  const { accountId: expected, profile, sources } = client.settings;
  if (expected === undefined) {
    return;
  }
  const where = `${profile === undefined ? "scp:accountId" : `accountId of profile "${profile}"`} (from ${sources.accountId ?? "?"})`;
  const actual = await client.accountId().catch((error: unknown) => {
    throw new ImageError(
      `${where} says that the keys are of account ${expected}, which cannot be checked: ${messageOf(error)} ` +
        "Nothing was done. Allow the user to list IAM access keys, or leave accountId out.",
      { cause: error },
    );
  });
  if (!isSameAccount(actual, expected)) {
    throw new ImageError(
      `The keys (access key from ${sources.accessKey ?? "?"}) are of account ${actual}, but ${where} says ${expected}. Nothing was done.`,
    );
  }
}

/**
 * Says that the service does not accept the keys, or does not answer at all; undefined where it does. IAM is asked, since a creation asks it
 * anyway; where it alone does not accept them, which may be its way to say that it does not tell, the image service is asked too. What else
 * hinders the questions is no reason.
 */
export async function refusalOfKeys(client: ScpClient): Promise<string | undefined> {
  if ((await refusalBy(() => client.accountId())) === undefined) {
    return undefined;
  }
  const refusal = await refusalBy(() => client.listImages({ limit: 1 }));
  const { profile, endpoint, sources } = client.settings;
  const whose =
    profile === undefined || !isUnauthorized(refusal) ? "" : `The keys of profile "${profile}" are refused. `;
  const where =
    endpoint === undefined || !isUnanswered(refusal)
      ? ""
      : `The endpoint is ${endpoint} (from ${sources.endpoint ?? "?"}). `;
  return refusal && `${whose}${refusal.message} ${where}Nothing was done.`;
}

async function refusalBy(call: () => Promise<unknown>): Promise<ScpError | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    messageOf(error);
    return isUnauthorized(error) || isUnanswered(error) ? error : undefined;
  }
}

/** What the state keeps of who made an image: the account; where IAM does not tell it, a fingerprint of the access key. And where. */
export async function makerOf(client: ScpClient, imageId: string): Promise<Maker> {
  return makerBy(await client.accountId().catch(() => undefined), client, imageId);
}

/** The same, where it is known already what IAM tells. */
export function makerBy(accountId: string | undefined, client: ScpClient, imageId: string): Maker {
  const { endpoint } = client.settings;
  return accountId === undefined
    ? { madeWith: fingerprint(client, imageId), endpoint }
    : { accountId, endpoint };
}

/** Tells only whether it is the same access key: it is a different one for each image. */
export function fingerprint({ settings }: ScpClient, imageId: string): string {
  return createHash("sha256").update(`${imageId} ${settings.accessKey}`).digest("hex").slice(0, 16);
}

/** Whether keys are of the account that made an image, and why not, as a sentence's part. */
export interface Comparison {
  verdict: "same" | "another" | "untold";
  reason: string;
}

/**
 * Whether the keys in use are of the account that made an image. Where IAM does not tell, the same access key does, or the owner of the
 * images that these keys list; that it is another account, account ids alone say.
 */
export async function compareAccounts(client: ScpClient, imageId: string, by: MadeBy): Promise<Comparison> {
  const same: Comparison = { verdict: "same", reason: "" };
  const maker = asText(by.accountId) ?? accountInUrl(asText(by.url) ?? "");
  const owner = asText(by.owner);
  const keys = await client.accountId().then(
    (id) => ({ id, reason: `the keys are of account ${id}` }),
    (error: unknown) => ({ id: undefined, reason: messageOf(error) }),
  );
  if (keys.id !== undefined && maker !== undefined) {
    const reason = `${keys.reason}, and it was made by account ${maker}`;
    return isSameAccount(keys.id, maker) ? same : { verdict: "another", reason };
  }
  if (by.madeWith === fingerprint(client, imageId)) {
    return same;
  }
  const untold = `it cannot be told whether the keys are of the account that made it (${keys.reason})`;
  if (owner === undefined) {
    return { verdict: "untold", reason: untold };
  }
  const own = await ownersName(client);
  if (own === undefined) {
    return { verdict: "untold", reason: `${untold}: they list no image of their own` };
  }
  const reason = `the keys' images are those of owner ${own}, and it was made by ${owner}`;
  return isSameAccount(own, owner) ? same : { verdict: "untold", reason };
}

/** Says why the keys in use are not known to be those of the account that made an image; undefined when they are. */
export async function foreignAccount(
  client: ScpClient,
  imageId: string,
  by: MadeBy,
): Promise<string | undefined> {
  const { verdict, reason } = await compareAccounts(client, imageId, by);
  return verdict === "same" ? undefined : reason;
}

/**
 * Says that an image cannot be made of a file with these keys, since its url names another account; undefined where it does not, as far
 * as both tell the account in the same way.
 */
export async function foreignFile(client: ScpClient, url: string): Promise<string | undefined> {
  const account = accountInUrl(url);
  const keys = account === undefined ? undefined : await client.accountId().catch(undefinedIfRefused);
  return account !== undefined && keys !== undefined && isAccountId(keys) && !isSameAccount(keys, account)
    ? `url names a file of account ${account}, but the keys (access key from ${client.settings.sources.accessKey ?? "?"}) are of account ` +
        `${keys}. SCP takes files of the caller's own account only.`
    : undefined;
}

/**
 * Whether an image is the keys' own, and why not: by the account that its url names, else by its owner. That is another account's id, or
 * none, so to differ from the keys' account proves nothing; to differ from the owner of what the keys list as their own does.
 */
async function ownershipOf(client: ScpClient, { url = "", owner, visibility }: Image): Promise<Comparison> {
  const same: Comparison = { verdict: "same", reason: "" };
  const maker = accountInUrl(url);
  const keys = await client.accountId().catch(undefinedIfRefused);
  if (maker !== undefined && keys !== undefined) {
    const reason = `it is of account ${maker}, and the keys are of account ${keys}`;
    return isSameAccount(maker, keys) ? same : { verdict: "another", reason };
  }
  if (visibility === "private" || (owner !== undefined && keys !== undefined && isSameAccount(owner, keys))) {
    return same; // Private images of others are not shown.
  }
  const own = owner === undefined ? undefined : await ownersName(client).catch(undefinedIfRefused);
  if (owner !== undefined && own !== undefined) {
    const reason = `it is of owner ${owner}, and the keys' own images are of owner ${own}`;
    return isSameAccount(own, owner) ? same : { verdict: "another", reason };
  }
  const whose = owner === undefined ? "its owner is not told" : `its owner is ${owner}`;
  const keysAre =
    keys === undefined ? "IAM does not tell the keys' account" : `the keys are of account ${keys}`;
  return {
    verdict: "untold",
    reason: `${whose}, ${keysAre}, and they list no private image to compare with`,
  };
}

/** The keys' own account, as images tell it of their owner. */
async function ownersName(client: ScpClient): Promise<string | undefined> {
  const [own] = await client.listImages({ visibility: "private", limit: 1 });
  return (own?.visibility ?? "private") === "private" ? own?.owner : undefined;
}

/** Says that an image is another account's; undefined where it is not, as far as that can be told. */
export async function anothersImage(client: ScpClient, image: Image): Promise<string | undefined> {
  const { verdict, reason } = await ownershipOf(client, image);
  return verdict === "another" ? reason : undefined;
}

/** Says that an image is not known to be the keys' own, and the way out. One that is not shared need only not be another's. */
export async function notOurs(client: ScpClient, image: Image): Promise<string | undefined> {
  const { verdict, reason } = await ownershipOf(client, image);
  if (verdict === "another") {
    return `${reason}; only its owner's keys can take it over, by their profile`;
  }
  return verdict === "untold" && image.visibility === "shared"
    ? `it is shared, maybe by another account: ${reason}; name the profile of its owner's keys, or, where these are its owner's, ` +
        "have a private image beside it first"
    : undefined;
}

/** Says of a refusal whose the image is, and the way out; undefined where it is the keys' own, as far as that can be told. */
export async function explainForeign(
  error: ScpError,
  image: Image,
  client: ScpClient,
): Promise<ImageError | undefined> {
  const foreign = await anothersImage(client, image);
  return foreign === undefined
    ? undefined
    : new ImageError(
        `${error.message} Image ${image.id} is not yours: ${foreign}. Only its owner can change or delete it; ` +
          "take it out of the state with pulumi state delete.",
        { cause: error },
      );
}

/** For best-effort questions: what the service refuses is not known. @throws whatever is no error of the service */
export function undefinedIfRefused(error: unknown): undefined {
  messageOf(error);
}

/** Says that an image was made at another endpoint than the one in use, which may be another region's; undefined where it was not. */
export function anotherEndpoint(
  { endpoint: before }: MadeBy,
  { endpoint: now, sources }: Pick<ScpClient["settings"], "endpoint" | "sources">,
): string | undefined {
  if (typeof before !== "string" || hostOf(before) === hostOf(now)) {
    return undefined; // States of older versions do not tell.
  }
  const here = now === undefined ? "none is configured" : `it is ${now} (from ${sources.endpoint ?? "?"})`;
  return `it was made at the endpoint ${before}, and now ${here}`;
}

/** What the state is to say after an image was found: where it is known to be answered for. */
export function endpointFound(before: MadeBy, settings: ScpClient["settings"]): string | undefined {
  const { endpoint } = anotherEndpoint(before, settings) === undefined ? before : settings;
  return asText(endpoint);
}

/** A host name; one for all of this machine's own, where an emulator takes another port each time. */
function hostOf(endpoint: string | undefined): string | undefined {
  const host = endpoint !== undefined && URL.canParse(endpoint) ? new URL(endpoint).hostname : endpoint;
  return host !== undefined && isLoopback(host) ? "this machine" : host;
}

function asText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/**
 * What an error of the service says.
 * @throws whatever is no error of the service
 */
export function messageOf(error: unknown): string {
  if (error instanceof ScpError) {
    return error.message;
  }
  throw error;
}
