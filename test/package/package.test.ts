import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { providerText, typeName } from "../../provider/resources/dynamic";
import { Project, repository, Tarball } from "./project";

const { exports: published, dependencies } = JSON.parse(
  readFileSync(join(repository, "package.json"), "utf8"),
) as { exports: Record<string, unknown>; dependencies: Record<string, string> };

let tarball: Tarball;
let project: Project;

beforeAll(() => {
  tarball = new Tarball();
  project = new Project(tarball);
});
afterAll(() => {
  project.remove();
  tarball.remove();
});

test("what the state holds is permanent: types, and the text that loads a provider", () => {
  const types = [
    "ImageFile",
    "ImageGenerations",
    "ImageRecord",
    "ImageImport",
    "ImageMember",
    "ImageMemberAcceptance",
    "ImagePin",
    "Origin",
    "ServerImageRecord",
    "ServerImageSnapshot",
  ];
  expect(types.map(typeName)).toEqual([
    "pulumi-nodejs:dynamic/scp:ImageFile",
    "pulumi-nodejs:dynamic/scp:ImageGenerations",
    "pulumi-nodejs:dynamic/scp:ImageRecord",
    "pulumi-nodejs:dynamic/scp:ImageImport",
    "pulumi-nodejs:dynamic/scp:ImageMember",
    "pulumi-nodejs:dynamic/scp:ImageMemberAcceptance",
    "pulumi-nodejs:dynamic/scp:ImagePin",
    "pulumi-nodejs:dynamic/scp:Origin",
    "pulumi-nodejs:dynamic/scp:ServerImageRecord",
    "pulumi-nodejs:dynamic/scp:ServerImageSnapshot",
  ]);
  expect([...modules, "origin"].map(providerText)).toEqual([
    'exports.handler = () => require("pulumi-scp-images/runtime/image-record");',
    'exports.handler = () => require("pulumi-scp-images/runtime/image-file");',
    'exports.handler = () => require("pulumi-scp-images/runtime/image-generations");',
    'exports.handler = () => require("pulumi-scp-images/runtime/image-import");',
    'exports.handler = () => require("pulumi-scp-images/runtime/image-pin");',
    'exports.handler = () => require("pulumi-scp-images/runtime/image-member");',
    'exports.handler = () => require("pulumi-scp-images/runtime/image-member-acceptance");',
    'exports.handler = () => require("pulumi-scp-images/runtime/server-image-record");',
    'exports.handler = () => require("pulumi-scp-images/runtime/server-image-snapshot");',
    'exports.handler = () => require("pulumi-scp-images/runtime/origin");',
  ]);
});

const modules = [
  "image-record",
  "image-file",
  "image-generations",
  "image-import",
  "image-pin",
  "image-member",
  "image-member-acceptance",
  "server-image-record",
  "server-image-snapshot",
];
const hooks = "check,configure,create,delete,diff,read,update";

/** Evaluates a provider's text as Pulumi's dynamic provider does, and tells the hooks that it has. */
const hooksOf = (module: string) =>
  `const load = require(require.resolve("require-from-string", { paths: [require.resolve("@pulumi/pulumi")] }));
   const provider = load(${JSON.stringify(providerText(module))}).handler();
   console.log("${hooks}".split(",").filter((hook) => typeof provider[hook] === "function").join());`;

test.each(modules)("the provider %s is found from where the program is", (module) => {
  expect(project.node("-e", hooksOf(module))).toBe(hooks);
});

const names =
  "Image,ImageImport,ImageMember,ImageMemberAcceptance,ImagePin,ImagePipeline,ImageRecord,ServerImage,ServerImageRecord,channelOf,getChannel,getChannelOutput,getImage,getImageOutput,getImages,getImagesOutput,getPendingImages,getPendingImagesOutput,imageSchema";
const namesOf = (module: string) => `console.log(Object.keys(require("${module}")).sort().join())`;

