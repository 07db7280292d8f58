import { mkdirSync, mkdtempSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

const guard = join(__dirname, "loopback-only.js");

/** Proxies, which no test may use, and npm has to go through. */
const npmProxies: Record<string, string | undefined> = {
  http_proxy: "npm_config_proxy",
  https_proxy: "npm_config_https_proxy",
  no_proxy: "npm_config_noproxy",
};

/**
 * Before all tests, in the process that starts theirs: every test, and all that a test starts, gets an empty home, no settings of the
 * user's, and no address but this machine's own. Else `npm run up` in a test would be about the user's cloud, where a home has keys.
 *
 * It must be here, not in `setupFiles`: what a test sets in `process.env` is a copy, which neither `os.homedir()` nor a child sees.
 */
export default function isolate(): void {
  const home = homedir();
  const folder = mkdtempSync(join(tmpdir(), "scp-tests-"));
  const env = process.env;

  // npm goes on working as the user has set it up; `npm test` has set most of this already.
  env.npm_config_userconfig ??= join(home, ".npmrc");
  env.npm_config_cache ??= join(home, ".npm");
  for (const [name, value] of Object.entries(env)) {
    const known = npmProxies[name.toLowerCase()];
    if (known !== undefined) {
      env[known] ??= value;
    }
    if (/^(SCP|PULUMI)_|^(https?|all|no|grpc)_proxy$/i.test(name)) {
      Reflect.deleteProperty(env, name);
    }
  }

  // The CLI stays where it is, but knows neither logins nor plugins: what it needs lies beside it. The `node` that it starts must be
  // this one, not the launcher of a version manager, which looks in the home for what to start.
  env.PATH = [dirname(process.execPath), env.PATH ?? "", join(home, ".pulumi", "bin")].join(delimiter);
  env.HOME = env.USERPROFILE = join(folder, "home");
  mkdirSync(env.HOME);

  env.LOOPBACK_ONLY_LOG = join(folder, "refused");
  env.NODE_OPTIONS = [env.NODE_OPTIONS ?? "", `--require ${JSON.stringify(guard)}`].join(" ").trim();
  // This process too: with few test files, they run in it.
  createRequire(__filename)(guard);
}
