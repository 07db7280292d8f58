import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { htmlOf, markdownOf, readState, reportOf } from "../../provider/report";
import { playLives } from "./lives";

/** Writes the reports that docs/report.png shows: node dist/test/report/picture.js FOLDER */
async function picture(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { promoted, third, rolledBack } = await playLives();
  const state = (document: unknown, time: string) => {
    const text = JSON.stringify(document).replaceAll("::lifecycle::", "::platform-images::");
    return { ...readState(text, "the state"), time };
  };
  const now = Date.parse("2026-11-25T09:00:00Z");
  for (const [name, after, before] of [
    ["third", third, promoted],
    ["rolled-back", rolledBack, third],
  ] as const) {
    const report = reportOf(state(after, "2026-11-25T08:52:00Z"), state(before, "2026-11-18T10:05:00Z"), now);
    writeFileSync(join(folder, `${name}.html`), htmlOf(report));
    writeFileSync(join(folder, `${name}.md`), markdownOf(report));
    writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(report, undefined, 2)}\n`);
    writeFileSync(join(folder, `${name}-state.json`), JSON.stringify(after));
  }
}

void picture(process.argv[2] ?? ".local/report");
