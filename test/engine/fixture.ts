import path from "node:path";

/** The sources of the fixtures, also when this folder runs compiled. */
const folder = path.join(__dirname.replace(/\bdist[/\\](?=test[/\\]engine$)/, ""), "fixtures");

export const fixture = (...parts: string[]): string => path.join(folder, ...parts);
