import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cleanEnv } from "../../tools/run/cli";

jest.setTimeout(120_000);

const command = join(__dirname, "../../dist/provider/cli/main.js");
const recorded = JSON.parse(readFileSync(join(__dirname, "../e2e/states/0.1.0.json"), "utf8")) as {
  state: object;
};
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "report-"));
  writeFileSync(join(folder, "state.json"), JSON.stringify(recorded.state));
  const none = { version: 3, deployment: { manifest: { time: "2026-11-01T00:00:00Z" } } };
  writeFileSync(join(folder, "before.json"), JSON.stringify(none));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** No endpoint and no credentials: nothing is asked. */
function report(args: string[], input: string | Buffer = "") {
  const options = { cwd: folder, env: cleanEnv({}), input, encoding: "utf8" as const };
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, "report", ...args], options);
  return { status, stdout, stderr };
}

test("a state of the Pulumi CLI's comes from standard input, and Markdown goes out", () => {
  const state = readFileSync(join(folder, "state.json"));
  const { status, stdout, stderr } = report([], state);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toContain("### Images of `lifecycle/test`");
  for (const name of ["whole", "adopted", "record", "import"]) {
    expect(stdout).toMatch(new RegExp(`^\\| \`${name}\` \\|`, "m"));
  }
  // As PowerShell redirects it.
  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(state.toString("utf8"), "utf16le")]);
  expect(report([], utf16).stdout).toContain("`whole`");
});

test("all formats are written at once, with what changed since", () => {
  const files = ["--html", "report.html", "--markdown", "report.md", "--json", "-"];
  const { status, stdout, stderr } = report(["--state", "state.json", "--since", "before.json", ...files]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const json = JSON.parse(stdout) as { changes: unknown[]; images: unknown[] };
  expect(json).toMatchObject({
    format: "pulumi-scp-images/report",
    version: 1,
    since: "2026-11-01T00:00:00Z",
    stack: { project: "lifecycle", name: "test" },
  });
  expect(json.images).toHaveLength(4);
  expect(json.changes).toHaveLength(4);
  expect(readFileSync(join(folder, "report.md"), "utf8")).toContain("**new** `whole`");
  expect(readFileSync(join(folder, "report.html"), "utf8")).toContain(
    "<title>Images of lifecycle/test</title>",
  );
});

test.each([
  ["no.json", /^No state can be read: .*no\.json/],
  ["text.json", /^text\.json is no state as pulumi stack export writes it\.\n$/],
])("%s is no state: exit code 2, and a sentence", (file, sentence) => {
  writeFileSync(join(folder, "text.json"), "text");
  const { status, stdout, stderr } = report(["--state", file]);
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toMatch(sentence);
  expect(stderr).not.toContain("Usage");
});

test.each([
  [["--state", "-", "--since", "-"], "Only one state can come from standard input."],
  [["--html", "-", "--json", "-"], "Only one output can go to standard output."],
  [["--colour"], "--colour"],
])("%j is a wrong command line", (args, sentence) => {
  const { status, stdout, stderr } = report(args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toContain(sentence);
  expect(stderr).toContain("Usage: npx pulumi-scp-images");
});
