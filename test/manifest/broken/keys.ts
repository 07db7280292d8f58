import { image, url, system, type Broken } from "../manifests";

/** Properties that there are not, or that are missing. */
export const keys: Broken[] = [
  [
    "a misspelt property",
    image("minDisks: 3"),
    ['5:5: there is no property "minDisks"; did you mean "minDisk"?'],
    "structure",
  ],
  [
    "a misspelt property that is needed",
    "images:\n  a:\n    ulr: https://x/y.qcow2\n    os_distro: alma\n",
    [
      '3:5: there is no property "ulr"; did you mean "url"?',
      '4:5: there is no property "os_distro"; did you mean "osDistro"?',
    ],
    "structure",
  ],
  [
    "another misspelt property",
    image("visiblity: shared"),
    ['5:5: there is no property "visiblity"; did you mean "visibility"?'],
    "structure",
  ],
  [
    "an unknown property",
    image("colour: red"),
    [
      '5:5: there is no property "colour"; there are name, osDistro, url, source, server, lookup, version, keep, sharedWith, renamedFrom, diskFormat, containerFormat, minDisk, minRam, protected, visibility, tags, region, environment, profile, imageId, timeouts, expectedChecksum, verify.',
    ],
    "structure",
  ],
  [
    "two unknown properties",
    image("minDisks: 3\nminRams: 4"),
    [
      '5:5: there is no property "minDisks"; did you mean "minDisk"?',
      '6:5: there is no property "minRams"; did you mean "minRam"?',
    ],
    "structure",
  ],
  [
    "a property in the wrong place",
    "osDistro: alma\nimages: {}\n",
    ['1:1: there is no "osDistro" in a manifest; there are defaults, images, channels, stacks.'],
    "structure",
  ],
  [
    "a default that must differ",
    "defaults: { name: x }\nimages: {}\n",
    ["1:13: defaults cannot state name: it differs from image to image."],
    "structure",
  ],
  [
    "a default url",
    "defaults: { url: https://x/y.qcow2 }\nimages: {}\n",
    ["1:13: defaults cannot state url: it differs from image to image."],
    "structure",
  ],
  [
    "a misspelt default",
    "defaults: { osDistor: alma }\nimages:\n  a: { url: https://x/y.qcow2 }\n",
    ['1:13: there is no property "osDistor"; did you mean "osDistro"?'],
    "structure",
  ],
  [
    "a default file",
    "defaults: { source: { file: x } }\nimages: {}\n",
    ["1:23: defaults cannot state file of source: it differs from image to image."],
    "structure",
  ],
  [
    "a default without a value",
    "defaults:\n  minDisk:\nimages: {}\n",
    ["2:3: minDisk has no value; write one, or leave the line out."],
    "structure",
  ],
  [
    "no origin",
    "images:\n  a: { osDistro: alma }\n",
    ['2:3: image "a" needs one of url, source, server, lookup.'],
  ],
  [
    "no system",
    "images:\n  a: { url: https://x/y.qcow2 }\n",
    [
      '2:3: image "a" needs osDistro; it must be one of alma, centos, rhel, rocky, ubuntu, windows, oracle, sles.',
    ],
  ],
  ["nothing", "images:\n  a: {}\n", ['2:3: image "a" needs one of url, source, server, lookup.']],
  [
    "url and source",
    image("source: { file: x.qcow2, bucket: images }"),
    [
      "5:5: source cannot stand beside url: an image has one of url, source, server, lookup. An override takes one out with null.",
    ],
  ],
  [
    "url and lookup",
    image("lookup: 70a599e0-31e7-49b7-b260-868f441e862b"),
    [
      "5:5: lookup cannot stand beside url: an image has one of url, source, server, lookup. An override takes one out with null.",
    ],
  ],
  [
    "all origins",
    `images:\n  a:\n    ${system}\n    server: x\n    ${url}\n    source: { file: x, bucket: images }\n`,
    [
      "5:5: url cannot stand beside server: an image has one of url, source, server, lookup. An override takes one out with null.",
      "6:5: source cannot stand beside server: an image has one of url, source, server, lookup. An override takes one out with null.",
    ],
  ],
  [
    "a source without a bucket",
    `images:\n  a:\n    ${system}\n    source: { file: x }\n`,
    ["4:5: source needs bucket."],
  ],
  [
    "an empty source",
    `images:\n  a:\n    ${system}\n    source: {}\n`,
    ["4:5: source needs file.", "4:5: source needs bucket."],
  ],
  [
    "a source as a text",
    `images:\n  a:\n    ${system}\n    source: build/x.qcow2\n`,
    ["4:13: source must be like { file: build/golden.qcow2, bucket: images }."],
    "structure",
  ],
  [
    "a misspelt member of source",
    `images:\n  a:\n    ${system}\n    source: { flie: x, bucket: images }\n`,
    ['4:15: source has no "flie"; did you mean "file"?'],
    "structure",
  ],
  [
    "a bucket in capitals",
    `images:\n  a:\n    ${system}\n    source: { file: x, bucket: Images }\n`,
    ['4:32: source bucket must be a bucket\'s name: 3 to 63 characters out of a-z, 0-9, "." and "-".'],
    "structure",
  ],
  [
    "a hash that is none",
    `images:\n  a:\n    ${system}\n    source: { file: x, bucket: images, sha256: abc }\n`,
    ["4:48: source sha256 must be a SHA-256: 64 hexadecimal digits."],
    "structure",
  ],
  [
    "afterImport",
    `images:\n  a:\n    ${system}\n    source: { file: x, bucket: images, afterImport: remove }\n`,
    ["4:53: source afterImport must be one of removed, private, kept. Did you mean removed?"],
    "structure",
  ],
];
