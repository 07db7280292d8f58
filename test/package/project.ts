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

/** Packages of this repository's node_modules that a project gets with the package itself. */
const dependencies = ["@grpc", "@pulumi", "@types", "axios", "cockatiel", "google-protobuf", "yaml"];

/** An empty project into which the package was installed, as npm would lay it out. */
export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), "project-"));

  /** @param others packages of this repository's that the project has besides */
  constructor(tarball: Tarball, others: readonly string[] = []) {
    const modules = join(this.folder, "node_modules");
    const place = join(modules, "pulumi-scp-images");
    mkdirSync(place, { recursive: true });
    execFileSync("tar", ["-xzf", tarball.path, "-C", place, "--strip-components=1"]);
    const command = "pulumi-scp-images/dist/provider/cli/main.js";
    chmodSync(join(modules, command), 0o755);
    mkdirSync(join(modules, ".bin"));
    symlinkSync(join("..", command), join(modules, ".bin/pulumi-scp-images"));
    for (const name of [...dependencies, ...others]) {
      symlinkSync(join(repository, "node_modules", name), join(modules, name), "junction");
    }
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
