import { ObjectStorageError } from "../object-storage/errors";
import { objectStoreOf, type ProviderContext } from "../lifecycle/context";
import { duration, bytes } from "../lifecycle/progress";
import { keyPrefix } from "../lifecycle/source/uploads";
import { heldInStates } from "./states";

/** An object, or an unfinished upload, that a file was uploaded as and that is still there. */
export interface StagedOrphan {
  /** Bucket and key. */
  object: string;
  /** The upload's id; undefined for an object. */
  upload?: string;
  /** Bytes. */
  size?: number;
  /** When it was uploaded, or the upload was begun: milliseconds since 1970. */
  since?: number;
  /** Whether everybody can read it. */
  public?: boolean;
  /** The file of the exported state that holds it. */
  heldBy?: string;
}

/** What is left of uploads in the buckets of the account, in the configured region. */
export async function findStaged(
  context: ProviderContext,
  states: readonly string[],
): Promise<{ found: StagedOrphan[]; trouble?: string }> {
  const store = objectStoreOf((await context.open({})).client.settings);
  const held = heldInStates(states);
  try {
    const found: StagedOrphan[] = [];
    for (const bucket of await store.buckets()) {
      const { objects, uploads } = await store.list(bucket, keyPrefix);
      for (const { key, size, lastModified: since } of objects) {
        const object = `${bucket}/${key}`;
        const isPublic = await store.isPublic(bucket, key);
        found.push({ object, size, since, public: isPublic, heldBy: held.get(object) });
      }
      for (const { key, id, initiated } of uploads) {
        found.push({ object: `${bucket}/${key}`, upload: id, since: initiated });
      }
    }
    return { found };
  } catch (error) {
    if (error instanceof ObjectStorageError) {
      return { found: [], trouble: error.message }; // Images are told all the same.
    }
    throw error;
  } finally {
    store.close();
  }
}

/** What the command prints. */
export function stagedText(
  { found, trouble }: { found: readonly StagedOrphan[]; trouble?: string },
  now: number,
): string {
  if (trouble !== undefined) {
    return `\nWhat is left of uploads cannot be told: ${trouble}\n`;
  }
  if (found.length === 0) {
    return "\nNo object that a file was uploaded as is left.\n";
  }
  const entries = found.map((one) => `\n${textOf(one, now)}\n`);
  return (
    "\nFiles were uploaded as these objects, to make images of. They are in use while a run imports from them, and where a program keeps " +
    `them (afterImport); no image needs one once it is active.\n${entries.join("")}\n` +
    "To delete some: npx pulumi-scp-images orphans --state FILE --delete BUCKET/KEY …\n"
  );
}

function textOf(
  { object, upload, size, since, public: isPublic, heldBy }: StagedOrphan,
  now: number,
): string {
  const age = since === undefined ? "" : `, ${duration(Math.max(0, now - since))} old`;
  const what = upload === undefined ? bytes(size ?? 0) : `an upload that is not finished, ${upload}`;
  const holder = heldBy === undefined ? "held by no state that was given" : `held by ${heldBy}: in use`;
  return `${object}\n  ${what}${age}${isPublic === true ? ", public" : ""}\n  ${holder}`;
}

/** Deletes one of them, after looking at it again. Answers why not, where it does not. */
export async function deleteStaged(
  name: string,
  context: ProviderContext,
  states: readonly string[],
): Promise<string | undefined> {
  const { found, trouble } = await findStaged(context, states);
  const all = found.filter(({ object }) => object === name);
  const holder = all.find(({ heldBy }) => heldBy !== undefined)?.heldBy;
  if (trouble !== undefined || all.length === 0 || holder !== undefined) {
    return trouble ?? (holder === undefined ? "it is not there" : `the state in ${holder} holds it`);
  }
  const store = objectStoreOf(context.locate({}).client.settings);
  const [, bucket = "", key = ""] = /^([^/]+)\/(.+)$/.exec(name) ?? [];
  try {
    for (const { upload } of all) {
      if (upload !== undefined) {
        await store.abortUpload(bucket, key, upload);
      } else if ((await store.remove(bucket, key, contentIn(key))) === "another's") {
        return "it is not what its name says: somebody else's";
      }
    }
    return undefined;
  } finally {
    store.close();
  }
}

/** The SHA-256 that a key names. */
function contentIn(key: string): string {
  return /([0-9a-f]{64})\.qcow2$/.exec(key)?.[1] ?? "";
}
