// Which room may know which. `npm run check` asks for it.

/** Nothing in `from` may know `to`. */
const border = (name, comment, from, to, options = {}) => ({
  name,
  comment,
  severity: "error",
  from: { path: from, ...options.from },
  to: { path: to, ...options.to },
});

const io =
  "^(node:)?(fs|http|https|http2|net|tls|dns|dgram|child_process|worker_threads|os)(/|$)|node_modules/(axios|cockatiel)/";

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "no-circles",
      comment: "A circle is one module in several files. Types count too: a reader has to follow them.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    border(
      "api-knows-no-pulumi",
      "provider/api is a client of SCP: it knows nothing of Pulumi, or of what is above it.",
      "^provider/api/",
      "^provider/(?!api/)|node_modules/@pulumi/",
    ),
    border(
      "file-stays-on-this-machine",
      "provider/file looks at files, before anything is sent: it knows neither Pulumi nor the network, and of the client only how foreign text is shown.",
      "^provider/file/",
      "^provider/(?!file/|api/errors\\.ts$)|node_modules/|^(node:)?(http|https|http2|net|tls|dns|dgram|child_process)(/|$)",
    ),
    border(
      "file-is-for-the-lifecycle",
      "What a program and the command know of a file, they know from the lifecycle.",
      "^provider/(?!file/|lifecycle/)",
      "^provider/file/",
    ),
    border(
      "object-storage-knows-no-pulumi",
      "provider/object-storage is a client of S3: of the rest it knows the API's settings, its places, and how foreign text is shown.",
      "^provider/object-storage/",
      "^provider/(?!object-storage/|api/(settings|regions|errors)\\.)|node_modules/@pulumi/",
    ),
    border(
      "who-stores",
      "Programs and states know nothing of Object Storage: the lifecycle and the command do.",
      "^provider/(?!object-storage/|lifecycle/|cli/)",
      "^provider/object-storage/",
    ),
    border(
      "the-sdk-is-loaded-late",
      "The AWS SDK is large: it is imported when the first request is sent, and not before.",
      "^provider/",
      "node_modules/(@aws-sdk|https-proxy-agent|proxy-from-env)/",
      { to: { dynamic: false, dependencyTypesNot: ["type-only"] } },
    ),
    border(
      "manifest-reads-text",
      "provider/manifest makes values of a text: it knows neither Pulumi nor SCP, and has no input or output. Of the rest it knows what a manifest may say, and how foreign text is shown.",
      "^provider/manifest/",
      `^provider/(?!manifest/|api/errors\\.ts$|schema/)|node_modules/@pulumi/|${io}`,
    ),
    border(
      "the-manifest-is-loaded-late",
      "A YAML parser and a validator are for those who have a manifest. A constructor cannot wait, so ImagePipeline's requires it when it is called.",
      "^provider/(?!manifest/|resources/image-pipeline\\.ts$)",
      "^provider/manifest/|node_modules/(yaml|ajv|damerau-levenshtein)/",
      { to: { dynamic: false, dependencyTypesNot: ["type-only"] } },
    ),
    border(
      "schema-does-no-io",
      "provider/schema is loaded by programs and by the provider: it is light, and has neither input nor output.",
      "^provider/schema/",
      io,
    ),
    border(
      "schema-is-below",
      "provider/schema describes resources. What is done with the description is above it.",
      "^provider/schema/",
      "^provider/(lifecycle|runtime|resources|dynamic|cli|manifest|report)/",
    ),
    border(
      "report-is-made-of-states",
      "provider/report makes a report of a state's text: it has neither input nor output, and of the rest it knows what tags are our own, and how foreign text and sizes are shown.",
      "^provider/report/",
      `^provider/(?!report/|schema/|api/errors\\.|lifecycle/progress\\.)|node_modules/@pulumi/|${io}`,
    ),
    border(
      "report-is-for-the-command",
      "Programs, and Pulumi's provider process, do not load what writes reports.",
      "^provider/(?!report/|cli/)",
      "^provider/report/",
    ),
    border(
      "lifecycle-knows-no-front-end",
      "provider/lifecycle serves dynamic providers today, and a plugin of another kind tomorrow.",
      "^provider/lifecycle/",
      "^provider/(resources|runtime|dynamic|cli)/",
    ),
    {
      ...border(
        "lifecycle-knows-no-pulumi",
        "A plugin need not run in a process of Pulumi's Node.js SDK.",
        "^provider/lifecycle/",
        "node_modules/@pulumi/",
      ),
      severity: "error",
    },
    border(
      "provider-ships-alone",
      "The provider knows nothing of what is around it, and does not ask for itself by its public name.",
      "^provider/",
      "^(test|testing|tools|examples|emulator|engine|dist)/",
      { to: { pathNot: "^dist/emulator/command\\." } },
    ),
    border(
      "only-the-command-knows-the-emulator",
      "npx pulumi-scp-images emulator: provider/cli/main.ts starts it.",
      "^provider/",
      "^dist/emulator/command\\.",
      { from: { pathNot: "^provider/cli/main\\.ts$" } },
    ),
    border(
      "the-emulator-is-loaded-late",
      "provider/cli/main.ts imports the emulator when it is asked for, and not before.",
      "^provider/cli/main\\.ts$",
      "^dist/emulator/command\\.",
      { to: { dynamic: false } },
    ),
    border(
      "emulator-stands-alone",
      "The emulator is written from the documentation. What it shared with the client, no test of the client could show to be wrong.",
      "^emulator/",
      "^(dist/)?(provider|engine|testing|tools|test|examples)/|node_modules/@pulumi/|node_modules/pulumi-scp-images/",
    ),
    border(
      "engine-stands-alone",
      "The engine runs any program with dynamic providers: it knows nothing of this one.",
      "^engine/",
      "^(dist/)?(provider|emulator|testing|tools|test|examples)/|node_modules/pulumi-scp-images/",
    ),
    border(
      "testing-hands-out",
      "testing/ hands out the emulator and the engine, nothing else.",
      "^testing/",
      "^(dist/)?(provider|tools|test|examples)/|node_modules",
    ),
    border(
      "examples-use-what-is-public",
      "What an example imports, a user can.",
      "^examples/",
      "^(provider|emulator|engine|testing|tools|test)/",
    ),
    {
      name: "not-resolvable",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "shipped-needs-dependencies",
      comment: "What ships may only import what is installed with it.",
      severity: "error",
      from: { path: "^(provider|emulator|engine|testing)/" },
      to: {
        dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"],
        dependencyTypesNot: ["npm", "npm-peer"],
      },
    },
  ],
  options: {
    doNotFollow: { path: ["node_modules", "^dist/"] },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
      mainFields: ["main", "types"],
    },
  },
};
