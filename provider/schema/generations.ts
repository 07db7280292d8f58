/** One of the images that an entry of a pipeline has had. */
export interface Generation {
  imageId: string;
  /** What the manifest calls this content. */
  version?: string;
}

/** What decides which generations stay. */
export interface Retention {
  /** How many earlier ones stay. */
  keep: number;
  /** The versions that channels point at. */
  pinned: readonly string[];
}

/** Which generations there are to be. */
export interface Plan {
  /** The current one, then the earlier ones that stay, the newest first. */
  stay: Generation[];
  /** Earlier ones that nothing keeps. */
  leave: Generation[];
}

/**
 * Which generations stay when this one is the current. A version names one content: one that is made anew takes the place of the earlier
 * one of its name.
 * @param before as they were, the current one first
 */
export function planGenerations(
  before: readonly Generation[],
  current: Generation,
  { keep, pinned }: Retention,
): Plan {
  const isCurrent = ({ imageId }: Generation) => imageId === current.imageId;
  const isSuperseded = ({ version }: Generation) => version === current.version;
  const isPinned = ({ version }: Generation) => version !== undefined && pinned.includes(version);
  const others = before.filter((generation) => !isCurrent(generation));
  const earlier = others.filter((generation) => !isSuperseded(generation));
  const stays = (generation: Generation) => earlier.indexOf(generation) < keep || isPinned(generation);
  return {
    stay: [current, ...earlier.filter(stays)],
    leave: others.filter((generation) => isSuperseded(generation) || !stays(generation)),
  };
}

/** A generation in words: `2026.11.1 (image 1bea…)`. */
export function describeGeneration({ imageId, version }: Generation): string {
  return version === undefined ? `image ${imageId}` : `${version} (image ${imageId})`;
}
