import { validateManifest, type ValidateOptions } from "../../provider/manifest";
import { image, system, twoImages, url } from "./manifests";

const problems = (text: string, options: ValidateOptions = {}) =>
  validateManifest(text, options).map(({ line, column, message }) => `${line}:${column}: ${message}`);

test("without a stack, every stack's overrides are checked, and whose mistake it is is said", () => {
  const text = twoImages(`channels:
  stable: { image: a }
stacks:
  one: { images: { a: null } }
  two: { images: { b: { url: null } } }
  three: { images: { a: { keep: 1 } } }
`);
  expect(problems(text)).toEqual([
    '3:3: image "b" needs one of url, source, server, lookup. (in stack "two")',
    '5:20: there is no image "a"; there is b. (in stack "one")',
    '9:27: image "a" needs version: the generations that keep is about are told apart by it. (in stack "three")',
  ]);
  expect(problems(text, { stack: "two" })).toEqual([
    '3:3: image "b" needs one of url, source, server, lookup.',
  ]);
  expect(problems(text, { stack: "none of these" })).toEqual([]);
});

test("what is wrong everywhere is said once, what is wrong in some with their names", () => {
  const text = image("visibility: private\nsharedWith: [x]").concat(
    "stacks:\n  one: {}\n  two: { images: { a: { visibility: null } } }\n",
  );
  expect(problems(text)).toEqual([
    '5:17: an image that is shared with accounts is not private: leave visibility out, or sharedWith. (in stacks those without overrides, "one")',
  ]);
  expect(
    problems(image("visibility: private\nsharedWith: [x]").concat("stacks: { one: {}, two: {} }\n")),
  ).toEqual([
    "5:17: an image that is shared with accounts is not private: leave visibility out, or sharedWith.",
  ]);
});

test("what every stack may say for itself is not missed in the file", () => {
  const text = `images:\n  a: {}\nstacks:\n  one: { images: { a: { ${url}, ${system} } } }\n`;
  expect(problems(text)).toEqual([]);
  expect(problems(text, { stack: "two" })).toEqual([
    '2:3: image "a" needs one of url, source, server, lookup.',
  ]);
});

test("a variable without a value is a mistake where that is asked; what is known is checked", () => {
  const text = image("name: ${env:A}\nminDisk: ${config:disk}\nprofile: ${stack}\nregion: ${stak}");
  expect(problems(text)).toEqual(['8:13: there is no variable "${stak}"; did you mean ${stack}?']);
  expect(problems(text, { env: { A: "a.b" } })).toHaveLength(2);
  expect(problems(text, { strict: true })).toEqual([
    "5:11: ${env:A} is not set: there is no such environment variable.",
    "6:14: ${config:disk} is not set: pulumi config set disk … sets it, for this stack.",
    "7:14: ${stack} is not known here.",
    '8:13: there is no variable "${stak}"; did you mean ${stack}?',
  ]);
});

test("a value that cannot be read is taken to be right", () => {
  const options = { strict: true, project: "proj", isEncrypted: (key: string) => key === "proj:disk" };
  expect(problems(image("minDisk: ${config:disk:-x}"), options)).toEqual([]);
  expect(problems(image("minDisk: ${config:disc}"), options)).toHaveLength(1);
});
