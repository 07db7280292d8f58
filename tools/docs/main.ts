import { readFileSync, writeFileSync } from "node:fs";
import { withTables } from "./tables";

// npm run docs: writes the README's tables anew.
writeFileSync("README.md", withTables(readFileSync("README.md", "utf8")));
