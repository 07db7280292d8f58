import { isAccountId, isSameAccount, plainAccountId } from "./account-id";
import { objectStoragePlace, objectStorageUrl, type Place } from "./regions";

/** What an Object Storage URL names, however it is written. */
export interface ObjectAddress {
  /** Host and port. */
  host: string;
  account: string;
  bucket: string;
  key: string;
}

/** What a URL names: `/account:bucket/key` or `/account/bucket/key`, percent-encoded or not; undefined for any other URL. */
export function objectAddress(url: string): ObjectAddress | undefined {
  if (!URL.canParse(url)) {
    return undefined;
  }
  const { host, pathname } = new URL(url);
  const [, account, bucket, key] = /^\/([^/:]+)[:/]([^/]+)\/(.+)$/.exec(decoded(pathname)) ?? [];
  return account === undefined || bucket === undefined || key === undefined
    ? undefined
    : { host, account, bucket, key };
}

/** Whether two URLs name the same object: a service may write the one it was given in another spelling. */
export function isSameObject(one: string, other: string): boolean {
  const [a, b] = [objectAddress(one), objectAddress(other)];
  if (a === undefined || b === undefined) {
    return one === other;
  }
  return (
    publicHost(a.host) === publicHost(b.host) &&
    (a.account === b.account || (areAccountIds(a, b) && isSameAccount(a.account, b.account))) &&
    a.bucket === b.bucket &&
    a.key === b.key
  );
}

/** Elsewhere, what stands in their place may be a folder, which capitals tell from another. */
function areAccountIds(...addresses: readonly ObjectAddress[]): boolean {
  return addresses.every(({ account }) => isAccountId(plainAccountId(account)));
}

/** Object Storage has a public and a private host name, for the same objects: the public one stands for both. */
export function publicHost(host: string): string {
  return host.replace(/^object-store\.private\./, "object-store.");
}

/** The account that a URL names, where what it names is an account's id. */
export function accountInUrl(url: string): string | undefined {
  const account = plainAccountId(objectAddress(url)?.account ?? "");
  return isAccountId(account) ? account : undefined;
}

/**
 * The same Object Storage URL in the other of its two path forms, `/account/bucket/object` and `/account:bucket/object`;
 * undefined where the URL has neither.
 */
export function otherPathForm(url: string): string | undefined {
  const [, origin, account, separator, rest] =
    /^(https?:\/\/[^/]+\/)([^/:]+)([:/])([^/]+\/.+)$/.exec(url) ?? [];
  if (origin === undefined || account === undefined || rest === undefined) {
    return undefined;
  }
  return `${origin}${account}${separator === ":" ? "/" : ":"}${rest}`;
}

/**
 * The URL that SCP is told of an object: in the path form that is seen to work everywhere. Where Object Storage is reached by its private
 * endpoint, that is named; never one that is only ours, like a proxy.
 */
export function publicUrl(
  settings: Place & { objectStorageEndpoint?: string },
  { account, bucket, key }: Omit<ObjectAddress, "host">,
): string {
  const { objectStorageEndpoint: own } = settings;
  const isScps = own !== undefined && objectStoragePlace(new URL(own).hostname) !== undefined;
  const base = isScps ? new URL(own).origin : objectStorageUrl(settings);
  return `${base}/${account}:${bucket}/${key.split("/").map(encodeURIComponent).join("/")}`;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
