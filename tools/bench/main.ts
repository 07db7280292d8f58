import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { markdownTable, withTable } from "../docs/markdown";
import { findPulumi } from "../run/cli";
import { chart } from "./chart";
import { bytesOf, MiB } from "./files";
import { hashingRows, measureHashing, type Hashing } from "./hash";
import { measureCosts, measureLives, type Costs, type Lives } from "./measure";
import { tables, type Measured } from "./report";
import { measureScale, scaleTables, writings, type Scale, type Writing } from "./scale";
import type { EngineName } from "./stacks";
import { measureUploads, uploadRows, type Uploads } from "./upload";

const usage = `Usage: npm run bench [-- options]
  --engine pulumi,embedded   what runs the programs; by default both, or the embedded engine alone where there is no Pulumi CLI
  --images 100,300           only this: stacks of so many images; by default 1, 10, 100 and 300
  --files 1GiB               only this: hashing and uploading a file of this size, beside sha256sum and rclone; versitygw, where it is on
                             PATH, in Go's folder, or named by VERSITYGW, is uploaded to as well
  --scale 100,300            only this: pipelines of so many images, for docs/scale.md; a thousand take an hour
  --state at-end             with --scale: has the CLI write the state at the end alone; by default each-step
  --costs                    only this: calls, bytes, lengths, latencies, loading
  --runs 5                   how often; what is told is the median
  --quick                    10 images, once; nothing is written
  --again                    measures nothing: writes down the last numbers again
What was measured is kept in .local/bench; docs/bench.md, docs/bench.svg and docs/scale.md are made from all that is there.
`;

const repository = resolve(__dirname, "../../..");
const kept = join(repository, ".local/bench/numbers");

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      engine: { type: "string" },
      images: { type: "string" },
      scale: { type: "string" },
      state: { type: "string", default: "each-step" },
      costs: { type: "boolean", default: false },
      files: { type: "string" },
      runs: { type: "string", default: "5" },
      quick: { type: "boolean", default: false },
      again: { type: "boolean", default: false },
    },
  });
  const engines = enginesNamed(values.engine);
  if (values.quick) {
    const lives = await measureLives(engines[0], 10, 1, tell, { spread: false });
    process.stdout.write(`\n${tables({ lives: [lives] })}\n`);
    return;
  }
  if (values.scale !== undefined) {
    for (const engine of engines) {
      for (const images of values.scale.split(",").map(positive)) {
        const writing = writingNamed(values.state);
        await measureScale({ engine, writing, images }, tell, (scale) => {
          keep(`scale-${engine}-${writing}-${images}`, scale);
        });
      }
    }
  } else if (values.files !== undefined) {
    keep("files", await measureFiles(bytesOf(values.files), positive(values.runs)));
  } else if (!values.again) {
    const all = values.images === undefined && !values.costs;
    const sizes = values.images?.split(",").map(positive) ?? (all ? [1, 10, 100, 300] : []);
    await measureAll({ engines, sizes, costs: all || values.costs, runs: positive(values.runs) });
  }
  write(readKept());
}

/** What a file takes before it is an image. */
interface Files {
  /** Bytes. */
  size: number;
  hashing: Hashing;
  uploads: Uploads[];
}

interface Plan {
  engines: readonly [EngineName, ...EngineName[]];
  sizes: readonly number[];
  costs: boolean;
  runs: number;
}

async function measureAll({ engines, sizes, costs, runs }: Plan): Promise<void> {
  if (costs) {
    keep("costs", await measureCosts(engines[0], runs, tell));
  }
  for (const engine of engines) {
    for (const images of sizes) {
      keep(`${engine}-${images}`, await measureLives(engine, images, runs, tell));
    }
  }
}

async function measureFiles(size: number, runs: number): Promise<Files> {
  return { size, hashing: measureHashing(size, runs, tell), uploads: await measureUploads(size, runs, tell) };
}

function tell(line: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
}

function keep(name: string, numbers: Costs | Lives | Files | Scale): void {
  mkdirSync(kept, { recursive: true });
  writeFileSync(join(kept, `${name}.json`), JSON.stringify(numbers, null, 2));
}

/** All that was measured, whenever that was. */
interface Kept extends Measured {
  files?: Files;
  scales: Scale[];
}

function readKept(): Kept {
  const files = existsSync(kept) ? readdirSync(kept).filter((name) => name.endsWith(".json")) : [];
  if (files.length === 0) {
    throw new Error("Nothing has been measured yet.");
  }
  const read = (file: string): unknown => JSON.parse(readFileSync(join(kept, file), "utf8"));
  return {
    costs: files.includes("costs.json") ? (read("costs.json") as Costs) : undefined,
    files: files.includes("files.json") ? (read("files.json") as Files) : undefined,
    scales: files.filter((name) => name.startsWith("scale-")).map((name) => read(name) as Scale),
    lives: files
      .filter((name) => !["costs.json", "files.json"].includes(name) && !name.startsWith("scale-"))
      .map((name) => read(name) as Lives),
  };
}

function write({ files, scales, ...measured }: Kept): void {
  const put = (name: string, content: string, page = join(repository, "docs/bench.md")) => {
    process.stdout.write(`\n${content}\n`);
    writeFileSync(page, withTable(readFileSync(page, "utf8"), name, content));
  };
  if (measured.lives.length > 0 || measured.costs !== undefined) {
    writeFileSync(join(repository, "docs/bench.svg"), chart(measured.lives));
    put("bench", tables(measured));
  }
  if (files !== undefined) {
    put("files", filesTable(files));
  }
  if (scales.length > 0) {
    put("scale", scaleTables(scales), join(repository, "docs/scale.md"));
  }
}

function filesTable({ size, hashing, uploads }: Files): string {
  const rows = [...hashingRows(hashing), ...uploads.flatMap(uploadRows)];
  return markdownTable([`a file of ${size / MiB} MiB`, "median (least to most)"], rows);
}

function enginesNamed(names: string | undefined): [EngineName, ...EngineName[]] {
  const [first, ...others] = (names ?? (findPulumi() === undefined ? "embedded" : "pulumi,embedded")).split(
    ",",
  );
  return [engineNamed(first), ...others.map(engineNamed)];
}

function writingNamed(name: string): Writing {
  const writing = writings.find((one) => one === name);
  if (writing === undefined) {
    throw new Error(`--state takes ${writings.join(" or ")}.`);
  }
  return writing;
}

function engineNamed(name: string | undefined): EngineName {
  if (name !== "pulumi" && name !== "embedded") {
    throw new Error("--engine takes pulumi, embedded, or both with a comma between them.");
  }
  return name;
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
