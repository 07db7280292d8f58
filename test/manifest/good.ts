import { image, system, twoImages, url } from "./manifests";

/** Manifests without a mistake, in the stack `test`. */
export const good: (readonly [what: string, text: string])[] = [
  ["no images", "images: {}\n"],
  ["one image", image("")],
  ["a byte order mark and Windows' line ends", `\ufeff${image("minDisk: 3").replaceAll("\n", "\r\n")}`],
  ["JSON", `{ "images": { "a": { "url": "https://x/y.qcow2", "osDistro": "alma", "minDisk": 3 } } }`],
  ["marks of a document", `---\n${image("")}...\n`],
  ["an alias", `images:\n  a: &a { ${url}, ${system} }\n  b: *a\n`],
  ["a tag of YAML's own", image("name: !!str 24")],
  [
    "keys in every script",
    twoImages("")
      .replace("  a:", "  황금: { name: x }\n  24.04: { name: y }\n  a:")
      .replaceAll("{ name: x }", `{ name: x, ${url}, ${system} }`)
      .replaceAll("{ name: y }", `{ name: y, ${url}, ${system} }`),
  ],
  [
    "all that an image can say",
    image(`name: golden
diskFormat: qcow2
containerFormat: bare
minDisk: 10
minRam: 2
protected: true
visibility: shared
tags: { team: platform, empty: "" }
region: kr-west1
environment: s
profile: audit
imageId: 70a599e0-31e7-49b7-b260-868f441e862b
timeouts: { create: 45m }
expectedChecksum: d41d8cd98f00b204e9800998ecf8427e
verify: warn
version: "2026.11.2"
keep: 2
sharedWith: [a8f10467abfc4b87b64614ab36eb9ae4]
renamedFrom: [b, c]`),
  ],
  [
    "a text that looks like a variable",
    `images:\n  a: { ${system}, source: { file: "$\${x}/\${stack}.qcow2", bucket: images } }\n`,
  ],
  [
    "an image of a file",
    `images:\n  a: { ${system}, source: { file: build/a.qcow2, bucket: images, afterImport: private } }\n`,
  ],
  [
    "images that come from elsewhere",
    `defaults: { ${system}, minDisk: 3, region: kr-west1 }\nimages:\n  a: { server: s-1 }\n  b.c: { lookup: 70a5 }\n`,
  ],
  [
    "a bucket for all",
    `defaults: { ${system}, source: { bucket: images } }\nimages:\n  a: { source: { file: a.qcow2 } }\n  b: { ${url} }\n`,
  ],
  [
    "a default that is taken out",
    `defaults: { ${system}, minDisk: 3, tags: { a: x, b: y } }\nimages:\n  a: { ${url}, minDisk: null, tags: { a: null } }\n  b: { ${url}, tags: null }\n`,
  ],
  [
    "channels",
    `images:\n  a/b: { name: x, ${url}, ${system}, version: "2", keep: 1 }\nchannels:\n  a/stable: { image: a/b, version: "1" }\n  a/edge: { image: a/b }\n`,
  ],
  [
    "overrides",
    twoImages(`channels:\n  stable: { image: a }\n  edge: { image: b }\nstacks:
  test:
    defaults: { minRam: 4 }
    images:
      a: { url: null, source: { file: x.qcow2, bucket: images }, protected: true }
      b: null
      c: { ${url}, ${system}, minRam: null }
    channels: { edge: null, stable: { image: c } }
  other: {}
`),
  ],
  [
    "what only each stack says",
    `images:\n  a: {}\nstacks:\n  test: { images: { a: { ${url}, ${system} } } }\n  other: { images: { a: { lookup: 70a5 } } }\n`,
  ],
  [
    "variables",
    image(
      'name: n-${stack}-${project}-${organization}\nminDisk: ${env:NUMBER}\nprotected: ${env:NOWHERE:-true}\ntags: { a: "${config:id}", c: \'${env:EMPTY:-e}\' }\nprofile: ${config:other:p:-audit}\nversion: "${env:NUMBER}"',
    ),
  ],
  [
    "variables that no pattern lets through",
    `images:\n  a: { url: "\${env:NOWHERE:-https://x/y.qcow2}", osDistro: "\${env:NOWHERE:-alma}", imageId: "\${env:NUMBER}", sharedWith: "\${env:NUMBER}", timeouts: { create: "\${env:NUMBER}m" } }\n`,
  ],
  [
    "a variable that only another stack needs",
    image("name: ${env:NOWHERE}").concat("stacks:\n  test: { images: { a: { name: x } } }\n"),
  ],
];
