import { type Call, decoded, header } from "./http";
import type { Settings } from "./settings";

/** What a path of Object Storage names. Without an account in the path it is the caller's own. */
export interface ObjectName {
  account?: string;
  bucket: string;
  key: string;
}

/** Splits a path: `/account:bucket/key`, `/account/bucket/key` when the settings know the account, or `/bucket/key`. */
export function objectName(path: string, settings: Settings): ObjectName {
  const [first = "", ...rest] = path.slice(1).split("/").map(decoded);
  const colon = first.indexOf(":");
  if (colon >= 0) {
    return { account: first.slice(0, colon), bucket: first.slice(colon + 1), key: rest.join("/") };
  }
  if (settings.pathForms === "both" && isAccount(first, settings)) {
    const [bucket = "", ...key] = rest;
    return { account: first, bucket, key: key.join("/") };
  }
  return { bucket: first, key: rest.join("/") };
}

/**
 * The bucket that a request names by its host, `bucket.object-store.…` or, on this machine, `bucket.localhost`;
 * undefined when the path names it.
 */
export function bucketOfHost(call: Call): string | undefined {
  const host = header(call, "host") ?? "";
  if (host.startsWith("object-store.")) return undefined;
  return /^(.+?)\.(?:object-store\..+|localhost(?::\d+)?)$/.exec(host)?.[1];
}

/** What a request to Object Storage is about, by its host and its path. */
export function objectNameOf(call: Call, settings: Settings): ObjectName {
  const bucket = bucketOfHost(call);
  if (bucket === undefined) return objectName(call.path, settings);
  return { bucket, key: call.path.slice(1).split("/").map(decoded).join("/") };
}

export function isAccount(text: string, settings: Settings): boolean {
  return settings.accounts.some((account) => account.accountId === text);
}

/** The URL that an image names an object by: the same whatever port the emulator listens on. */
export function publicObjectUrl(
  { region, environment }: Settings,
  { account, bucket, key }: Required<ObjectName>,
): string {
  const host = `object-store.${region}.${environment}.samsungsdscloud.com`;
  return `https://${host}/${account}:${bucket}/${key.split("/").map(encodeURIComponent).join("/")}`;
}

/**
 * Where on this machine the importer finds what a URL names; undefined when the URL is not one of this region's
 * Object Storage. Nothing else is ever asked, so no URL makes the emulator talk to another machine.
 */
export function loopbackAddress(url: string, settings: Settings, storageUrl: string): URL | undefined {
  if (!URL.canParse(url)) return undefined;
  const given = new URL(url);
  const own = new URL(storageUrl);
  const { region, environment } = settings;
  const hosts = ["object-store", "object-store.private"].map(
    (name) => `https://${name}.${region}.${environment}.samsungsdscloud.com`,
  );
  const ours = [...hosts, own.origin, `http://localhost:${own.port}`];
  const plain = !given.search && !given.hash && !given.username && !given.password;
  return plain && ours.includes(given.origin) ? new URL(given.pathname, own) : undefined;
}

/** Like {@link loopbackAddress}, for a URL in a request: the account in it must be the caller's own. */
export function ownObjectAddress(
  url: string,
  accountId: string,
  settings: Settings,
  storageUrl: string,
): URL | undefined {
  const address = loopbackAddress(url, settings, storageUrl);
  if (!address) return undefined;
  const name = objectName(address.pathname, settings);
  return name.account === accountId && name.bucket && name.key ? address : undefined;
}
