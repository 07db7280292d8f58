import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { findPulumi } from "../run/cli";
import { chart } from "./chart";
import { measure, type Measured, type Plan } from "./measure";
import { table, withTable } from "./report";
import type { EngineName } from "./stacks";

const usage = `Usage: npm run bench [-- options]
  --engine pulumi|embedded   what runs the programs; by default the Pulumi CLI, or the embedded engine where there is none
  --images 100               how many images
  --runs 5                   how often; what is told is the median
  --quick                    10 images, once, imports of at most 5 s; nothing is written
  --again                    measures nothing: tells the last numbers again
  --full                     1, 10, 100 and 300 images, on both engines; only the numbers for 100 are written
`;

const repository = resolve(__dirname, "../../..");

/** npm run bench: measures, prints the table, and writes it into the README, with a chart and all numbers beside it. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      engine: { type: "string" },
      images: { type: "string", default: "100" },
      runs: { type: "string", default: "5" },
      again: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      full: { type: "boolean", default: false },
    },
  });
  const engine = engineNamed(values.engine);
  const plan: Plan = {
    engine,
    images: positive(values.images),
    runs: positive(values.runs),
    memoryImages: 300,
    longest: 60,
  };
  if (values.again) {
    write(JSON.parse(readFileSync(numbersOf(plan), "utf8")) as Measured);
    return;
  }
  if (values.quick) {
    await report({ ...plan, images: 10, runs: 1, memoryImages: 10, longest: 5 });
    return;
  }
  write(await report(plan));
  if (values.full) {
    const engines: EngineName[] = engine === "pulumi" ? ["pulumi", "embedded"] : ["embedded"];
    for (const other of engines) {
      for (const images of [1, 10, 100, 300].filter((count) => other !== engine || count !== plan.images)) {
        await report({ ...plan, engine: other, images, memoryImages: images });
      }
    }
  }
}

function numbersOf({ engine, images }: Plan): string {
  return resolve(repository, `.local/bench/${engine}-${images}.json`);
}

async function report(plan: Plan): Promise<Measured> {
  const measured = await measure(plan, (line) => {
    process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
  });
  process.stdout.write(`\n${table(measured)}\n\n`);
  const file = numbersOf(plan);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(measured, null, 2));
  return measured;
}

function write(measured: Measured): void {
  const picture = resolve(repository, "docs/bench.svg");
  mkdirSync(dirname(picture), { recursive: true });
  writeFileSync(picture, chart(measured));
  const readme = resolve(repository, "README.md");
  writeFileSync(readme, withTable(readFileSync(readme, "utf8"), table(measured)));
}

function engineNamed(name: string | undefined): EngineName {
  if (name !== undefined && name !== "pulumi" && name !== "embedded") {
    throw new Error("--engine takes pulumi or embedded.");
  }
  return name ?? (findPulumi() === undefined ? "embedded" : "pulumi");
}

function positive(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) {
    throw new Error(`"${text}" should be a whole number from 1 on.`);
  }
  return number;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  process.exitCode = 1;
});
