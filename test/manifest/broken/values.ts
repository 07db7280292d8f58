import { image, type Broken } from "../manifests";

/** Values that a property cannot have. */
export const values: Broken[] = [
  [
    "a name with a dot",
    image("name: a.b"),
    ['5:11: name must be 1 to 255 characters out of letters, digits, space, "-" and "_".'],
    "structure",
  ],
  [
    "a key that is no name",
    image("", "ubuntu-24.04"),
    [
      '2:3: image "ubuntu-24.04" needs a name: its key cannot be one, since a name must be 1 to 255 characters out of letters, digits, space, "-" and "_".',
    ],
  ],
  [
    "a number as a key",
    image("", "24.04"),
    [
      '2:3: image "24.04" needs a name: its key cannot be one, since a name must be 1 to 255 characters out of letters, digits, space, "-" and "_".',
    ],
  ],
  [
    "a number as a name",
    image("name: 24"),
    ['5:11: name must be a text, and YAML reads 24 as a number: put it in quotes, "24".'],
    "structure",
  ],
  [
    "an empty name",
    image('name: ""'),
    ['5:11: name must be 1 to 255 characters out of letters, digits, space, "-" and "_".'],
    "structure",
  ],
  [
    "a name without a value",
    image("name:"),
    [
      "5:5: name has no value; write one, or leave the line out. (null takes out a default, and there is none.)",
    ],
  ],
  ["a name as a list", image("name: [a]"), ["5:11: name must be a text."], "structure"],
  [
    "another system",
    "images:\n  a: { url: https://x/y.qcow2, osDistro: debian }\n",
    ["2:42: osDistro must be one of alma, centos, rhel, rocky, ubuntu, windows, oracle, sles."],
    "structure",
  ],
  [
    "a misspelt system",
    "images:\n  a: { url: https://x/y.qcow2, osDistro: ubunut }\n",
    [
      "2:42: osDistro must be one of alma, centos, rhel, rocky, ubuntu, windows, oracle, sles. Did you mean ubuntu?",
    ],
    "structure",
  ],
  [
    "a system in capitals",
    "images:\n  a: { url: https://x/y.qcow2, osDistro: Ubuntu }\n",
    [
      "2:42: osDistro must be one of alma, centos, rhel, rocky, ubuntu, windows, oracle, sles. Did you mean ubuntu?",
    ],
    "structure",
  ],
  ["another format", image("diskFormat: raw"), ['5:17: diskFormat must be "qcow2".'], "structure"],
  [
    "a negative disk",
    image("minDisk: -1"),
    ["5:14: minDisk must be a whole number, 0 or more."],
    "structure",
  ],
  ["half a disk", image("minDisk: 1.5"), ["5:14: minDisk must be a whole number, 0 or more."], "structure"],
  [
    "a disk with a unit",
    image("minDisk: 10GB"),
    ["5:14: minDisk must be a whole number, 0 or more."],
    "structure",
  ],
  [
    "a disk in quotes",
    image('minDisk: "10"'),
    ["5:14: minDisk must be a whole number, 0 or more; in quotes it is a text: write 10."],
    "structure",
  ],
  [
    "too much memory",
    image("minRam: 2097152"),
    ["5:13: minRam must be a whole number, 0 to 2097151."],
    "structure",
  ],
  [
    "yes",
    image("protected: yes"),
    ["5:16: protected must be true or false; YAML reads yes as a text: write true."],
    "structure",
  ],
  [
    "off",
    image("protected: off"),
    ["5:16: protected must be true or false; YAML reads off as a text: write false."],
    "structure",
  ],
  [
    "true in quotes",
    image('protected: "true"'),
    ["5:16: protected must be true or false; in quotes it is a text: write true."],
    "structure",
  ],
  ["one", image("protected: 1"), ["5:16: protected must be true or false."], "structure"],
  ["public", image("visibility: public"), ["5:17: visibility must be one of private, shared."], "structure"],
  [
    "no url",
    "images:\n  a: { url: golden.qcow2, osDistro: alma }\n",
    [
      "2:13: url must be an Object Storage URL like https://object-store.kr-west1.e.samsungsdscloud.com/account:bucket/object.qcow2.",
    ],
    "structure",
  ],
  [
    "plain http",
    "images:\n  a: { url: http://x/y.qcow2, osDistro: alma }\n",
    ["2:13: url must begin with https://."],
  ],
  [
    "another ending",
    "images:\n  a: { url: https://x/y.raw, osDistro: alma }\n",
    ['2:13: url must end in ".qcow2", as SCP demands.'],
    "structure",
  ],
  [
    "a url in a region that there is not",
    'images:\n  a: { url: "https://object-store.kr-wset1.e.samsungsdscloud.com/a:b/y.qcow2", osDistro: alma }\n',
    [
      '2:13: url names no Object Storage that there is: region "kr-wset1" does not exist in environment "e"; it has kr-west1, kr-east1.',
    ],
  ],
  [
    "a presigned url",
    'images:\n  a: { url: "https://x/y.qcow2?X-Amz-Signature=1", osDistro: alma }\n',
    [
      "2:13: url must have no query and no fragment (a presigned URL cannot be used: make the object public-read instead).",
    ],
    "structure",
  ],
  [
    "a password",
    'images:\n  a: { url: "https://me:hush@x/y.qcow2", osDistro: alma }\n',
    ["2:13: url must not hold a user name or password; SCP reads the object without credentials."],
  ],
  [
    "too long a url",
    `images:\n  a: { url: "https://x/${"y".repeat(250)}.qcow2", osDistro: alma }\n`,
    ["2:13: url must be at most 255 characters; it has 266."],
    "structure",
  ],
  [
    "tags as a list",
    image("tags: [a]"),
    ['5:11: tags must be a map of texts, like { team: "web" }.'],
    "structure",
  ],
  [
    "a tag that is a number",
    image("tags: { build: 42 }"),
    ['5:20: tags.build must be a text, and YAML reads 42 as a number: put it in quotes, "42".'],
    "structure",
  ],
  [
    "a tag that is a date like a number",
    image("tags: { v: 1.10 }"),
    ['5:16: tags.v must be a text, and YAML reads 1.10 as the number 1.1: put it in quotes, "1.10".'],
    "structure",
  ],
  [
    "a tag that is true",
    image("tags:\n  gpu: true"),
    ['6:12: tags.gpu must be a text, and YAML reads true as a boolean: put it in quotes, "true".'],
    "structure",
  ],
  [
    "a tag without a value",
    image("tags:\n  team:"),
    [
      "6:7: tags.team has no value; write one, or leave the line out. (null takes out a default, and there is none.)",
    ],
  ],
  [
    "a tag with a comma",
    image('tags: { a: "b,c" }'),
    [
      '5:16: tags has the value "b,c" at "a"; a value is a text of up to 256 letters, digits, spaces and + - = . _ : / @.',
    ],
  ],
  [
    "the package's own tag",
    image("tags: { pulumi-scp-images: x }"),
    ['5:32: tags has the key "pulumi-scp-images", which this package uses itself; choose another.'],
  ],
  [
    "a region that is a number",
    image("region: 1"),
    ['5:13: region must be a text, and YAML reads 1 as a number: put it in quotes, "1".'],
    "structure",
  ],
  [
    "a profile in capitals",
    image("profile: Audit"),
    [
      '5:14: profile must be the name of a profile: up to 32 characters out of a-z, 0-9 and "-", a letter first.',
    ],
    "structure",
  ],
  ["an imageId that is none", image("imageId: ../x"), ["5:14: imageId must be an image's id, a UUID."]],
  [
    "a time-out that is none",
    image("timeouts: { create: soon }"),
    ['5:25: timeouts create must be a duration like "45m", "2h" or "1h30m"; it is "soon".'],
    "structure",
  ],
  [
    "a time-out that is a number",
    image("timeouts: { create: 45 }"),
    ['5:25: timeouts create must be a duration like "45m", "2h" or "1h30m"; it is 45.'],
    "structure",
  ],
  [
    "an unknown time-out",
    image("timeouts: { delete: 1h }"),
    ['5:17: timeouts has no "delete"; there is create.'],
    "structure",
  ],
  [
    "a checksum that is none",
    image("expectedChecksum: abc"),
    ["5:23: expectedChecksum must be a checksum, MD5 or SHA-512: 32 or 128 hexadecimal digits."],
    "structure",
  ],
  ["verify", image("verify: warning"), ["5:13: verify must be one of fail, warn, off."], "structure"],
];
