import { readFileSync, writeFileSync } from "node:fs";
import { pages, withTables } from "./tables";

// npm run docs: writes the tables of docs/ anew.
for (const page of Object.keys(pages)) {
  writeFileSync(page, withTables(page, readFileSync(page, "utf8")));
}
