import { image, twoImages, url, system, type Broken } from "../manifests";

/** Variables, and what is wrong in more than one way. */
export const variables: Broken[] = [
  [
    "an unknown variable",
    image("name: ${foo}"),
    [
      '5:11: there is no variable "${foo}"; there are ${stack}, ${project}, ${organization}, ${env:NAME} and ${config:key}. Where the text is meant, write $${.',
    ],
  ],
  [
    "a misspelt variable",
    image("name: ${stak}"),
    ['5:11: there is no variable "${stak}"; did you mean ${stack}?'],
  ],
  [
    "an open variable",
    image("name: ${stack"),
    ['5:11: "${stack" has no } at its end; where ${ is meant, write $${.'],
  ],
  [
    "a variable that is not set",
    image("name: x-${env:NOWHERE}"),
    ["5:13: ${env:NOWHERE} is not set: there is no such environment variable."],
  ],
  [
    "two variables that are not set",
    image('tags: { a: "${env:A}-${env:B}" }'),
    [
      "5:17: ${env:A} is not set: there is no such environment variable.",
      "5:26: ${env:B} is not set: there is no such environment variable.",
    ],
  ],
  [
    "a configuration value that is not set",
    image("name: ${config:name}"),
    ["5:11: ${config:name} is not set: pulumi config set name … sets it, for this stack."],
  ],
  [
    "one of another namespace",
    image("name: ${config:other:name}"),
    ["5:11: ${config:other:name} is not set: pulumi config set other:name … sets it, for this stack."],
  ],
  [
    "an environment variable without a name",
    image("name: ${env:}"),
    [
      '5:11: there is no variable "${env:}"; there are ${stack}, ${project}, ${organization}, ${env:NAME} and ${config:key}. Where the text is meant, write $${.',
    ],
  ],
  [
    "what a variable gives is wrong",
    image("name: ${env:DOTTED}"),
    [
      '5:11: name must be 1 to 255 characters out of letters, digits, space, "-" and "_"; "${env:DOTTED}" gives something else.',
    ],
  ],
  [
    "what a variable gives has another type",
    image("minDisk: ${env:DOTTED}"),
    ['5:14: minDisk must be a whole number, 0 or more; "${env:DOTTED}" gives something else.'],
  ],
  [
    "what a variable in quotes gives",
    image('minDisk: "${env:NUMBER}"'),
    ['5:14: minDisk must be a whole number, 0 or more; "${env:NUMBER}" gives something else.'],
  ],
  [
    "a secret that is wrong",
    image("name: ${config:secret}"),
    [
      '5:11: name must be 1 to 255 characters out of letters, digits, space, "-" and "_"; "${config:secret}" gives something else.',
    ],
  ],
  [
    "a secret in tags",
    image('tags: { a: "x,${config:secret}" }'),
    [
      '5:16: tags.a must be a text of up to 256 letters, digits, spaces and + - = . _ : / @; "x,${config:secret}" gives something else.',
    ],
  ],
  [
    "a secret as a system",
    'images:\n  a: { url: https://x/y.qcow2, osDistro: "${config:secret}" }\n',
    [
      '2:42: osDistro must be one of alma, centos, rhel, rocky, ubuntu, windows, oracle, sles; "${config:secret}" gives something else.',
    ],
  ],
  [
    "a secret that is no image",
    twoImages('channels:\n  stable: { image: "${config:secret}" }\n'),
    ['5:20: there is no image "${config:secret}"; there are a, b.'],
  ],
  [
    "a secret time-out",
    image('timeouts: { create: "${config:secret}" }'),
    [
      '5:25: timeouts.create must be a duration like "45m", "2h" or "1h30m"; "${config:secret}" gives something else.',
    ],
  ],
  [
    "a secret account twice",
    image('sharedWith: ["${config:id}", "${config:id}"]'),
    ['5:34: sharedWith has "${config:id}" twice.'],
  ],
  [
    "all at once",
    "images:\n  a: { url: https://x/y.raw, osDistro: debian, minDisks: 3 }\n  b.c: { lookup: 70a5, tags: {} }\nchannels:\n  x: { image: d }\n",
    [
      '2:13: url must end in ".qcow2", as SCP demands.',
      "2:40: osDistro must be one of alma, centos, rhel, rocky, ubuntu, windows, oracle, sles.",
      '2:48: there is no property "minDisks"; did you mean "minDisk"?',
      "3:24: an image that is only looked up cannot have tags.",
      '5:15: there is no image "d"; there are a, b.c.',
    ],
    "structure",
  ],
  [
    "a byte order mark",
    "\ufeffimages:\n  a: { colour: red }\n",
    [
      '2:3: image "a" needs one of url, source, server, lookup.',
      '2:8: there is no property "colour"; there are name, osDistro, url, source, server, lookup, version, keep, sharedWith, renamedFrom, diskFormat, containerFormat, minDisk, minRam, protected, visibility, tags, region, environment, profile, imageId, timeouts, expectedChecksum, verify.',
    ],
    "structure",
  ],
  [
    "Windows' line ends",
    "images:\r\n  a:\r\n    url: https://x/y.raw\r\n    osDistro: alma\r\n",
    ['3:10: url must end in ".qcow2", as SCP demands.'],
    "structure",
  ],
  [
    "an alias of what is wrong",
    "images:\n  a: &a { url: https://x/y.raw, osDistro: alma }\n  b: *a\n",
    ['2:16: url must end in ".qcow2", as SCP demands.'],
    "structure",
  ],
  [
    "what an alias makes a second one of",
    `images:\n  a: &a { ${url}, ${system}, imageId: 70a5 }\n  b: *a\n`,
    ['2:60: images "a" (line 2) and "b" (line 3) have one imageId; an image is managed by one entry.'],
  ],
];
