import { readFileSync, writeFileSync } from "node:fs";
import { manifestSchema, pages, withTables } from "./tables";

// npm run docs: writes the tables of docs/ anew, and what editors know of images.yaml.
for (const page of Object.keys(pages)) {
  writeFileSync(page, withTables(page, readFileSync(page, "utf8")));
}
writeFileSync("images.schema.json", `${JSON.stringify(manifestSchema(), undefined, 2)}\n`);
