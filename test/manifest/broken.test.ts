import { ManifestError, readManifest, validateManifest } from "../../provider/manifest";
import { keys } from "./broken/keys";
import { rules } from "./broken/rules";
import { structure } from "./broken/structure";
import { values } from "./broken/values";
import { variables } from "./broken/variables";
import { yaml } from "./broken/yaml";
import { context } from "./manifests";

const broken = [...structure, ...yaml, ...keys, ...values, ...rules, ...variables].map(
  ([what, text, problems]) => [what, text, problems] as const,
);

function errorOf(text: string, file = "images.yaml"): ManifestError {
  try {
    readManifest(text, file, context);
  } catch (error) {
    if (error instanceof ManifestError) return error;
    throw error;
  }
  throw new Error("The manifest was read.");
}

describe("refused, with everything that is wrong and nothing else", () => {
  test.each(broken)("%s", (_what, text, problems) => {
    expect(errorOf(text).message.split("\n")).toEqual(problems.map((line) => `images.yaml:${line}`));
  });
});

test.each(broken)("%s: the check of a stack says the same as reading does", (_what, text) => {
  expect(validateManifest(text, { ...context, strict: true })).toEqual(errorOf(text).problems);
});

test("every place is one in the text, in the order of the text", () => {
  expect(broken.length).toBeGreaterThan(150);
  for (const [, text] of broken) {
    const lines = text.replace(/^\ufeff/, "").split("\n");
    const places = errorOf(text).problems.map(({ line, column }) => line * 10_000 + column);
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    for (const { line, column } of errorOf(text).problems) {
      expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? -1) + 1);
    }
  }
});

test("no secret, and no value of a variable, is in an error", () => {
  for (const [, text] of broken) {
    expect(errorOf(text).message).not.toMatch(/h,u|hush|a\.b gives/);
  }
});

test("a file's name cannot speak to the terminal", () => {
  expect(errorOf("", "a\u001b[31m\nb.yaml").message).toBe(
    "a [31m b.yaml:1:1: the file says nothing; where no images are meant, write images: {}.",
  );
});

test("what is wrong in many places is told of each", () => {
  const images = Array.from({ length: 1000 }, (_, index) => `  a${index}: { url: x, osDistro: debian }`);
  expect(errorOf(`images:\n${images.join("\n")}\n`).problems).toHaveLength(2000);
});
