import { isDeepStrictEqual } from "node:util";
import { creationTagKey } from "../../provider/schema/creation-tag";
import type { RawImage } from "../../emulator";
import type { Goal, StackModel } from "./model";
import type { World } from "./world";

/**
 * What is wrong with the cloud, as the emulator has it: each resource must have one image, and no image must be nobody's, save for
 * those that are excused.
 */
export function wrongImages(
  world: World,
  stacks: readonly [StackModel, readonly Goal[]][],
  excused: (image: RawImage) => boolean = () => false,
): string[] {
  const { emulator, said } = world;
  const tagMayStay = said.some((text) => text.includes("keeps it. That harms nothing")) || staysUntold(world);
  const images = new Map(emulator.images().map((image) => [image.id, image]));
  const wrong = stacks.flatMap(([stack, goals]) =>
    goals.flatMap((goal) => {
      const ids = new Set(
        stack.state.filter(({ urn }) => urn.endsWith(`::${goal.name}`)).map(({ id }) => id),
      );
      const [id = "?"] = ids;
      const image = images.get(id);
      images.delete(id);
      if (ids.size !== 1 || image === undefined) {
        return [`${goal.name} has ${ids.size} ids in the state, and ${image ? "an" : "no"} image of its own`];
      }
      return wrongProperties(image, goal, { tagMayStay });
    }),
  );
  const nobodys = [...images.values()]
    .filter((image) => !excused(image))
    .map(({ id, status, tags }) => `image ${id} (${status}, ${JSON.stringify(tags)}) is nobody's`);
  const leftInState = stacks.flatMap(([{ state }]) =>
    state.filter((saved) => saved.delete).map(({ urn }) => `${urn} is still to be deleted`),
  );
  const deleted = wronglyDeleted(
    world,
    stacks.map(([stack]) => stack),
  );
  return [...wrong, ...nobodys, ...leftInState, ...deleted];
}

/** Where tags are shown long after the run, or are out of reach for good, a creation tag stays for longer than any run lasts. */
function staysUntold({ condition: { tagLagMs = 0, denied = [] } }: World): boolean {
  const outOfReach = denied.some(({ operation, status = 403 }) => operation === "deleteTag" && status >= 500);
  return tagLagMs > 60_000 || outOfReach;
}

/**
 * Whether the user knows of an image that no state holds: it was named to them, or carries a creation tag, by which
 * `pulumi-scp-images orphans` lists it. Where images cannot be tagged, the user was told that such an image will not be found.
 */
export function isTold(image: RawImage, { said }: Pick<World, "said">): boolean {
  const isTagged = image.tags.some(({ key }) => key === creationTagKey);
  return isTagged || said.some((text) => text.includes(image.id) || text.includes("will not be found"));
}

/** Images that were deleted although no state held them: whatever the world is like, there must be none. */
export function wronglyDeleted({ emulator }: World, stacks: readonly StackModel[]): string[] {
  return emulator
    .deleted()
    .filter(({ id }) => !stacks.some(({ deletes }) => deletes.has(id)))
    .map(({ id, name }) => `image ${id} (${name}) was deleted, and no state held it`);
}

export function wrongProperties(
  image: RawImage,
  { type, args }: Goal,
  { tagMayStay = false } = {},
): string[] {
  const tags = Object.fromEntries(image.tags.map(({ key, value }) => [key, value]));
  const ours = Object.keys(tags).filter((key) => key.startsWith(creationTagKey));
  const others = Object.fromEntries(Object.entries(tags).filter(([key]) => !ours.includes(key)));
  const expected: Record<string, [unknown, unknown]> = {
    ...(type === "ServerImage" ? {} : { url: [image.url, args.url] }),
    status: [image.status, type === "ImageRecord" ? image.status : "active"],
    ...(type === "ImageImport"
      ? {}
      : {
          name: [image.name, args.name],
          osDistro: [image.os_distro, args.osDistro ?? null],
          protected: [image.protected, args.protected ?? false],
          minRam: [image.min_ram, args.minRam ?? 0],
          tags: [others, args.tags ?? {}],
        }),
    ...(type === "Image" && !tagMayStay ? { creationTag: [ours, []] } : {}),
  };
  return Object.entries(expected)
    .filter(([, [is, shall]]) => !isDeepStrictEqual(is, shall))
    .map(([key, [is, shall]]) => `${key} is ${JSON.stringify(is)}, not ${JSON.stringify(shall)}`);
}

/** Secrets in anything that was shown, or is in the state. */
export function leaks({ emulator, said }: World, ...stacks: readonly StackModel[]): string[] {
  const { accessKey, secretKey } = emulator.options;
  const shown = [...said, ...stacks.map(({ state }) => JSON.stringify(state))].join("\n");
  return [
    ...(shown.includes(accessKey) ? ["the access key was shown"] : []),
    ...(shown.includes(secretKey) ? ["the secret key was shown"] : []),
    ...(/[A-Za-z0-9+/]{43}=/.test(shown) ? ["a signature was shown"] : []),
    ...(shown.includes("\u001b") ? ["a terminal's escape was shown"] : []),
  ];
}
