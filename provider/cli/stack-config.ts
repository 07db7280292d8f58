import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ValidateOptions } from "../manifest";

/** What Pulumi's own files beside a manifest say of a stack. */
export type Configured = Pick<
  ValidateOptions,
  "stack" | "project" | "organization" | "config" | "isEncrypted"
>;

/**
 * The configuration of a stack, out of Pulumi.yaml and Pulumi.STACK.yaml.
 * @param stack its name, or organization/project/name, or organization/name
 * @throws Error where one of the files is no YAML
 */
export async function configOf(folder: string, stack: string): Promise<Configured> {
  const parts = stack.split("/");
  const name = parts.at(-1) ?? stack;
  const project = await mapIn(join(folder, "Pulumi.yaml"));
  const ofProject = parts.length === 3 ? parts[1] : asText(project.name);
  const values = await mapIn(join(folder, `Pulumi.${name}.yaml`));
  const config = withWholeKeys({ ...asMap(project.config), ...asMap(values.config) }, ofProject);
  return {
    stack: name,
    project: ofProject,
    organization: parts.length > 1 ? parts[0] : undefined,
    config: (key) => textOf(config.get(key)),
    isEncrypted: (key) => Object.hasOwn(asMap(config.get(key)), "secure"),
  };
}

/** A key without a namespace is the project's. */
function withWholeKeys(config: object, project: string | undefined): Map<string, unknown> {
  return new Map(
    Object.entries(config).map(([key, value]) => [
      key.includes(":") || project === undefined ? key : `${project}:${key}`,
      value as unknown,
    ]),
  );
}

/** As a program gets it: what is no text is JSON. In Pulumi.yaml a value may have a default. */
function textOf(value: unknown): string | undefined {
  const map = asMap(value);
  if (Object.hasOwn(map, "secure")) {
    return undefined;
  }
  const plain = Object.hasOwn(map, "value") ? map.value : Object.hasOwn(map, "default") ? map.default : value;
  return typeof plain === "string" || plain === undefined ? plain : JSON.stringify(plain);
}

async function mapIn(file: string): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return {}; // A stack without configuration has no file.
  }
  const { parse } = await import("yaml");
  return asMap(parse(text, { logLevel: "silent" }));
}

function asMap(value: unknown): Record<string, unknown> {
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
  return isMap ? (value as Record<string, unknown>) : {};
}

function asText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
