#!/usr/bin/env node
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { takeOverImages } from "./import-file";
import { cloudIn } from "./runtime/cloud";
import { systemClock } from "./runtime/clock";

const usage = `Usage: npx pulumi-scp-images import-file [options]

Prints a program that declares images which exist, and writes the file with which pulumi import takes them into a stack.

  --name NAME         only images of this name
  --os-distro NAME    only images of this operating system
  --visibility NAME   only private (the default) or shared images
  --region NAME       by default the configured one
  --environment NAME  by default the configured one
  --file FILE         the file to write; by default scp-images-import.json
  --existing-stack    the stack has images of this package's already
`;

const options = {
  name: { type: "string" },
  "os-distro": { type: "string" },
  visibility: { type: "string", default: "private" },
  region: { type: "string" },
  environment: { type: "string" },
  file: { type: "string", default: "scp-images-import.json" },
  "existing-stack": { type: "boolean", default: false },
} as const;

async function importFile(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options });
  const { region, environment, name, visibility } = values;
  const cloud = cloudIn({ own: { region, environment } }, systemClock, { show: () => () => undefined });
  const query = { name, osDistro: values["os-distro"], visibility };
  const { program, file, left } = await takeOverImages(cloud, query, !values["existing-stack"]);
  writeFileSync(values.file, `${JSON.stringify(file, undefined, 2)}\n`);
  process.stdout.write(program);
  process.stderr.write(
    left.map((image) => `Left out: image ${image}.\n`).join("") +
      `With the program above in place: pulumi import --file ${values.file} --protect=false --generate-code=false\n`,
  );
}

async function main([command, ...args]: string[]): Promise<number> {
  if (command !== "import-file" || args.includes("--help")) {
    process.stderr.write(usage);
    return command === "import-file" || command === "--help" ? 0 : 2;
  }
  try {
    await importFile(args);
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

void main(process.argv.slice(2)).then((code) => (process.exitCode = code));
