import { createHash } from "node:crypto";
import type { ScpClient } from "../api/client";
import { ScpError } from "../api/errors";
import { accountInUrl } from "../api/object-url";
import { ImageError } from "./image-error";

/** What a state tells of the account that an image was made by. */
export interface MadeBy {
  /** The account of the keys that made it. */
  accountId?: unknown;
  /** Where IAM does not tell the account: a fingerprint of the access key that made it. */
  madeWith?: unknown;
  /** The owner, as the service calls him. Not always the account's id. */
  owner?: unknown;
  /** The file's URL names the account too: SCP takes files of the caller's own account only. */
  url?: unknown;
}

/**
 * Makes sure that `scp:accountId` and the keys agree, where it is set.
 * @throws ImageError also where the keys' account cannot be told: a guard that does not guard is none
 */
export async function checkExpectedAccount(client: ScpClient): Promise<void> {
  const { accountId: expected, sources } = client.settings;
  if (expected === undefined) {
    return;
  }
  const where = `scp:accountId (from ${sources.accountId ?? "?"})`;
  const actual = await client.accountId().catch((error: unknown) => {
    throw new ImageError(
      `${where} says that the keys are of account ${expected}, which cannot be checked: ${messageOf(error)} ` +
        "Nothing was done. Allow the user to list IAM access keys, or leave scp:accountId out.",
      { cause: error },
    );
  });
  if (actual !== expected) {
    throw new ImageError(
      `The keys (access key from ${sources.accessKey ?? "?"}) are of account ${actual}, but ${where} says ${expected}. Nothing was done.`,
    );
  }
}

/** What the state keeps of who made an image: the account; where IAM does not tell it, a fingerprint of the access key. */
export async function makerOf(
  client: ScpClient,
  imageId: string,
): Promise<{ accountId?: string; madeWith?: string }> {
  const accountId = await client.accountId().catch(() => undefined);
  return accountId === undefined ? { madeWith: fingerprint(client, imageId) } : { accountId };
}

/** Tells only whether it is the same access key: it is a different one for each image. */
function fingerprint({ settings }: ScpClient, imageId: string): string {
  return createHash("sha256").update(`${imageId} ${settings.accessKey}`).digest("hex").slice(0, 16);
}

/**
 * Says why the keys in use are not known to be those of the account that made an image; undefined when they are.
 * Where IAM does not tell, the same access key does, or the owner of the images that these keys list.
 */
export async function foreignAccount(
  client: ScpClient,
  imageId: string,
  by: MadeBy,
): Promise<string | undefined> {
  const maker = asText(by.accountId) ?? accountInUrl(asText(by.url) ?? "");
  const owner = asText(by.owner);
  const keys = await client.accountId().then(
    (id) => ({ id, reason: `the keys are of account ${id}` }),
    (error: unknown) => ({ id: undefined, reason: messageOf(error) }),
  );
  if (keys.id !== undefined && maker !== undefined) {
    return keys.id === maker ? undefined : `${keys.reason}, and it was made by account ${maker}`;
  }
  if (by.madeWith === fingerprint(client, imageId)) {
    return undefined;
  }
  const untold = `it cannot be told whether the keys are of the account that made it (${keys.reason})`;
  if (owner === undefined) {
    return untold;
  }
  const [own] = await client.listImages({ visibility: "private", limit: 1 });
  if (own?.owner === undefined) {
    return `${untold}: they list no image of their own`;
  }
  return own.owner === owner
    ? undefined
    : `the keys' images are those of owner ${own.owner}, and it was made by ${owner}`;
}

function asText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** What an error of the service says; any other is none to be told of. */
export function messageOf(error: unknown): string {
  if (error instanceof ScpError) {
    return error.message;
  }
  throw error;
}
