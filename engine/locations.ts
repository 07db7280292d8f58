// Files that stay in the sources, also when this folder runs compiled.

import path from "node:path";

const SOURCES = __dirname.replace(/\bdist[/\\](?=engine$)/, "");

export const source = (...parts: string[]): string => path.join(SOURCES, ...parts);
