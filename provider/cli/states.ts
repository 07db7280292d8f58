import { readFileSync } from "node:fs";

/** The images that exported states hold, and the objects, by bucket and key; each with the file. */
export function heldInStates(files: readonly string[]): Map<string, string> {
  return new Map(files.flatMap((file) => idsIn(file).map((id) => [id, file] as const)));
}

interface Resource {
  type?: unknown;
  id?: unknown;
  outputs?: { generations?: unknown; undone?: { generations?: unknown }[] };
}

/** The ids of what an exported state holds. */
function idsIn(file: string): string[] {
  const state = JSON.parse(readFileSync(file, "utf8")) as { deployment?: { resources?: Resource[] } };
  const resources = state.deployment?.resources;
  if (!Array.isArray(resources)) {
    throw new Error(`${file} is no state as pulumi stack export writes it.`);
  }
  return resources.flatMap(({ type, id, outputs }) => {
    const own =
      typeof id === "string" &&
      /scp:(Image(Record|Import|File)|ServerImage(Record|Snapshot))$/.test(String(type))
        ? [id]
        : [];
    return String(type).endsWith("scp:ImageGenerations")
      ? [outputs, ...(outputs?.undone ?? [])].flatMap((one) => idsOfGenerations(one?.generations))
      : own;
  });
}

function idsOfGenerations(generations: unknown): string[] {
  const list = Array.isArray(generations) ? (generations as { imageId?: unknown }[]) : [];
  return list.flatMap(({ imageId }) => (typeof imageId === "string" ? [imageId] : []));
}
