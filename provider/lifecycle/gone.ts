import type { ScpClient } from "../api/client";
import { isNotFound } from "../api/errors";
import { isSameId, wasActive, type Image } from "../api/images";
import type { Clock } from "./clock";
import { ImageError } from "./image-error";
import { anotherEndpoint, foreignAccount, type MadeBy } from "./accounts";

/** What a state tells of an image that may be gone. */
export interface Remembered extends MadeBy {
  name?: unknown;
  createdAt?: unknown;
  /** Undefined where the resource does not declare it. */
  protected?: unknown;
}

interface Services {
  client: ScpClient;
  clock: Clock;
}

/** How long after its creation a 404 may mean that an image is not shown yet, in milliseconds. */
export const shownAfter = 2 * 60_000;
const pause = 2_000;

/** An image by its id and its name, where the state tells that. */
export function describe(id: string, { name }: Remembered): string {
  return typeof name === "string" ? `${id} (${name})` : id;
}

/**
 * An image as it is now; undefined when it is gone for sure. What is taken for gone is forgotten, so a 404 alone does not do: it is asked
 * again as long as a new image may be shown late, the list must answer, and not have it, and the keys must be those of the account that
 * made it.
 * @throws ImageError when the 404 proves nothing; ScpError of the service
 */
export async function showUnlessGone(
  id: string,
  remembered: Remembered,
  services: Services,
): Promise<Image | undefined> {
  const { client } = services;
  const shown = await undefinedIfNotFound(() => client.showImage(id));
  if (shown !== undefined) {
    return shown;
  }
  await proveOurs(id, remembered, client); // Whom it is hidden from need not wait for it.
  const late = await showLate(id, Date.parse(String(remembered.createdAt)), services);
  if (late === undefined) {
    await proveUnlisted(id, remembered, client);
  }
  return late;
}

/** An image; undefined when it is not found, and was created too long ago not to be shown yet. */
export async function showLate(
  id: string,
  createdAt: number,
  { client, clock }: Services,
): Promise<Image | undefined> {
  const since = clock.now();
  for (;;) {
    const image = await undefinedIfNotFound(() => client.showImage(id));
    // Bounded also where the service's clocks disagree.
    const mayComeLate = client.serverNow() - createdAt < shownAfter && clock.now() - since < shownAfter;
    if (image !== undefined || !mayComeLate) {
      return image;
    }
    await clock.sleep(pause);
  }
}

const kept =
  "It stays in the state. If it is gone indeed, take it out with pulumi state delete; " +
  "scp:accountId states which account's keys are expected.";

async function proveOurs(id: string, remembered: Remembered, client: ScpClient): Promise<void> {
  const foreign =
    anotherEndpoint(remembered, client.settings) ?? (await foreignAccount(client, id, remembered));
  if (foreign !== undefined) {
    throw new ImageError(`Image ${describe(id, remembered)} is answered with 404, but ${foreign}. ${kept}`);
  }
}

async function proveUnlisted(id: string, remembered: Remembered, client: ScpClient): Promise<void> {
  const name = typeof remembered.name === "string" ? remembered.name : undefined;
  if (await isListed(id, name, client)) {
    throw new ImageError(
      `Image ${id} is answered with 404, but the list of images has it. Run again. ${kept}`,
    );
  }
}

/** Throws where the list does not answer: then the 404 may be something else's too. */
async function isListed(id: string, name: string | undefined, client: ScpClient): Promise<boolean> {
  return (await client.allImages({ name })).some((image) => isSameId(image.id, id));
}

/** An image; undefined where it is not found twice, since one 404 may be anything's. What is not to be forgotten for that needs no more. */
export async function showTwice(id: string, client: ScpClient): Promise<Image | undefined> {
  const show = () => undefinedIfNotFound(() => client.showImage(id));
  return (await show()) ?? show();
}

/** Whether an image is there, and has its content. */
export async function hasContent(id: string, client: ScpClient): Promise<boolean> {
  const image = await showTwice(id, client);
  return image !== undefined && wasActive(image);
}

/** What a call answers; undefined when the service says that there is no such thing. */
export async function undefinedIfNotFound<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (isNotFound(error)) {
      return undefined;
    }
    throw error;
  }
}
