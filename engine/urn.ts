// The names of resources: urn:pulumi:<stack>::<project>::<parent type>$<type>::<name>

export const STACK_TYPE = "pulumi:pulumi:Stack";
const PROVIDER_PREFIX = "pulumi:providers:";
/** The package of every Node.js dynamic provider. */
export const DYNAMIC_PACKAGE = "pulumi-nodejs";
export const PROVIDER_TYPE = PROVIDER_PREFIX + DYNAMIC_PACKAGE;

export interface UrnParts {
  stack: string;
  project: string;
  /** The types from the outermost parent to the resource, with `$` between. */
  qualifiedType: string;
  name: string;
}

export function parseUrn(urn: string): UrnParts {
  const [prefix = "", project = "", qualifiedType = "", ...name] = urn.split("::");
  return { stack: prefix.slice("urn:pulumi:".length), project, qualifiedType, name: name.join("::") };
}

export const nameOf = (urn: string): string => parseUrn(urn).name;
export const typeOf = (urn: string): string => parseUrn(urn).qualifiedType.split("$").at(-1) ?? "";
export const isStackUrn = (urn: string): boolean => parseUrn(urn).qualifiedType === STACK_TYPE;
export const isProviderType = (type: string): boolean => type.startsWith(PROVIDER_PREFIX);
export const packageOf = (type: string): string => type.split(":")[0] ?? "";

export function createUrn(
  stack: string,
  project: string,
  parent: string | undefined,
  type: string,
  name: string,
): string {
  const above = parent && !isStackUrn(parent) ? `${parseUrn(parent).qualifiedType}$` : "";
  return `urn:pulumi:${stack}::${project}::${above}${type}::${name}`;
}

/** A provider is referred to by urn and id together, so that its replacement is another. */
export const providerReference = (urn: string, id: string): string => `${urn}::${id}`;

export function parseReference(reference: string): { urn: string; id: string } {
  const at = reference.lastIndexOf("::");
  return { urn: reference.slice(0, at), id: reference.slice(at + 2) };
}
