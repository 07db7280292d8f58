import { readManifest } from "../../examples/images/manifest";

const read = (text: string) => () => readManifest(text, "images.yaml");

test("a list of images is read as it is written", () => {
  const text =
    "- name: a\n  osDistro: alma\n  url: https://x/y.qcow2\n  minDisk: 3\n  tags: { team: web }\n- name: b\n";
  expect(readManifest(text, "images.yaml")).toEqual([
    { name: "a", osDistro: "alma", url: "https://x/y.qcow2", minDisk: 3, tags: { team: "web" } },
    { name: "b" },
  ]);
  expect(readManifest("[] # nothing yet\n", "images.yaml")).toEqual([]);
  expect(readManifest("\ufeff- name: a\n", "images.yaml")).toEqual([{ name: "a" }]);
});

test.each([
  [
    "an unknown key",
    "- name: a\n  minDisks: 3\n",
    "images.yaml:2: there is no property “minDisks”; there are name, osDistro",
  ],
  [
    "a second one",
    "- name: a\n- name: b\n  os_distro: alma\n",
    "images.yaml:3: there is no property “os_distro”",
  ],
  [
    "a key of every object",
    "- name: a\n  constructor: 1\n",
    "images.yaml:2: there is no property “constructor”",
  ],
  ["__proto__", "- name: a\n  __proto__: { x: 1 }\n", "images.yaml:2: there is no property “__proto__”"],
  ["no name", "- osDistro: alma\n", "images.yaml:1: an image needs a name"],
  ["a name twice", "- name: a\n- name: b\n- name: a\n", "images.yaml:3: there is another image named “a”"],
  ["a map instead of a list", "images:\n  - name: a\n", "images.yaml:1: must be a list of images"],
  ["a text instead of an image", "- a\n", "images.yaml:1: an image must be a map"],
  ["a key twice", "- name: a\n  name: b\n", "images.yaml:2: "],
  ["a tab", "- name: a\n\turl: b\n", "images.yaml:2: there is a tab in the indentation"],
  ["an alias", "- &a\n  name: x\n- *a\n", "images.yaml:3: an image must be written out; the alias *a"],
  ["a second document", "- name: a\n---\n- name: b\n", "images.yaml:2: a second document begins here"],
  ["a tag nobody knows", "- name: a\n  url: !foo x\n", "images.yaml:2: Unresolved tag: !foo"],
  ["an empty file", "", "images.yaml:1: lists no images. Where that is meant, write []."],
  ["a file of comments", "# all gone\n", "images.yaml:1: lists no images"],
  ["no YAML", "- name: [a\n", "images.yaml:"],
])("%s is refused, with the line", (_what, text, message) => {
  expect(read(text)).toThrow(message);
});

test("aliases that multiply beyond measure are refused", () => {
  const levels = Array.from({ length: 12 }, (_, level) => {
    const inner =
      level === 0
        ? '["lol"]'
        : `[${Array(10)
            .fill(`*a${level - 1}`)
            .join(", ")}]`;
    return `    k${level}: &a${level} ${inner}`;
  });
  expect(read(`- name: a\n  tags:\n${levels.join("\n")}\n`)).toThrow(/alias/i);
});