test("beside a package that depends on it, too: npm hoists it", () => {
  project.addDependent("company-images");
  expect(project.node("-e", namesOf("company-images"))).toBe(names);
});

describe("in pnpm's layout", () => {
  let strict: Project;

  beforeAll(() => {
    strict = new Project(tarball, [], "store");
  });
  afterAll(() => {
    strict.remove();
  });

  test("a program that has it only by another package is told which module is missing", () => {
    strict.addDependent("company-images");
    strict.addDirect("company-images");
    expect(strict.node("-e", namesOf("company-images"))).toBe(names);
    expect(() => strict.node("-e", hooksOf("origin"))).toThrow(
      "Cannot find module 'pulumi-scp-images/runtime/origin'",
    );
  });

  test("a direct dependency is found, and what testing needs with it", () => {
    strict.addDirect("pulumi-scp-images");
    expect(strict.node("-e", hooksOf("origin"))).toBe(hooks);
    expect(strict.node("-e", namesOf("pulumi-scp-images/testing"))).toContain("createStack");
  });
});

test("in this repository the provider is found too", () => {
  const output = execFileSync(process.execPath, ["-e", hooksOf("image-import")], {
    cwd: repository,
    encoding: "utf8",
  });
  expect(output.trim()).toBe(hooks);
});

test("a program that declares images loads neither the HTTP client nor what only testing needs", () => {
  const loaded = project.node(
    "-e",
    'require("@pulumi/pulumi"); const pulumis = new Set(Object.keys(require.cache)); require("pulumi-scp-images");' +
      'console.log(Object.keys(require.cache).filter((file) => !pulumis.has(file)).join("\\n"))',
  );
  expect(loaded).toContain("provider/resources/image.js");
  expect(loaded.split("\n").filter((file) => !file.includes("/pulumi-scp-images/dist/provider/"))).toEqual(
    [],
  );
});

test("a manifest is read, and checked by the command, with what is installed beside the package", () => {
  const read = `require("pulumi-scp-images/manifest").readManifest("images: { a: { lookup: x } }", "f", { stack: "s" }).images.length`;
  expect(project.node("-e", `console.log(${read})`)).toBe("1");
  expect(project.node("-e", 'console.log(require("pulumi-scp-images/images.schema.json").type)')).toBe(
    "object",
  );
});

test("everything that package.json offers is there", () => {
  // What a state names is permanent; nothing else of the runtime is anybody's.
  const permanent = [...modules, "origin"].map((name) => `./runtime/${name}`);
  expect(Object.keys(published)).toEqual([
    ".",
    "./testing",
    "./manifest",
    "./images.schema.json",
    ...permanent,
    "./package.json",
  ]);
  const entries = ["index", ...permanent.map((name) => name.slice(2)), "cli/main"];
  for (const file of [
    ...entries.map((entry) => `provider/${entry}`),
    "provider/manifest/index",
    "testing/index",
  ]) {
    expect(tarball.files).toEqual(expect.arrayContaining([`dist/${file}.js`, `dist/${file}.d.ts`]));
  }
});

test("what is shipped is what the package offers, and says how: no tests, tools, sources or maps", () => {
  const shipped = /^dist\/(provider|emulator|engine|testing)\/.+\.(js|d\.ts)$/;
  const others = tarball.files.filter((file) => !shipped.test(file) && !file.endsWith(".md"));
  expect(others.sort()).toEqual([
    "LICENSE",
    "docs/bench.svg",
    "docs/report.png",
    "images.schema.json",
    "package.json",
  ]);
  expect(tarball.files.filter((file) => file.includes(".test."))).toEqual([]);
});

test("no axios will do that sends signed requests through a proxy in the open: 1.16.1 was the first that does not", () => {
  const [major = 0, minor = 0, patch = 0] = (dependencies.axios ?? "")
    .replace("^", "")
    .split(".")
    .map(Number);
  expect((major * 1000 + minor) * 1000 + patch).toBeGreaterThanOrEqual(1_016_001);
});
