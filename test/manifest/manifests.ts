/**
 * A manifest that is wrong: what is wrong with it, its text, and exactly what is said of it, in the stack `test` and by `variables`.
 * `structure` where the JSON Schema alone refuses it.
 */
export type Broken = readonly [what: string, text: string, problems: readonly string[], by?: "structure"];

export const url = "url: https://x/y.qcow2";
export const system = "osDistro: alma";

/** A manifest of one image, with more properties. They begin in line 5, column 5. */
export function image(more: string, key = "a"): string {
  const lines = [url, system, ...more.split("\n")].map((line) => (line === "" ? "" : `    ${line}`));
  return `images:\n  ${key}:\n${lines.join("\n")}\n`;
}

/** A manifest of two images, `a` and `b`, and what follows from line 4 on. */
export function twoImages(more: string): string {
  return `images:\n  a: { ${url}, ${system} }\n  b: { ${url}, ${system} }\n${more}`;
}

const secrets: Record<string, string> = { "proj:secret": "h,u/s.h", "proj:id": "hush9" };

/** Where the tests' manifests are read. */
export const context = {
  stack: "test",
  project: "proj",
  organization: "org",
  env: { DOTTED: "a.b", NUMBER: "7", EMPTY: "" } as Record<string, string>,
  config: (key: string) =>
    secrets[key] === undefined ? undefined : { value: secrets[key], secret: true as const },
};
