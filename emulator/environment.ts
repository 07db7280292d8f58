import type { Cloud } from "./cloud";

/** The name by which a program has the second account: its resources' `profile`. */
export const secondProfile = "second";

/** The environment variables that point a client process at this emulator: the main account's keys, and the second one's as a profile. */
export function clientEnvironment(cloud: Pick<Cloud, "settings" | "url">): Record<string, string> {
  const { settings, url } = cloud;
  const [, second] = settings.accounts;
  return {
    SCP_ACCESS_KEY: settings.accessKey,
    SCP_SECRET_KEY: settings.secretKey,
    SCP_REGION: settings.region,
    SCP_ENVIRONMENT: settings.environment,
    SCP_ENDPOINT: url,
    SCP_OBJECT_STORAGE_ENDPOINT: url,
    ...(second && {
      SCP_PROFILE_SECOND_ACCESS_KEY: second.accessKey,
      SCP_PROFILE_SECOND_SECRET_KEY: second.secretKey,
    }),
  };
}
