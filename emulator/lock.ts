import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";

/**
 * Two emulators on one folder would overwrite each other's data, so a folder names the emulator that uses it. Whether
 * that one still runs is asked of itself: the number of a process says little after a kill or a restart.
 */
const lockOf = (folder: string) => path.join(folder, "emulator.url");

export async function refuseSecondEmulator(folder: string): Promise<void> {
  const url = await readFile(lockOf(folder), "utf8").catch(() => "");
  if (!/^http:\/\/127\.0\.0\.1:\d+$/.test(url) || (await folderOf(url)) !== folder) return;
  throw new Error(
    `The emulator at ${url} keeps its data in ${folder} already: another command of this folder runs it. Wait until that has ended, stop it, ` +
      "or name another folder with --data.",
  );
}

export async function lockFolder(folder: string, url: string): Promise<void> {
  await writeFile(lockOf(folder), url);
}

export async function unlockFolder(folder: string, url: string): Promise<void> {
  const holder = await readFile(lockOf(folder), "utf8").catch(() => "");
  if (holder === url) await rm(lockOf(folder), { force: true });
}

async function folderOf(url: string): Promise<unknown> {
  try {
    const response = await fetch(`${url}/_emulator/settings`, { signal: AbortSignal.timeout(2000) });
    return ((await response.json()) as { dataDir?: unknown }).dataDir;
  } catch {
    return undefined;
  }
}
