import * as pulumi from "@pulumi/pulumi";
import { omitUndefined } from "../schema/check";
import type { Args, CallArgs, Description } from "../schema/description";
import type { ImageInfo } from "../schema/image-info";
import { imageFilters, imageLookup } from "../schema/image-lookup";
import { lookups } from "./lookup-context";

/** Which image to look up: by its id, or by what is known of it. */
export interface GetImageArgs extends CallArgs<typeof imageLookup> {}

/** The same, of values that may be outputs. */
export interface GetImageOutputArgs extends Args<typeof imageLookup> {}

/** Which images to look up. Without any of it, all that the account can see. */
export interface GetImagesArgs extends CallArgs<typeof imageFilters> {}

/** The same, of values that may be outputs. */
export interface GetImagesOutputArgs extends Args<typeof imageFilters> {}

/** How a look-up stands to the resources of a program. */
export interface LookupOptions {
  /** What must be there first. In preview, what is still to be made leaves the answer unknown. */
  dependsOn?: pulumi.Input<pulumi.Resource> | pulumi.Input<pulumi.Input<pulumi.Resource>[]>;
}

/**
 * Looks an image up, in preview too: by its id, or by filters, which one active image must match unless `status` says otherwise.
 *
 * Throws `pulumi.RunError`, which ends the program with a sentence: where no image matches, with what comes near; where more than one
 * does, with which, unless `mostRecent` is set; and what is wrong with arguments or settings, or what the service answered.
 */
export function getImage(args: GetImageArgs): Promise<ImageInfo> {
  return call("getImage", imageLookup, args, async (given, { findImage, context }) =>
    findImage(given, await context.open(given)),
  );
}

/** The same as an output, of arguments that may be outputs. Where one of them is not known in preview, the answer is not. */
export function getImageOutput(args: GetImageOutputArgs, opts?: LookupOptions): pulumi.Output<ImageInfo> {
  return after(args, opts).apply((known) => getImage(known as GetImageArgs));
}

/**
 * Looks up all images that match, the newest first: by `createdAt`, then by id.
 *
 * Throws `pulumi.RunError`, as `getImage` does; that none matches is no error.
 */
export function getImages(args: GetImagesArgs = {}): Promise<ImageInfo[]> {
  return call("getImages", imageFilters, args, async (given, { findImages, context }) =>
    findImages(given, await context.open(given)),
  );
}

/** The same as an output, of arguments that may be outputs. Where one of them is not known in preview, the answer is not. */
export function getImagesOutput(
  args: GetImagesOutputArgs = {},
  opts?: LookupOptions,
): pulumi.Output<ImageInfo[]> {
  return after(args, opts).apply((known) => getImages(known as GetImagesArgs));
}

type Lookups = ReturnType<typeof lookups>;

/** One look-up. Of an error that is no RunError Pulumi prints the stack too. */
async function call<A extends object, T>(
  name: string,
  description: Description,
  args: A,
  work: (given: A, loaded: Lookups) => Promise<T>,
): Promise<T> {
  const loaded = lookups();
  const given = omitUndefined(Object.fromEntries(Object.entries(args)));
  const failures = loaded.lookupFailures(description, given);
  if (failures.length > 0) {
    throw sentence(`${name}: ${failures.map(({ reason }) => reason).join("\n")}`);
  }
  try {
    return await work(given as A, loaded);
  } catch (error) {
    throw loaded.isExpected(error) ? sentence(`${name}: ${error.message}`) : error;
  }
}

/**
 * An error of which Pulumi shows the message. Its stack is formatted all the same, for a trace that nobody sees, and with the paths of
 * node_modules in it that takes Node.js a minute.
 */
function sentence(message: string): pulumi.RunError {
  const error = new pulumi.RunError(message);
  error.stack = `RunError: ${message}`;
  return error;
}

/** The arguments, when what they depend on is there. Of a resource that is still to be made the id is not known. */
function after(args: object, { dependsOn = [] }: LookupOptions = {}): pulumi.Output<object> {
  const resources = pulumi.output(dependsOn).apply((all) => (Array.isArray(all) ? all : [all]));
  const made = resources.apply((all) => pulumi.all(all.map(idOf)));
  return pulumi.all([pulumi.output(args), made]).apply(([known]) => known);
}

/** A component has no id, as a rule: an `Image` has one, once it is active. */
function idOf(resource: pulumi.Resource): pulumi.Output<string> {
  const id: unknown = Reflect.get(resource, "id");
  return pulumi.Output.isInstance<string>(id) ? id : resource.urn;
}
