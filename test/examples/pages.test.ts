import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { createStack } from "../../engine";
import { startEmulator, type Emulator } from "../../emulator";

// Each page about a resource has a program, the first one on it. It is compiled as a user's is, and run.

jest.setTimeout(180_000);

const repository = join(__dirname, "../..");
const pages = readdirSync(join(repository, "docs/resources")).map((name) => `docs/resources/${name}`);

function programOf(page: string): string {
  const [, program] = /^```ts\n([^]*?)^```$/m.exec(readFileSync(join(repository, page), "utf8")) ?? [];
  if (program === undefined) {
    throw new Error(`${page} has no program.`);
  }
  return program;
}

let folder: string;
let cloud: Emulator;

beforeAll(async () => {
  mkdirSync(join(repository, ".local/tests"), { recursive: true });
  folder = mkdtempSync(join(repository, ".local/tests/pages-"));
  cloud = await startEmulator();
  const file = readFileSync(join(repository, "examples/images/example.qcow2"));
  await cloud.putObject("images", "golden.qcow2", file);
});
afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true });
});

const files = pages.map((page, index) => ({ page, index, name: `page-${index}` }));

beforeAll(() => {
  for (const { page, name } of files) {
    const project = join(folder, name);
    mkdirSync(project);
    writeFileSync(join(project, "index.ts"), programOf(page));
    writeFileSync(
      join(project, "Pulumi.yaml"),
      "name: pages\nruntime: { name: nodejs, options: { typescript: false } }\nmain: index.js\n",
    );
  }
});

test("all programs compile, strictly, against the package's own types", () => {
  const options = {
    ...{ strict: true, noImplicitAny: true, skipLibCheck: true, types: ["node"] },
    ...{ target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.Node16 },
    moduleResolution: ts.ModuleResolutionKind.Node16,
  };
  const program = ts.createProgram(
    files.map(({ name }) => join(folder, name, "index.ts")),
    options,
  );
  const emitted = program.emit();
  const problems = [...ts.getPreEmitDiagnostics(program), ...emitted.diagnostics].map((problem) => {
    const where = files.find(({ name }) => problem.file?.fileName.includes(`/${name}/`))?.page ?? "?";
    return `${where}: ${ts.flattenDiagnosticMessageText(problem.messageText, " ")}`;
  });
  expect(problems).toEqual([]);
  expect(files.length).toBeGreaterThanOrEqual(8);
});

test.each(files)(
  "the program of $page runs, has nothing left to do, and leaves nothing",
  async ({ name }) => {
    const [, second] = cloud.options.accounts;
    const config = {
      "pages:url": cloud.objectUrl("images", "golden.qcow2"),
      "pages:second": String(second?.accountId),
      "pages:partner": String(second?.accountId),
    };
    const stack = createStack({
      program: join(folder, name),
      stack: name,
      config,
      env: { ...process.env, ...cloud.env },
    });
    try {
      const { outputs } = await stack.up();
      expect(Object.keys(outputs)).not.toEqual([]);
      expect(Object.values(outputs)).not.toContain(undefined);
      expect(cloud.images().map(({ status }) => status)).toEqual(["active"]);
      await stack.preview({ expectNoChanges: true });
      await stack.destroy();
      expect(cloud.images()).toEqual([]);
    } finally {
      await stack.close();
    }
  },
);
