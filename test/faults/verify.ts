import { isDeepStrictEqual } from "node:util";
import { markKey } from "../../provider/runtime/marks";
import type { RawImage } from "../emulator";
import type { Goal, StackModel } from "./model";
import type { World } from "./world";

/**
 * What is wrong with the cloud, as the emulator has it: each resource must have one image, and no image must be nobody's, save for
 * those that are excused.
 */
export function wrongImages(
  { emulator, said }: World,
  stacks: readonly [StackModel, readonly Goal[]][],
  excused: (image: RawImage) => boolean = () => false,
): string[] {
  // Where taking it off is refused, the user is told.
  const markMayStay = said.some((text) => text.includes("the image keeps the tag"));
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
      return wrongProperties(image, goal, { markMayStay });
    }),
  );
  const nobodys = [...images.values()]
    .filter((image) => !excused(image))
    .map(({ id, status, tags }) => `image ${id} (${status}, ${JSON.stringify(tags)}) is nobody's`);
  const leftInState = stacks.flatMap(([{ state }]) =>
    state.filter((saved) => saved.delete).map(({ urn }) => `${urn} is still to be deleted`),
  );
  return [...wrong, ...nobodys, ...leftInState];
}

/** An image that a killed run left and that can be told from all others: the next creation, or the end of the stack, sees to it. */
export function waitsForItsEnd(image: RawImage, { state }: StackModel): boolean {
  const mark = image.tags.find(({ key }) => key === markKey)?.value;
  return mark !== undefined && state.every(({ inputs }) => inputs.token !== mark);
}

export function wrongProperties(
  image: RawImage,
  { type, args }: Goal,
  { markMayStay = false } = {},
): string[] {
  const tags = Object.fromEntries(image.tags.map(({ key, value }) => [key, value]));
  const ours = Object.keys(tags).filter((key) => key.startsWith(markKey));
  const others = Object.fromEntries(Object.entries(tags).filter(([key]) => !ours.includes(key)));
  const expected: Record<string, [unknown, unknown]> = {
    url: [image.url, args.url],
    status: [image.status, type === "ImageRecord" ? image.status : "active"],
    ...(type === "ImageImport"
      ? {}
      : {
          name: [image.name, args.name],
          osDistro: [image.os_distro, args.osDistro],
          minRam: [image.min_ram, args.minRam ?? 0],
          tags: [others, args.tags ?? {}],
        }),
    ...(type === "Image" && !markMayStay ? { marks: [ours, []] } : {}),
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
