import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { providerText, typeName } from "../provider/resources/dynamic";

const repository = resolve(__dirname, "..");
const {
  exports: published,
  files,
  dependencies,
} = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as {
  exports: Record<string, unknown>;
  files: string[];
  dependencies: Record<string, string>;
};

test("what the state holds is permanent: types, and the text that loads a provider", () => {
  expect(["ImageRecord", "ImageImport", "Origin"].map(typeName)).toEqual([
    "pulumi-nodejs:dynamic/scp:ImageRecord",
    "pulumi-nodejs:dynamic/scp:ImageImport",
    "pulumi-nodejs:dynamic/scp:Origin",
  ]);
  expect(["image-record", "image-import", "origin"].map(providerText)).toEqual([
    'exports.handler = () => require("pulumi-scp-images/runtime/image-record");',
    'exports.handler = () => require("pulumi-scp-images/runtime/image-import");',
    'exports.handler = () => require("pulumi-scp-images/runtime/origin");',
  ]);
});

/** Installs the package as npm would lay it out: only the files that it ships. */
function installInto(folder: string): void {
  const place = join(folder, "node_modules", "pulumi-scp-images");
  mkdirSync(place, { recursive: true });
  for (const file of ["package.json", ...files]) {
    mkdirSync(dirname(join(place, file)), { recursive: true });
    execFileSync("cp", ["-r", join(repository, file), join(place, file)]);
  }
}

function projectWith(install: (folder: string) => void): { folder: string; node: (code: string) => string } {
  const folder = mkdtempSync(join(tmpdir(), "package-"));
  mkdirSync(join(folder, "node_modules"));
  for (const name of ["@pulumi", "@grpc", "axios", "cockatiel"]) {
    symlinkSync(join(repository, "node_modules", name), join(folder, "node_modules", name));
  }
  install(folder);
  return {
    folder,
    node: (code) => execFileSync(process.execPath, ["-e", code], { cwd: folder, encoding: "utf8" }).trim(),
  };
}

const hooks = "check,configure,create,delete,diff,read,update";

/** Evaluates a provider's text as Pulumi's dynamic provider does, and tells the hooks that it has. */
const hooksOf = (module: string) =>
  `const load = require(require.resolve("require-from-string", { paths: [require.resolve("@pulumi/pulumi")] }));
   const provider = load(${JSON.stringify(providerText(module))}).handler();
   console.log("${hooks}".split(",").filter((hook) => typeof provider[hook] === "function").join());`;

test.each([
  ["as a dependency", installInto],
  [
    "beside a package that depends on it",
    (folder: string) => {
      installInto(folder); // npm hoists it
      const between = join(folder, "node_modules", "company-images");
      mkdirSync(between);
      writeFileSync(join(between, "index.js"), 'module.exports = require("pulumi-scp-images");');
    },
  ],
])("%s, the provider is found from where the program is", (_how, install) => {
  const { folder, node } = projectWith(install);
  expect(node(hooksOf("image-record"))).toBe(hooks);
  expect(node(hooksOf("image-import"))).toBe(hooks);
  expect(node('console.log(Object.keys(require("pulumi-scp-images")).sort().join())')).toBe(
    "Image,ImageImport,ImageRecord",
  );
  rmSync(folder, { recursive: true });
});

test("in this repository the provider is found too", () => {
  const output = execFileSync(process.execPath, ["-e", hooksOf("image-import")], {
    cwd: repository,
    encoding: "utf8",
  });
  expect(output.trim()).toBe(hooks);
});

test("a program that declares images does not load the HTTP client", () => {
  const code = 'require("pulumi-scp-images"); console.log(Object.keys(require.cache).join("\\n"))';
  const loaded = execFileSync(process.execPath, ["-e", code], { cwd: repository, encoding: "utf8" });
  expect(loaded).toContain("provider/resources/image.js");
  expect(loaded).not.toMatch(/node_modules\/(axios|cockatiel)\//);
});

test("everything that package.json offers is there", () => {
  // What a state names is permanent; nothing else of the runtime is anybody's.
  const permanent = ["./runtime/image-record", "./runtime/image-import", "./runtime/origin"];
  expect(Object.keys(published)).toEqual([".", ...permanent, "./package.json"]);
  for (const file of [
    "index",
    "runtime/image-record",
    "runtime/image-import",
    "runtime/origin",
    "cli/main",
  ]) {
    for (const ending of ["js", "d.ts"]) {
      expect(existsSync(join(repository, "dist/provider", `${file}.${ending}`))).toBe(true);
    }
  }
});

test("no axios will do that sends signed requests through a proxy in the open: 1.16.1 was the first that does not", () => {
  const [major = 0, minor = 0, patch = 0] = (dependencies.axios ?? "")
    .replace("^", "")
    .split(".")
    .map(Number);
  expect((major * 1000 + minor) * 1000 + patch).toBeGreaterThanOrEqual(1_016_001);
});
