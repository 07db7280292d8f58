// A program's folder: what Pulumi.yaml and Pulumi.<stack>.yaml say.

import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { Crypter } from "./secrets";
import { secret, type Properties } from "./values";

export interface Project {
  name: string;
  /** Where Pulumi.yaml is. */
  root: string;
  /** Where the program runs, and the provider. */
  directory: string;
  entryPoint: string;
  typescript: boolean;
  tsconfig: string;
  nodeArguments: string[];
  /** What Pulumi.yaml gives to every stack. */
  config: Record<string, unknown>;
}

interface ProjectFile {
  name?: string;
  main?: string;
  runtime?: string | { name?: string; options?: RuntimeOptions };
  config?: Record<string, unknown>;
  [key: string]: unknown;
}

interface RuntimeOptions {
  typescript?: boolean;
  tsconfig?: string;
  nodeargs?: string;
}

// Keys of Pulumi.yaml that change what a deployment does, and that this engine would silently leave out.
const REFUSED = ["plugins", "packages", "stackConfigDir", "config-path"];

export function readProject(root: string): Project {
  const file = parse(readFileSync(path.join(root, "Pulumi.yaml"), "utf8")) as ProjectFile;
  const refused = REFUSED.find((key) => key in file);
  if (refused) throw new Error(`the embedded engine does not support \`${refused}\` in Pulumi.yaml`);
  const runtime = typeof file.runtime === "string" ? { name: file.runtime } : (file.runtime ?? {});
  if (runtime.name !== "nodejs") {
    throw new Error(
      `the embedded engine does not support the runtime ${runtime.name ?? "(none)"}, only nodejs`,
    );
  }
  if (!file.name) throw new Error(`${path.join(root, "Pulumi.yaml")} names no project`);
  const options: RuntimeOptions = runtime.options ?? {};
  return {
    name: file.name,
    root,
    ...locate(root, file.main),
    typescript: options.typescript ?? true,
    tsconfig: options.tsconfig ?? "",
    nodeArguments: options.nodeargs?.split(/\s+/).filter(Boolean) ?? [],
    config: file.config ?? {},
  };
}

/** `main` may be a folder, in which the program then runs, or a file in one. */
function locate(root: string, main: string | undefined): { directory: string; entryPoint: string } {
  if (!main) return { directory: root, entryPoint: "." };
  const full = path.resolve(root, main);
  const isFolder = existsSync(full) && statSync(full).isDirectory();
  return isFolder
    ? { directory: full, entryPoint: "." }
    : { directory: path.dirname(full), entryPoint: path.basename(full) };
}

/** Configuration as a test gives it: keys without a namespace are the project's own. */
export type Config = Record<string, string | { secret: string }>;

const fullKey = (project: string, key: string): string => (key.includes(":") ? key : `${project}:${key}`);

export function configFrom(project: string, config: Config): Properties {
  const entries = Object.entries(config).map(([key, value]) => {
    return [fullKey(project, key), typeof value === "string" ? value : secret(value.secret)] as const;
  });
  return Object.fromEntries(entries);
}

export interface StackSettings {
  config: Properties;
  salt: string | undefined;
}

/** The project's settings for all stacks, under those of this one. */
export async function readSettings(
  project: Project,
  stack: string,
  passphrase: () => string,
): Promise<StackSettings> {
  const file = path.join(project.root, `Pulumi.${stack}.yaml`);
  const settings = existsSync(file) ? (parse(readFileSync(file, "utf8")) as StackFile | null) : null;
  if (settings?.environment !== undefined) {
    throw new Error(`the embedded engine does not support \`environment\` in ${path.basename(file)}`);
  }
  const provider = settings?.secretsprovider ?? "passphrase";
  if (provider !== "passphrase") {
    throw new Error(
      `the embedded engine does not support the secrets provider ${provider}, only a passphrase`,
    );
  }
  const salt = settings?.encryptionsalt;
  const config: Properties = {};
  for (const [key, value] of Object.entries(project.config)) {
    const given = projectValue(value);
    if (given !== undefined) config[fullKey(project.name, key)] = text(given);
  }
  for (const [key, value] of Object.entries(settings?.config ?? {})) {
    const sealed = JSON.stringify(value).includes('"secure":');
    if (sealed && !salt) throw new Error(`${path.basename(file)} has a secret, and no encryptionsalt`);
    const crypter = sealed && salt ? await Crypter.open(passphrase(), salt) : undefined;
    const clear = text(decrypted(value, crypter));
    config[key] = sealed ? secret(clear) : clear;
  }
  return { config, salt };
}

interface StackFile {
  config?: Record<string, unknown>;
  encryptionsalt?: string;
  secretsprovider?: string;
  environment?: unknown;
}

function projectValue(entry: unknown): unknown {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return entry;
  const { value, default: byDefault } = entry as { value?: unknown; default?: unknown };
  return value ?? byDefault;
}

const text = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

function decrypted(value: unknown, crypter: Crypter | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => decrypted(item, crypter));
  if (typeof value !== "object" || value === null) return value;
  const { secure, ...others } = value as Record<string, unknown>;
  if (typeof secure === "string" && Object.keys(others).length === 0 && crypter)
    return crypter.decrypt(secure);
  const entries = Object.entries(value).map(([key, item]) => [key, decrypted(item, crypter)]);
  return Object.fromEntries(entries) as unknown;
}
