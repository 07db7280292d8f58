import type { dynamic } from "@pulumi/pulumi";
import { otherPathForm, type ScpClient } from "../api/client";
import { isConflict, isForbidden, isNotFound, ScpError } from "../api/errors";
import type { Image } from "../api/images";
import { SettingsError, type Settings } from "../api/settings";
import type { Clock } from "./clock";
import type { Cloud, OwnSettings } from "./cloud";
import { duration } from "./progress";
import { checkProperties, isUnknown, withDefaults, type Properties, type PropertyTable } from "../properties";

type Hooks = Record<string, (...args: never[]) => Promise<unknown>>;

/**
 * The hooks as Pulumi calls them. Its dynamic provider hands an error's message on, which is shown at the resource; but for some
 * hooks it also prints the error itself and its stack, in the middle of the user's output. Of an expected error, which says all
 * there is to say, only a pointer to that message is left there. An unexpected one keeps its stack.
 */
export function asCalledByPulumi<H extends Hooks>(hooks: H): H {
  const wrapped = Object.entries(hooks).map(([name, hook]) => [
    name,
    (...args: never[]) =>
      hook(...args).catch((error: unknown) => {
        throw isExpected(error) ? new HookError(error.message) : error;
      }),
  ]);
  return Object.fromEntries(wrapped) as H;
}

function isExpected(error: unknown): error is Error {
  return error instanceof ScpError || error instanceof SettingsError || error instanceof ImageError;
}

/** What went wrong with an image, in words for the user. */
export class ImageError extends Error {
  override readonly name = "ImageError";
}

class HookError extends Error {
  override readonly name = "HookError";
  override readonly stack = "what failed is said at the resource";

  override toString(): string {
    return "pulumi-scp-images";
  }
}

/**
 * What check answers: the program's properties with defaults, or what is wrong with them. The place is written down, so that a
 * resource stays where it was made whatever the configuration says later.
 */
export function inputsOrFailures(
  cloud: Cloud,
  table: PropertyTable,
  news: Properties,
): Required<dynamic.CheckResult<Properties>> {
  const { settings, failures } = settingsOrFailures(cloud, news);
  const inputs = withDefaults(table, {
    region: settings?.region,
    environment: settings?.environment,
    ...stated(news),
  });
  return { inputs, failures: [...failures, ...checkProperties(table, news, { place: settings })] };
}

function settingsOrFailures(
  cloud: Cloud,
  news: Properties,
): { settings?: Settings; failures: dynamic.CheckFailure[] } {
  if (isUnknown(news.region) || isUnknown(news.environment)) {
    return { failures: [] };
  }
  try {
    return { settings: cloud.settings(news), failures: [] };
  } catch (error) {
    if (error instanceof SettingsError) {
      return { failures: error.problems.map((reason) => ({ property: "", reason })) };
    }
    throw error;
  }
}

/** The properties that have a value. */
export function stated(properties: Properties): Properties {
  return Object.fromEntries(
    Object.entries(properties).filter(([, value]) => value !== undefined && value !== null),
  );
}

/** Where a resource is: as its state says, or, for one that is only being looked up, as the settings say. */
export function placeOf(cloud: Cloud, properties: Properties): OwnSettings {
  const { region, environment } = cloud.settings(properties);
  return { region, environment };
}

/**
 * What a call answers; undefined when it answers twice that there is no such thing. What is taken for gone is forgotten, and
 * something on the way, which knows of no image, may have said 404 in the service's place.
 */
export async function unlessGone<T>(call: () => Promise<T>): Promise<T | undefined> {
  for (let asked = 1; ; asked += 1) {
    try {
      return await call();
    } catch (error) {
      if (!isNotFound(error)) {
        throw error;
      }
      if (asked === 2) {
        return undefined;
      }
    }
  }
}

/** The image for a read: undefined when it is gone. Whoever only looks one up that is not there gets the error. */
export async function imageToRead(
  client: ScpClient,
  id: string,
  props: Properties,
): Promise<Image | undefined> {
  const show = () => client.showImage(id);
  return isNew(props) ? show() : unlessGone(show);
}

/** What read answers for an image that is gone. */
export const gone: dynamic.ReadResult = { id: "", props: {} };

/**
 * What a read gives the state: all that was found. When that is nothing new, the time of the last change stays too, since it
 * also moves for what is no change of the resource's.
 */
export function found<P extends Properties>(now: P, before: Properties): P {
  const changed = Object.keys(now).some(
    (key) => key !== "updatedAt" && JSON.stringify(now[key]) !== JSON.stringify(before[key]),
  );
  return changed || before.updatedAt === undefined ? now : { ...now, updatedAt: before.updatedAt };
}

/** The URL of an image as the program writes it, as long as the service's own says the same. */
export function urlOf(image: Image, declared: unknown): unknown {
  const shown = image.url;
  if (shown === undefined || (typeof declared === "string" && shown === otherPathForm(declared))) {
    return declared;
  }
  return shown;
}

/** How long a delete that is refused because the image is in use is tried again, in milliseconds. */
const inUse = { longest: 5 * 60_000, firstPause: 2_000, longestPause: 30_000 };

/**
 * Deletes an image. One that is gone already is fine: that is what was wanted, and a delete whose answer was lost looks the same.
 */
export async function deleteImageOf(client: ScpClient, clock: Clock, id: string): Promise<void> {
  const since = clock.now();
  for (let pause = inUse.firstPause; ; pause = Math.min(pause * 2, inUse.longestPause)) {
    try {
      await unlessGone(() => client.deleteImage(id));
      return;
    } catch (error) {
      if (isForbidden(error) && (await client.showImage(id).catch(() => undefined))?.protected) {
        throw new ImageError(
          `Image ${id} is protected, so it is not deleted. Set its property protected to false, run pulumi up, then delete it. ` +
            "(An image that was replaced while it was protected is in no program any more: lift its protection in the console.)",
          { cause: error },
        );
      }
      if (!isConflict(error)) {
        throw error;
      }
      if (clock.now() - since + pause > inUse.longest) {
        const waited = duration(clock.now() - since);
        throw new ImageError(`${error.message} It was still in use after ${waited}; free it and run again.`, {
          cause: error,
        });
      }
    }
    await clock.sleep(pause);
  }
}

/** Deletes an image that a killed run left. Nobody has it in a program, so nobody else could lift its protection. */
export async function deleteLeft(client: ScpClient, clock: Clock, id: string): Promise<void> {
  const image = await unlessGone(() => client.showImage(id));
  if (image?.protected) {
    await client.updateImage(id, { protected: false });
  }
  if (image !== undefined) {
    await deleteImageOf(client, clock, id);
  }
}

/**
 * Deletes a resource's image, unless another resource holds it: when one is replaced although its image stays the same, the old
 * one is deleted after the new one was made.
 */
export async function deleteUnlessHeld(cloud: Cloud, id: string, props: Properties): Promise<void> {
  const { client, marks } = cloud.at(props);
  if (marks.release(id, props.token)) {
    await deleteImageOf(client, cloud.clock, id);
  }
}

/** Whether check is called for a resource that is to be made: then the engine has no old inputs to give. */
export function isNew(olds: Properties): boolean {
  return Object.keys(olds).every((key) => key === "__provider");
}
