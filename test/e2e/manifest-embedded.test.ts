import { manifestSuite } from "./manifest-suite";
import { configOf, openEmbedded } from "./stack";

manifestSuite({
  open: (env, config) => {
    const own = Object.entries(config).map(([key, value]) => [
      key.includes(":") ? key : `lifecycle:${key}`,
      value,
    ]);
    return openEmbedded(env, "test", {
      ...configOf(env),
      ...(Object.fromEntries(own) as Record<string, string>),
    });
  },
  count: 50,
  timeout: 300_000,
});
