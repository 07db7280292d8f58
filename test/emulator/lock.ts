import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";

const heldHere = new Set<string>();

/** Two emulators on one folder would overwrite each other's data: the second is refused. Returns how to let go. */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const file = path.resolve(folder, "emulator.pid");
  const holder = Number(await readFile(file, "utf8").catch(() => ""));
  if (heldHere.has(file) || (holder !== process.pid && isAlive(holder))) {
    throw new Error(
      `Another emulator (process ${holder}) keeps its data in ${folder}. Stop it, or use another folder.`,
    );
  }
  heldHere.add(file);
  let held = true;
  await writeFile(file, String(process.pid));
  return async () => {
    // Only once: by a second call somebody else may hold it.
    if (held) await rm(file, { force: true });
    if (held) heldHere.delete(file);
    held = false;
  };
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Not ours to signal, but there.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
