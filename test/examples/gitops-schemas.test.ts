import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { cleanEnv, run } from "../../tools/run/cli";
import { example } from "./gitops";

// GitHub's own parser of workflows, and GitLab's own JSON Schema, which gitlab-ci-local has inside.

const repository = join(__dirname, "../..");
const workflow = readFileSync(join(example, ".github/workflows/images.yml"), "utf8");
const gitlab = readFileSync(join(example, ".gitlab-ci.yml"), "utf8");

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gitops-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Node 20 has neither JSON modules that do not say so, nor `Set.prototype.union`; both tools want theirs. */
const newerNode = `
import { register } from "node:module";
Set.prototype.union ??= function (other) { return new Set([...this, ...other]); };
const hooks = \`export const resolve = async (specifier, context, next) => {
  const found = await next(specifier, context);
  return specifier.endsWith(".json") ? { ...found, importAttributes: { type: "json" } } : found;
};\`;
register("data:text/javascript," + encodeURIComponent(hooks));
`;

const parseWorkflow = `
import { readFileSync } from "node:fs";
import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from "@actions/workflow-parser";
const file = { name: "images.yml", content: readFileSync(process.argv[2], "utf8") };
const { context, value } = parseWorkflow(file, new NoOperationTraceWriter());
if (value) await convertWorkflowTemplate(context, value);
console.log(JSON.stringify(context.errors.getErrors().map(({ message }) => message)));
`;

async function node(args: string[], cwd: string) {
  writeFileSync(join(folder, "newer-node.mjs"), newerNode);
  return run(process.execPath, ["--import", join(folder, "newer-node.mjs"), ...args], {
    cwd,
    env: cleanEnv({}),
  });
}

async function workflowProblems(text: string): Promise<string[]> {
  writeFileSync(join(folder, "images.yml"), text);
  // A module is found from where its program is.
  const parent = join(repository, ".local/tests");
  mkdirSync(parent, { recursive: true });
  const place = mkdtempSync(join(parent, "workflow-"));
  writeFileSync(join(place, "parse.mjs"), parseWorkflow);
  const { stdout, stderr } = await node([join(place, "parse.mjs"), join(folder, "images.yml")], place);
  rmSync(place, { recursive: true });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as string[];
}

async function gitlabProblems(text: string): Promise<string[]> {
  const project = join(folder, "project");
  mkdirSync(project);
  cpSync(join(example, "images.yaml"), join(project, "images.yaml"));
  writeFileSync(join(project, ".gitlab-ci.yml"), text);
  await run("git", ["init", "--quiet"], { cwd: project, env: cleanEnv({}) });
  const tool = join(repository, "node_modules/gitlab-ci-local/dist/index.js");
  const { stdout, stderr, code } = await node([tool, "--list-json"], project);
  rmSync(project, { recursive: true });
  if (code === 0) {
    expect((JSON.parse(stdout) as { name: string }[]).map(({ name }) => name)).toContain("up");
    expect(stderr).toContain("json schema validated");
  }
  return code === 0 ? [] : stderr.split("\n").filter((line) => line.includes("•") && line.includes("[#/"));
}

test("GitHub's parser takes the workflow, and refuses one with a mistake", async () => {
  expect(await workflowProblems(workflow)).toEqual([]);
  expect(await workflowProblems(workflow.replace("runs-on", "run-on"))).toEqual(
    expect.arrayContaining([expect.stringContaining("Unexpected value 'run-on'")]),
  );
  expect(await workflowProblems(workflow.replace("secrets.SCP_ACCESS_KEY", "secret.SCP_ACCESS_KEY"))).toEqual(
    [expect.stringContaining("secret")],
  );
});

test("GitLab's schema takes the pipeline, and refuses one with a mistake", async () => {
  expect(await gitlabProblems(gitlab)).toEqual([]);
  expect(await gitlabProblems(gitlab.replace("resource_group:", "resource-group:"))).toEqual([
    expect.stringContaining("'resource-group' property is not expected"),
  ]);
});

test("the operator's Stack names what it needs, and nothing is deleted with it", () => {
  // No package has the operator's schema: what matters is looked at by hand.
  const documents = parseAllDocuments(readFileSync(join(example, "operator/stack.yaml"), "utf8")).map(
    (document) => document.toJS() as { kind: string; spec?: Record<string, unknown> },
  );
  expect(documents.map(({ kind }) => kind)).toEqual(["ServiceAccount", "ClusterRoleBinding", "Stack"]);
  const { spec } = documents[2]!;
  expect(spec).toMatchObject({
    stack: "production",
    branch: "main",
    refresh: true,
    destroyOnFinalize: false,
  });
  const { env } = parseEnv(workflow);
  const names = Object.keys(spec?.envRefs ?? {});
  expect([...names, "STACK", "PULUMI_BACKEND_URL"].sort()).toEqual(Object.keys(env).sort());
  expect(spec?.backend).toBe(env.PULUMI_BACKEND_URL);
});

function parseEnv(text: string): { env: Record<string, string> } {
  return parseAllDocuments(text)[0]?.toJS() as { env: Record<string, string> };
}
