import { image, twoImages, url, system, type Broken } from "../manifests";

/** What is no YAML, or YAML that a manifest does not take. */
export const yaml: Broken[] = [
  [
    "a tab",
    "images:\n  a:\n\t\turl: x\n",
    ["3:1: there is a tab in the indentation; YAML takes spaces alone."],
  ],
  [
    "two tabs",
    "images:\n\ta: 1\n\tb: 2\n",
    [
      "2:1: there is a tab in the indentation; YAML takes spaces alone.",
      "3:1: there is a tab in the indentation; YAML takes spaces alone.",
    ],
  ],
  [
    "a second document",
    "images: {}\n---\nimages: {}\n",
    ["2:1: a second document begins here; put all into one, without a line ---."],
  ],
  [
    "YAML 1.1",
    "%YAML 1.1\n---\nimages: {}\n",
    ["1:1: the file is read as YAML 1.2; leave the line %YAML out."],
  ],
  [
    "an open bracket",
    "images: {a: {url: x\n",
    ["2:1: this is indented otherwise than what it belongs to, or a bracket above is not closed."],
  ],
  [
    "an open list",
    "images:\n  a:\n    sharedWith: [x,\n    name: y\n",
    ["4:5: this is indented otherwise than what it belongs to, or a bracket above is not closed."],
  ],
  [
    "an open quote",
    "images:\n  a: { name: 'x }\n",
    ["3:1: the file ends, or a line is too little indented, before the closing quote of a text."],
  ],
  [
    "a colon in a text",
    "images:\n  a:\n    name: x: y\n",
    ['3:11: a text with ": " in it must be in quotes.'],
  ],
  [
    "another indentation",
    "images:\n  a:\n    name: x\n      url: y\n",
    ["3:11: this line is indented otherwise than the one above, or that one has a value already."],
  ],
  [
    "less indentation",
    "images:\n    a: { name: x }\n  b: { name: y }\n",
    ["3:1: this is indented otherwise than what it belongs to, or a bracket above is not closed."],
  ],
  ["an at sign", "images:\n  a:\n    name: @x\n", ["3:11: a value that begins with @ must be in quotes."]],
  [
    "a backslash",
    'images:\n  a:\n    name: "\\q"\n',
    ["3:12: between \" \", a backslash must be written \\\\, or the text be put between ' '."],
  ],
  [
    "no colon",
    "images:\n  a:\n    name x\n    url: y\n",
    ["3:5: this line needs a colon and a space after its key."],
  ],
  [
    "a variable between brackets",
    "images: {a: {url: ${env:X}}}\n",
    ["1:19: between { } and between [ ], a value with ${…} must be in quotes."],
  ],
  [
    "a variable in a list",
    "images:\n  a:\n    sharedWith: [${env:X}]\n",
    ["3:18: between { } and between [ ], a value with ${…} must be in quotes."],
  ],
  [
    "a closing bracket too many",
    "images: {}}\n",
    ["1:11: this does not belong here; a bracket, a quote or a dash is out of place, here or above."],
  ],
  [
    "a key twice",
    "images:\n  a: { url: https://x/y.qcow2, osDistro: alma }\n  a: { url: https://x/z.qcow2, osDistro: alma }\n",
    ['3:3: "a" is here a second time; the first is in line 2.'],
  ],
  [
    "a property twice",
    image("name: x\nname: y"),
    ['6:5: "name" is here a second time; the first is in line 5.'],
  ],
  [
    "a section twice",
    "images: {}\nimages: {}\n",
    ['2:1: "images" is here a second time; the first is in line 1.'],
  ],
  [
    "an unknown alias",
    image("tags: *nobody"),
    ["5:11: there is no anchor &nobody above for the alias *nobody."],
  ],
  [
    "an alias of itself",
    "images: &all\n  a: *all\n",
    ["2:6: the alias *all stands inside of what it names."],
    "structure",
  ],
  [
    "a merge key",
    `defaults: &d { osDistro: alma }\nimages:\n  a:\n    <<: *d\n    ${url}\n    ${system}\n`,
    ["4:5: merge keys (<<) are not read; put what images have in common into defaults."],
    "structure",
  ],
  ["an unknown tag", image("name: !foo x"), ['5:16: the tag "!foo" means nothing here; leave it out.']],
  [
    "a tag that is wrong",
    image("minDisk: !!int x"),
    ['5:20: "x" is not what its tag says; leave the tag out.'],
    "structure",
  ],
  ["__proto__", image("__proto__: { a: b }"), ['5:5: the key "__proto__" cannot be used.'], "structure"],
  [
    "__proto__ as an image",
    "images:\n  __proto__: {}\n",
    ['2:3: the key "__proto__" cannot be used.'],
    "structure",
  ],
  ["__proto__ in tags", image("tags: { __proto__: x }"), ['5:13: the key "__proto__" cannot be used.']],
  [
    "constructor",
    image("constructor: 1"),
    [
      '5:5: there is no property "constructor"; there are name, osDistro, url, source, server, lookup, version, keep, sharedWith, renamedFrom, diskFormat, containerFormat, minDisk, minRam, protected, visibility, tags, region, environment, profile, imageId, timeouts, expectedChecksum, verify.',
    ],
    "structure",
  ],
  ["a list as a key", "images:\n  ? [a]\n  : { url: x }\n", ["2:5: a key must be a text."], "structure"],
  ["no key", "images:\n  : { url: x }\n", ["2:3: a key must be a text."], "structure"],
  [
    "a variable as a key",
    "images:\n  ${stack}: { url: https://x/y.qcow2 }\n",
    ['2:3: "${stack}" is a key; variables stand in values alone.'],
    "structure",
  ],
  [
    "a key with a control character",
    'images:\n  "a\\e[31mb": { url: https://x/y.qcow2, osDistro: alma }\n',
    [
      '2:3: "ab" cannot be the key of an image; a key is 1 to 100 letters, digits, spaces and ". _ / + -", a letter or a digit first.',
    ],
    "structure",
  ],
  [
    "too long a key",
    `images:\n  ${"k".repeat(101)}: { url: https://x/y.qcow2, osDistro: alma }\n`,
    [
      '2:3: "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk…" cannot be the key of an image; a key is 1 to 100 letters, digits, spaces and ". _ / + -", a letter or a digit first.',
    ],
    "structure",
  ],
  [
    "a key that begins with a dot",
    `images:\n  .a: { name: a, ${url}, ${system} }\n`,
    [
      '2:3: ".a" cannot be the key of an image; a key is 1 to 100 letters, digits, spaces and ". _ / + -", a letter or a digit first.',
    ],
    "structure",
  ],
  [
    "a channel's key",
    twoImages('channels:\n  "a:b": { image: a }\n'),
    [
      '5:3: "a:b" cannot be the key of a channel; a key is 1 to 100 letters, digits, spaces and ". _ / + -", a letter or a digit first.',
    ],
    "structure",
  ],
  [
    "levels without end",
    `images: ${"[".repeat(40)}${"]".repeat(40)}\n`,
    [
      '1:9: images must be a map: in place of each "- name: x" write the line "x:", with the other properties indented below.',
      "1:29: this is nested too deeply; a manifest has at most 20 levels.",
    ],
    "structure",
  ],
];
