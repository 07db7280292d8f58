import { writeFileSync } from "node:fs";
import { htmlOf, readState, reportOf } from "../../provider/report";
import type { ProgramEngine } from "./engines";

/** Remembers a stack as it is now. `write` then writes a page of its images, with what has changed meanwhile. */
export async function beginReport(
  engine: ProgramEngine,
  file: string,
): Promise<{ write: () => Promise<void> }> {
  const read = async () => readState(await engine.state(), "The stack's state");
  const before = await read();
  return {
    write: async () => {
      writeFileSync(file, htmlOf(reportOf(await read(), before, Date.now())));
      process.stdout.write(`\nThe report is in ${file}.\n`);
    },
  };
}
