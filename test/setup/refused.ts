import { existsSync, readFileSync } from "node:fs";

/** The lines that loopback-only.js has left in a file: who was to be reached, and by which process. */
export function refused(log = process.env.LOOPBACK_ONLY_LOG ?? ""): string[] {
  return existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : [];
}
