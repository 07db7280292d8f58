import { rmSync } from "node:fs";
import { dirname } from "node:path";

/** After all tests: the folder with the home that they had. Found by the variable that nobody but isolate.ts sets. */
export default function remove(): void {
  const { LOOPBACK_ONLY_LOG } = process.env;
  if (LOOPBACK_ONLY_LOG !== undefined) {
    rmSync(dirname(LOOPBACK_ONLY_LOG), { recursive: true, force: true, maxRetries: 5 });
  }
}
