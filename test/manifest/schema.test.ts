import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv, { type ValidateFunction } from "ajv";
import { parse } from "yaml";
import { entryNames } from "../../provider/schema/manifest";
import { keys } from "./broken/keys";
import { rules } from "./broken/rules";
import { structure } from "./broken/structure";
import { values } from "./broken/values";
import { variables } from "./broken/variables";
import { yaml } from "./broken/yaml";
import { good } from "./good";
import { image, system, url } from "./manifests";

interface Schema {
  description?: string;
  properties?: Record<string, Schema>;
  definitions: Record<string, Schema>;
}

const shipped = JSON.parse(readFileSync(join(__dirname, "../../images.schema.json"), "utf8")) as Schema;
let validate: ValidateFunction;

beforeAll(() => {
  const ajv = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true });
  ajv.addKeyword("errorMessage"); // For editors.
  validate = ajv.compile(shipped);
});

/** As an editor has it: another reader, and the schema alone. */
const isValid = (text: string): boolean =>
  validate(parse(text.replace(/^\ufeff/, ""), { uniqueKeys: false, logLevel: "silent" }));

test("the schema is a schema of its draft", () => {
  const ajv = new Ajv(); // It knows the meta-schema of draft 7.
  expect([ajv.validateSchema(shipped), ajv.errors]).toEqual([true, null]);
  expect(new Ajv({ logger: false }).validateSchema({ ...shipped, required: "images" })).toBe(false);
});

test.each(good)("%s is let through by the schema that editors use", (_what, text) => {
  expect([isValid(text), validate.errors]).toEqual([true, null]);
});

const broken = [...structure, ...yaml, ...keys, ...values, ...rules, ...variables];

const ofStructure = broken
  .filter(([, , , by]) => by === "structure")
  .map(([what, text]) => [what, text] as const);

test.each(ofStructure)("%s is refused by it", (_what, text) => {
  expect(isValid(text)).toBe(false);
});

test("what it does not refuse is no matter of structure", () => {
  const others = broken.filter(([, , , by]) => by === undefined);
  expect(others.length).toBeLessThan(broken.length / 2);
});

test.each(entryNames)("an editor has words for %s, in an image and in an override", (name) => {
  expect(shipped.definitions.image?.properties?.[name]?.description).toMatch(/\w/);
});

test("an editor has words for every section", () => {
  const words = (schema: Schema | undefined): unknown[] =>
    Object.values(schema?.properties ?? {}).map((property) => property.description ?? property);
  expect(shipped.description).toMatch(/\w/);
  expect(words(shipped)).toEqual([
    { $ref: "#/definitions/defaults" },
    expect.stringMatching(/\w/),
    expect.stringMatching(/\w/),
    expect.stringMatching(/\w/),
  ]);
  expect(shipped.definitions.defaults?.description).toMatch(/\w/);
  expect(words(shipped.definitions.channel)).toEqual([
    expect.stringMatching(/\w/),
    expect.stringMatching(/\w/),
  ]);
});

test.each([
  ["a number", "minDisk"],
  ["a word of a list", "verify"],
  ["a flag", "protected"],
  ["a text of a pattern", "profile"],
  ["a list", "sharedWith"],
])("a variable in the place of %s is no mistake to an editor", (_what, name) => {
  expect(isValid(image(`${name}: \${env:X}`))).toBe(true);
  expect(isValid(image(`${name}: "{env:X}"`))).toBe(false);
});

test("every complaint of an editor's is a sentence that says what is right", () => {
  const sentences = JSON.stringify(shipped).match(/"errorMessage":"[^"\\]*(?:\\.[^"\\]*)*"/g) ?? [];
  expect(sentences.length).toBeGreaterThan(30);
  for (const sentence of sentences) {
    expect(sentence).toMatch(/(must be|a key is) .*\."$/);
  }
});

test("a default cannot be what differs from image to image", () => {
  expect(isValid(`defaults: { ${system} }\nimages: {}\n`)).toBe(true);
  expect(isValid(`defaults: { ${url} }\nimages: {}\n`)).toBe(false);
});
