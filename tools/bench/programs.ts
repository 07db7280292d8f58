// The programs that are measured: images, and beside them as many resources that do nothing, written in the usual way.
//
// Those are a component of two resources too: one is made at once, the other when as much time has gone by since as the import of an
// image takes. For a service imports side by side, however many of them an engine waits for at once.

import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** Ours, and what Pulumi itself costs. */
export const sides = ["images", "nothing"] as const;
export type Side = (typeof sides)[number];

export interface ProgramSettings {
  /** How long each import takes, from the making of its record on, in milliseconds: as many images, or components that do nothing. */
  times: readonly number[];
  /** The file that the images are made from. */
  url: string;
}

const images = ({ times, url }: ProgramSettings) => `
const { Image } = require("pulumi-scp-images");
for (let n = 0; n < ${times.length}; n += 1) {
  new Image("image-" + n, { name: "image-" + n, osDistro: "ubuntu", url: ${JSON.stringify(url)} });
}
`;

const nothing = ({ times, url }: ProgramSettings) => `
const pulumi = require("@pulumi/pulumi");

const recordProvider = {
  async check(olds, news) { return { inputs: news, failures: [] }; },
  async diff(id, olds, news) { return { changes: olds.name !== news.name || olds.url !== news.url }; },
  async create(inputs) {
    return { id: require("node:crypto").randomUUID(), outs: { ...inputs, done: Date.now() + inputs.takes } };
  },
  async read(id, props) { return { id, props }; },
  async update(id, olds, news) { return { outs: news }; },
  async delete() {},
};

const importProvider = {
  async check(olds, news) { return { inputs: news, failures: [] }; },
  async diff(id, olds, news) { return { changes: olds.imageId !== news.imageId || olds.url !== news.url }; },
  async create(inputs) {
    await new Promise((done) => setTimeout(done, inputs.done - Date.now()));
    return { id: inputs.imageId, outs: { ...inputs, status: "active" } };
  },
  async read(id, props) { return { id, props }; },
  async update(id, olds, news) { return { outs: news }; },
  async delete() {},
};

class Record extends pulumi.dynamic.Resource {
  constructor(name, args, opts) { super(recordProvider, name, { done: undefined, ...args }, opts, "nothing", "Record"); }
}

class Import extends pulumi.dynamic.Resource {
  constructor(name, args, opts) { super(importProvider, name, { status: undefined, ...args }, opts, "nothing", "Import"); }
}

class Nothing extends pulumi.ComponentResource {
  constructor(name, args, opts) {
    super("nothing:index:Nothing", name, {}, opts);
    const record = new Record(name, args, { parent: this });
    const file = new Import(name, { imageId: record.id, url: args.url, done: record.done }, { parent: this });
    this.registerOutputs({ id: file.id });
  }
}

${JSON.stringify(times)}.forEach((takes, n) => {
  new Nothing("image-" + n, { name: "image-" + n, osDistro: "ubuntu", url: ${JSON.stringify(url)}, takes });
});
`;

const sources: Record<Side, (settings: ProgramSettings) => string> = { images, nothing };

/** Inside the repository, so that packages are found as from any program. */
const parent = join(resolve(__dirname, "../../.."), ".local", "bench");

/** Makes a folder with a program. */
export function programFolder(side: Side, settings: ProgramSettings): string {
  return folderOf(side, sources[side](settings));
}

/** Makes a folder with the program of a pipeline, whose images.yaml is the caller's to write. */
export function pipelineFolder(): string {
  return folderOf(
    "pipeline",
    `const { ImagePipeline } = require("pulumi-scp-images");
exports.channels = new ImagePipeline("images", { manifest: "images.yaml" }).channels;
`,
  );
}

function folderOf(name: string, program: string): string {
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, `${name}-`));
  const runtime = "runtime:\n  name: nodejs\n  options:\n    typescript: false\n";
  writeFileSync(join(folder, "Pulumi.yaml"), `name: bench\n${runtime}main: index.js\n`);
  writeFileSync(join(folder, "index.js"), program);
  return folder;
}
