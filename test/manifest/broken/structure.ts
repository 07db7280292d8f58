import { type Broken } from "../manifests";

/** Files that are no map of images. */
export const structure: Broken[] = [
  [
    "an empty file",
    "",
    ["1:1: the file says nothing; where no images are meant, write images: {}."],
    "structure",
  ],
  [
    "a file of comments",
    "# all gone\n",
    ["1:1: the file says nothing; where no images are meant, write images: {}."],
    "structure",
  ],
  [
    "a file of a mark",
    "---\n",
    ["1:1: a manifest is a map: images: and below it each image under a key of its own."],
    "structure",
  ],
  [
    "a text",
    "hello\n",
    ["1:1: a manifest is a map: images: and below it each image under a key of its own."],
    "structure",
  ],
  [
    "a number",
    "42\n",
    ["1:1: a manifest is a map: images: and below it each image under a key of its own."],
    "structure",
  ],
  [
    "a null",
    "~\n",
    ["1:1: a manifest is a map: images: and below it each image under a key of its own."],
    "structure",
  ],
  [
    "the old list",
    "- name: a\n  osDistro: alma\n",
    [
      '1:1: a manifest is a map: images: and below it each image under a key of its own. This is the list that it was before: write images: above it, and in place of each "- name: x" the line "x:", with the other properties indented below.',
    ],
    "structure",
  ],
  [
    "an empty list",
    "[]\n",
    [
      '1:1: a manifest is a map: images: and below it each image under a key of its own. This is the list that it was before: write images: above it, and in place of each "- name: x" the line "x:", with the other properties indented below.',
    ],
    "structure",
  ],
  [
    "no images",
    "defaults: { osDistro: alma }\n",
    ["1:1: there is no images; where no images are meant, write images: {}."],
    "structure",
  ],
  [
    "images without a value",
    "images:\n",
    [
      "1:1: images must be a map of images, each under a key of its own; where there are none, write images: {}.",
    ],
    "structure",
  ],
  [
    "images as a list",
    "images:\n  - name: a\n",
    [
      '2:3: images must be a map: in place of each "- name: x" write the line "x:", with the other properties indented below.',
    ],
    "structure",
  ],
  [
    "images as a text",
    "images: none\n",
    ["1:9: images must be a map of images, each under a key of its own."],
    "structure",
  ],
  [
    "a misspelt section",
    "imagse:\n  a: { url: https://x/y.qcow2, osDistro: alma }\n",
    ['1:1: there is no "imagse" in a manifest; did you mean "images"?'],
    "structure",
  ],
  [
    "an unknown section",
    "images: {}\nservers: {}\n",
    ['2:1: there is no "servers" in a manifest; there are defaults, images, channels, stacks.'],
    "structure",
  ],
  [
    "a capital",
    "Images: {}\n",
    ['1:1: there is no "Images" in a manifest; did you mean "images"?'],
    "structure",
  ],
  [
    "an image without properties",
    "images:\n  a:\n",
    ['2:3: image "a" must be a map of its properties, like { osDistro: ubuntu, url: https://… }.'],
    "structure",
  ],
  [
    "an image as a text",
    "images:\n  a: b\n",
    ['2:6: image "a" must be a map of its properties, like { osDistro: ubuntu, url: https://… }.'],
    "structure",
  ],
  [
    "an image as a list",
    "images:\n  a: [b]\n",
    ['2:6: image "a" must be a map of its properties, like { osDistro: ubuntu, url: https://… }.'],
    "structure",
  ],
  [
    "defaults as a list",
    "defaults: [a]\nimages: {}\n",
    ["1:11: defaults must be a map of properties, like { osDistro: ubuntu }."],
    "structure",
  ],
  [
    "defaults without a value",
    "defaults:\nimages: {}\n",
    [
      "1:1: defaults must be a map of properties, like { osDistro: ubuntu }; where there are none, leave the line out.",
    ],
    "structure",
  ],
  [
    "channels as a list",
    "images: {}\nchannels:\n  - a\n",
    ["3:3: channels must be a map of channels, each under its name."],
    "structure",
  ],
  [
    "stacks as a list",
    "images: {}\nstacks: [production]\n",
    ["2:9: stacks must be a map of overrides, each under the name of a stack."],
    "structure",
  ],
  [
    "a stack as a text",
    "images: {}\nstacks:\n  production: yes\n",
    ['3:15: stack "production" must be a map with defaults, images or channels.'],
    "structure",
  ],
  [
    "a stack without a value",
    "images: {}\nstacks:\n  production:\n",
    ['3:3: stack "production" must be a map with defaults, images or channels.'],
    "structure",
  ],
  [
    "an unknown key of a stack",
    "images: {}\nstacks:\n  production: { image: {} }\n",
    ['3:17: there is no "image" in a stack; did you mean "images"?'],
    "structure",
  ],
];
