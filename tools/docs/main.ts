import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { manifestSchema } from "./manifest";
import { pages, withTables } from "./tables";

// npm run docs: writes the tables of docs/ anew, and what editors know of images.yaml, as `npm run check` wants them.
const schema = "images.schema.json";
for (const page of Object.keys(pages)) {
  writeFileSync(page, withTables(page, readFileSync(page, "utf8")));
}
writeFileSync(schema, `${JSON.stringify(manifestSchema(), undefined, 2)}\n`);
const prettier = require.resolve("prettier/bin/prettier.cjs");
execFileSync(process.execPath, [prettier, "--write", schema, ...Object.keys(pages)], { stdio: "inherit" });
