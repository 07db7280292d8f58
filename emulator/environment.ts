import type { Cloud } from "./cloud";

/** The environment variables that point a client process at this emulator. */
export function clientEnvironment(cloud: Pick<Cloud, "settings" | "url">): Record<string, string> {
  const { settings, url } = cloud;
  return {
    SCP_ACCESS_KEY: settings.accessKey,
    SCP_SECRET_KEY: settings.secretKey,
    SCP_REGION: settings.region,
    SCP_ENVIRONMENT: settings.environment,
    SCP_ENDPOINT: url,
    SCP_OBJECT_STORAGE_ENDPOINT: url,
  };
}
