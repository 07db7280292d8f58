import { image, twoImages, url, system, type Broken } from "../manifests";

/** Rules between properties, images, channels and stacks. */
export const rules: Broken[] = [
  [
    "a version that is a number",
    image("version: 1.10"),
    ['5:14: version must be a text, and YAML reads 1.10 as the number 1.1: put it in quotes, "1.10".'],
    "structure",
  ],
  [
    "a version that is a year",
    image("version: 2026"),
    ['5:14: version must be a text, and YAML reads 2026 as a number: put it in quotes, "2026".'],
    "structure",
  ],
  [
    "a version with a space",
    image('version: "1 2"'),
    [
      '5:14: version must be 1 to 64 characters out of letters, digits and ". _ + -", a letter or a digit first.',
    ],
    "structure",
  ],
  [
    "keep without a version",
    image("keep: 2"),
    ['5:5: image "a" needs version: the generations that keep is about are told apart by it.'],
  ],
  [
    "a negative keep",
    image('version: "1"\nkeep: -1'),
    ["6:11: keep must be a whole number, 0 to 100."],
    "structure",
  ],
  [
    "too much to keep",
    image('version: "1"\nkeep: 1000'),
    ["6:11: keep must be a whole number, 0 to 100."],
    "structure",
  ],
  [
    "sharedWith and private",
    image("visibility: private\nsharedWith: [a8f1]"),
    ["5:17: an image that is shared with accounts is not private: leave visibility out, or sharedWith."],
  ],
  ["an account twice", image("sharedWith: [a8f1, b7, a8f1]"), ['5:28: sharedWith has "a8f1" twice.']],
  [
    "an account that is a number",
    image("sharedWith: [123]"),
    ['5:18: sharedWith must be a text, and YAML reads 123 as a number: put it in quotes, "123".'],
    "structure",
  ],
  [
    "an account with a space",
    image('sharedWith: ["a b"]'),
    ['5:18: sharedWith must be an account\'s id: 1 to 64 characters out of letters, digits and "-".'],
    "structure",
  ],
  [
    "an account that is a map",
    image("sharedWith: { a: b }"),
    ["5:17: sharedWith must be a list like [a8f10467abfc4b87b64614ab36eb9ae4]."],
    "structure",
  ],
  [
    "an account without a value",
    image("sharedWith: [a8f1, ]\nname: x\nprofile:"),
    [
      "7:5: profile has no value; write one, or leave the line out. (null takes out a default, and there is none.)",
    ],
  ],
  [
    "renamed from itself",
    image("renamedFrom: a"),
    ['5:18: "a" is the image\'s own key; renamedFrom has earlier ones.'],
  ],
  [
    "renamed from what is here",
    "images:\n  a: { url: https://x/y.qcow2, osDistro: alma, renamedFrom: b }\n  b: { url: https://x/y.qcow2, osDistro: alma }\n",
    ['2:61: "b" is an image of this manifest; what was renamed is here no more.'],
  ],
  [
    "two that were one",
    "images:\n  a: { url: https://x/y.qcow2, osDistro: alma, renamedFrom: [c, d] }\n  b: { url: https://x/y.qcow2, osDistro: alma, renamedFrom: c }\n",
    ['3:61: image "a" was "c" already; an image is renamed to one.'],
  ],
  ["renamed twice from one", image("renamedFrom: [c, c]"), ['5:22: renamedFrom has "c" twice.']],
  [
    "one imageId twice",
    `images:\n  a: { ${url}, ${system}, imageId: 70a5 }\n  b: { ${url}, ${system}, imageId: 70a5 }\n`,
    ['3:57: images "a" (line 2) and "b" (line 3) have one imageId; an image is managed by one entry.'],
  ],
  [
    "a look-up with more",
    "images:\n  a: { lookup: 70a5, osDistro: alma, tags: {}, keep: 1 }\n",
    [
      "2:22: an image that is only looked up cannot have osDistro.",
      "2:38: an image that is only looked up cannot have tags.",
      "2:48: an image that is only looked up cannot have keep.",
    ],
  ],
  [
    "a look-up of a number",
    "images:\n  a: { lookup: 70 }\n",
    ['2:16: lookup must be a text, and YAML reads 70 as a number: put it in quotes, "70".'],
    "structure",
  ],
  [
    "a server with more",
    "images:\n  a: { server: s-1, minDisk: 3, osDistro: alma }\n",
    ["2:21: an image of a server cannot have minDisk.", "2:33: an image of a server cannot have osDistro."],
  ],
  [
    "a look-up that is none",
    "images:\n  a: { lookup: a/b }\n",
    ["2:16: lookup must be an image's id, a UUID."],
  ],
  [
    "a server that is none",
    "images:\n  a: { server: a b }\n",
    ["2:16: server must be a server's id, a UUID."],
    "structure",
  ],
  [
    "a channel of nothing",
    twoImages("channels:\n  stable: {}\n"),
    ['5:3: channel "stable" needs image, the key of an image.'],
    "structure",
  ],
  [
    "a channel as a text",
    twoImages("channels:\n  stable: a\n"),
    ['5:11: channel "stable" must be a map like { image: ubuntu-24.04 }.'],
    "structure",
  ],
  [
    "a channel without a value",
    twoImages("channels:\n  stable:\n"),
    ['5:3: channel "stable" must be a map like { image: ubuntu-24.04 }.'],
    "structure",
  ],
  [
    "a channel of no image",
    twoImages("channels:\n  stable: { image: c }\n"),
    ['5:20: there is no image "c"; there are a, b.'],
  ],
  [
    "a channel of a misspelt image",
    "images:\n  golden: { url: https://x/y.qcow2, osDistro: alma }\nchannels:\n  stable: { image: goldne }\n",
    ['4:20: there is no image "goldne"; did you mean "golden"?'],
  ],
  [
    "a misspelt key of a channel",
    twoImages("channels:\n  stable: { imgae: a }\n"),
    ['5:13: a channel has no "imgae"; did you mean "image"?'],
    "structure",
  ],
  [
    "a channel's version",
    twoImages('channels:\n  stable: { image: a, version: "1" }\n'),
    ['5:32: image "a" has no version for the channel to name; give it one.'],
  ],
  [
    "a channel's version that is a number",
    twoImages("channels:\n  stable: { image: a, version: 1.0 }\n"),
    ['5:32: version must be a text, and YAML reads 1.0 as the number 1: put it in quotes, "1.0".'],
    "structure",
  ],
  [
    "a version that is not kept",
    `images:\n  a: { ${url}, ${system}, version: "2" }\nchannels:\n  stable: { image: a, version: "1" }\n`,
    [
      '4:32: image "a" keeps no earlier generation, so the channel can only name its version, "2"; keep says how many are kept.',
    ],
  ],
  [
    "a version of a look-up",
    'images:\n  a: { lookup: 70a5 }\nchannels:\n  stable: { image: a, version: "1" }\n',
    ['4:32: image "a" is only looked up, and has no versions; leave version out.'],
  ],
  [
    "a channel that is a number",
    twoImages("channels:\n  stable: { image: 1 }\n"),
    ['5:20: image must be a text, and YAML reads 1 as a number: put it in quotes, "1".'],
    "structure",
  ],
  [
    "an override of nothing",
    twoImages("stacks:\n  test:\n    images:\n      c: { protected: true }\n"),
    [
      '7:7: image "c" needs one of url, source, server, lookup, and there is no image of that key to override; there are a, b.',
    ],
  ],
  [
    "an override of a misspelt image",
    "images:\n  golden: { url: https://x/y.qcow2, osDistro: alma }\nstacks:\n  test:\n    images:\n      goldne: { protected: true }\n",
    [
      '6:7: image "goldne" needs one of url, source, server, lookup, and there is no image of that key to override; did you mean "golden"?',
    ],
  ],
  [
    "what is not there is taken out",
    twoImages("stacks:\n  test:\n    images: { c: null }\n    channels: { x: null }\n"),
    [
      '6:15: there is no image "c" to take out; there are a, b.',
      '7:17: there is no channel "x" to take out; there are none.',
    ],
  ],
  [
    "an override that needs null",
    twoImages("stacks:\n  test:\n    images:\n      a: { source: { file: x, bucket: images } }\n"),
    [
      "7:12: source cannot stand beside url: an image has one of url, source, server, lookup. An override takes one out with null.",
    ],
  ],
  [
    "an override that takes too much",
    twoImages("stacks:\n  test:\n    images:\n      a: { url: null }\n      b: { osDistro: null }\n"),
    [
      '2:3: image "a" needs one of url, source, server, lookup.',
      '3:3: image "b" needs osDistro; it must be one of alma, centos, rhel, rocky, ubuntu, windows, oracle, sles.',
    ],
  ],
  [
    "a channel whose image is taken out",
    twoImages("channels:\n  stable: { image: a }\nstacks:\n  test:\n    images: { a: null }\n"),
    ['5:20: there is no image "a"; there is b.'],
  ],
  [
    "a wrong value in an override",
    twoImages("stacks:\n  test:\n    images: { a: { minDisk: x } }\n"),
    ["6:29: minDisk must be a whole number, 0 or more."],
    "structure",
  ],
  [
    "a wrong value in the override of another stack",
    twoImages("stacks:\n  other:\n    images: { a: { minDisk: x } }\n"),
    ["6:29: minDisk must be a whole number, 0 or more."],
    "structure",
  ],
  [
    "a misspelt property in an override",
    twoImages("stacks:\n  other:\n    images: { a: { protect: true } }\n"),
    ['6:20: there is no property "protect"; did you mean "protected"?'],
    "structure",
  ],
  [
    "a wrong default of a stack",
    twoImages("stacks:\n  test:\n    defaults: { minDisk: -1, name: x }\n"),
    [
      "6:26: minDisk must be a whole number, 0 or more.",
      "6:30: defaults cannot state name: it differs from image to image.",
    ],
    "structure",
  ],
  [
    "a list that is replaced",
    `images:\n  a: { ${url}, ${system}, sharedWith: [x] }\nstacks:\n  test:\n    images: { a: { sharedWith: [y, y] } }\n`,
    ['5:36: sharedWith has "y" twice.'],
  ],
];
