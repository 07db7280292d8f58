/** @type {import("jest").Config} */
module.exports = {
  testEnvironment: "node",
  testMatch: ["<rootDir>/{test,examples}/**/*.test.ts"],
  transform: { "^.+\\.ts$": ["@swc/jest", { jsc: { target: "es2022" } }] },
  // Runtime modules are looked up by their public name, as the package's users do.
  moduleNameMapper: {
    "^pulumi-scp-images$": "<rootDir>/provider/index.ts",
    "^pulumi-scp-images/testing$": "<rootDir>/testing/index.ts",
    "^pulumi-scp-images/manifest$": "<rootDir>/provider/manifest/index.ts",
    "^pulumi-scp-images/runtime/(.*)$": "<rootDir>/provider/runtime/$1.ts",
  },
  // No test sees the user's home, or reaches anything but this machine.
  globalSetup: "<rootDir>/test/setup/isolate.ts",
  globalTeardown: "<rootDir>/test/setup/remove.ts",
  setupFilesAfterEnv: ["<rootDir>/test/setup/nothing-refused.ts"],
  // For shared machines: no test waits for time to pass.
  testTimeout: 60_000,
  // Most tests wait for processes that they have started; a core left free would be idle.
  maxWorkers: "100%",
  modulePathIgnorePatterns: ["<rootDir>/dist/", "<rootDir>/.local/"],
  reporters: ["default", "<rootDir>/test/totals-reporter.js"],
};
