import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

export const repository = resolve(__dirname, "../..");

/** The package as `npm publish` would send it, from what has been built. */
export class Tarball {
  readonly folder = mkdtempSync(join(tmpdir(), "tarball-"));
  readonly path: string;
  /** The files in it. */
  readonly files: string[];

  constructor() {
    const packed = execFileSync(
      "npm",
      ["pack", "--json", "--ignore-scripts", "--pack-destination", this.folder],
      { cwd: repository, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
    );
    const [{ filename, files }] = JSON.parse(packed) as [{ filename: string; files: { path: string }[] }];
    this.path = join(this.folder, filename);
    this.files = files.map(({ path }) => path);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** Packages of this repository's node_modules that are installed with the package. */
const dependencies = [
  "@grpc",
  "@pulumi",
  "ajv",
  "axios",
  "cockatiel",
  "damerau-levenshtein",
  "google-protobuf",
  "yaml",
];

/**
 * How a package manager lays packages out: all beside each other (npm, yarn), or each in a place of its own in a store, where a project
 * finds its direct dependencies only (pnpm).
 */
export type Layout = "hoisted" | "store";

/** An empty project into which the package was installed. */
export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), "project-"));
  /** Where packages find the package's dependencies, and the package itself. */
  private readonly modules: string;

  /** @param others packages of this repository's that the project has besides */
  constructor(tarball: Tarball, others: readonly string[] = [], layout: Layout = "hoisted") {
    const own = join(this.folder, "node_modules");
    this.modules = layout === "hoisted" ? own : join(own, ".store/node_modules");
    const place = join(this.modules, "pulumi-scp-images");
    mkdirSync(place, { recursive: true });
    execFileSync("tar", ["-xzf", tarball.path, "-C", place, "--strip-components=1"]);
    chmodSync(join(place, "dist/provider/cli/main.js"), 0o755);
    for (const name of dependencies) this.link(join(repository, "node_modules", name), this.modules, name);
    for (const name of others) this.link(join(repository, "node_modules", name), own, name);
    if (layout === "store") this.link(join(repository, "node_modules/@pulumi"), own, "@pulumi");
    mkdirSync(join(own, ".bin"));
    symlinkSync(join(place, "dist/provider/cli/main.js"), join(own, ".bin/pulumi-scp-images"));
  }

  /** Makes a package of the store a direct dependency. */
  addDirect(name: string): void {
    this.link(join(this.modules, name), join(this.folder, "node_modules"), name);
  }

  /** Adds a package that has the package among its own dependencies. */
  addDependent(name: string): void {
    const place = join(this.modules, name);
    mkdirSync(place);
    writeFileSync(join(place, "index.js"), 'module.exports = require("pulumi-scp-images");');
  }

  private link(target: string, folder: string, name: string): void {
    symlinkSync(target, join(folder, name), "junction");
  }

  write(files: Record<string, string>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.folder, name)), { recursive: true });
      writeFileSync(join(this.folder, name), text);
    }
  }

  /** Runs Node in the project, and hands back what it printed. */
  node(...args: string[]): string {
    return execFileSync(process.execPath, args, { cwd: this.folder, encoding: "utf8", stdio: "pipe" }).trim();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
