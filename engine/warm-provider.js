// Keeps Pulumi's own dynamic-provider server at hand: its packages loaded once, the server itself started anew for each run.
//
// Each line on stdin asks for a new server: { address, env }. Every module that is not Pulumi's is forgotten first, so that a run sees
// nothing of the provider objects, caches and configuration of the run before, just as with a new process.
// It ends with its stdin, and so with the process that started it.
const { createInterface } = require("node:readline");

const server = require.resolve("@pulumi/pulumi/cmd/dynamic-provider", {
  paths: [process.cwd(), ...module.paths],
});
require(require.resolve("@pulumi/pulumi", { paths: [server] }));
const pulumis = new Set(Object.keys(require.cache));
pulumis.delete(server);

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const { address, env } = JSON.parse(line);
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
  for (const name of Object.keys(require.cache)) if (!pulumis.has(name)) delete require.cache[name];
  for (const event of ["uncaughtException", "unhandledRejection", "exit"]) process.removeAllListeners(event);
  process.argv = [process.argv[0], server, address];
  require(server);
});
lines.on("close", () => process.exit());
