/**
 * Where Samsung Cloud Platform is: environments, their regions, and the host names that follow from them.
 * Source: the API reference's table of endpoints.
 */
export const environments = {
  s: { meaning: "for Samsung", regions: ["kr-west1", "kr-east1"] },
  g: { meaning: "sovereign", regions: ["kr-south1", "kr-south2", "kr-south3"] },
  e: { meaning: "enterprise", regions: ["kr-west1", "kr-east1"] },
} as const;

/** The letter of an SCP environment: `s` (for Samsung), `g` (sovereign), `e` (enterprise). */
export type Environment = keyof typeof environments;

/** A place of SCP: where an image is, where its API answers, where its file must be. */
export interface Place {
  environment: Environment;
  region: string;
}

export function isEnvironment(text: string): text is Environment {
  return Object.hasOwn(environments, text);
}

/** What is wrong with an environment that there is not, and what there is. */
export function noEnvironment(text: string): string {
  const known = Object.entries(environments).map(([letter, { meaning }]) => `${letter} (${meaning})`);
  return `environment "${text}" does not exist; SCP has ${known.join(", ")}`;
}

/** What is wrong with a region or environment, and what is right; undefined when the pair exists. */
export function checkPlace(environment: string, region: string): string | undefined {
  if (!isEnvironment(environment)) {
    return noEnvironment(environment);
  }
  const regions: readonly string[] = environments[environment].regions;
  if (regions.includes(region)) {
    return undefined;
  }
  return `region "${region}" does not exist in environment "${environment}"; it has ${regions.join(", ")}`;
}

/** The services that this client calls. Global ones have no region in their host name. */
export type Service = "virtualserver" | "resourcemanager" | "iam";

export function serviceUrl(service: Service, { environment, region }: Place): string {
  const host =
    service === "virtualserver" ? `${service}.${region}.${environment}` : `${service}.${environment}`;
  return `https://${host}.samsungsdscloud.com`;
}

export function objectStorageUrl({ environment, region }: Place): string {
  return `https://object-store.${region}.${environment}.samsungsdscloud.com`;
}

const objectStorageHost = /^object-store(?:\.private)?\.([a-z0-9-]+)\.([a-z])\.samsungsdscloud\.com$/;

/** The place whose Object Storage a host name belongs to; undefined for any other host. */
export function objectStoragePlace(host: string): { region: string; environment: string } | undefined {
  const [, region, environment] = objectStorageHost.exec(host) ?? [];
  return region !== undefined && environment !== undefined ? { region, environment } : undefined;
}

/** Whether a host name, as `URL` gives it, is this machine itself. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(host);
}
