import { findPulumi, run } from "../../tools/run/cli";
import { manifestSuite } from "./manifest-suite";
import { openCli, succeed } from "./stack";

const onCli = findPulumi() === undefined ? describe.skip : describe;

onCli("on the Pulumi CLI", () => {
  manifestSuite({
    open: async (env, config) => {
      const stack = await openCli(env);
      const pulumi = async (...args: string[]) => {
        const { code, stdout, stderr } = await run(
          stack.command.cli,
          [...args, "--non-interactive"],
          stack.command,
        );
        return { ok: code === 0, text: stdout + stderr };
      };
      for (const [key, value] of Object.entries(config)) {
        await succeed(pulumi("config", "set", key, value));
      }
      const upTarget = (pattern: string) =>
        succeed(pulumi("up", "--yes", "--skip-preview", "--target", pattern));
      return { ...stack, upTarget };
    },
    // Each run starts the CLI anew: with 50 it would be minutes.
    count: 12,
    timeout: 600_000,
  });
});
