import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { manifestSchema } from "../../tools/docs/manifest";
import { pages, tables, withTables } from "../../tools/docs/tables";

const repository = join(__dirname, "../..");
const read = (page: string) => readFileSync(join(repository, page), "utf8");
const readme = read("README.md");

/** Prettier pads the cells of a table: neither that nor the length of its rule is a difference. */
const plain = (text: string) => text.replace(/ +\|/g, " |").replace(/\| +/g, "| ").replace(/-{3,}/g, "---");

test.each(Object.keys(pages))(
  "the tables of %s say what the code does (npm run docs writes them)",
  (page) => {
    expect(plain(read(page))).toBe(plain(withTables(page, read(page))));
  },
);

test("the JSON Schema of images.yaml is the code's, and images.yaml names it (npm run docs writes it)", () => {
  const written: unknown = JSON.parse(read("images.schema.json"));
  expect(written).toEqual(JSON.parse(JSON.stringify(manifestSchema())));
  expect(read("images.yaml").split("\n")[0]).toContain("$schema=./images.schema.json");
});

test("npm run docs writes exactly what is in the repository, format and all", () => {
  const folder = mkdtempSync(join(tmpdir(), "docs-"));
  const files = [...Object.keys(pages), "images.schema.json"];
  for (const name of ["docs", "images.schema.json", ".prettierrc.json"]) {
    cpSync(join(repository, name), join(folder, name), { recursive: true });
  }
  for (const page of Object.keys(pages)) {
    const emptied = read(page).replace(/(<!-- table: \w+ -->)[^]*?(<!-- end)/g, "$1\n$2");
    writeFileSync(join(folder, page), emptied);
  }
  execFileSync(process.execPath, [join(repository, "dist/tools/docs/main.js")], { cwd: folder });
  const written = files.map((name) => readFileSync(join(folder, name), "utf8"));
  expect(written).toEqual(files.map(read));
  rmSync(folder, { recursive: true });
});

test("every table is on a page", () => {
  expect(Object.values(pages).flat().sort()).toEqual(Object.keys(tables).sort());
});

test("the README can be read in a few minutes", () => {
  expect(readme.split("\n").length).toBeLessThanOrEqual(150);
});

test("the README's figures are those of the last bench", () => {
  const bench = read("docs/bench.md");
  const ratios = [...readme.matchAll(/(\d\.\d\d)\s+times/g)].map(([, ratio = ""]) => `${ratio} ×`);
  const calls = [...readme.matchAll(/(\d+)\s+calls/g)].map(([, count = ""]) => `${count} (`);
  expect([ratios.length, calls.length]).toEqual([3, 1]);
  for (const figure of [...ratios, ...calls]) {
    expect(bench).toContain(figure);
  }
});

/** As GitHub names the place of a heading. */
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\w -]/g, "")
    .replaceAll(" ", "-");

const documents = [
  ...readdirSync(repository),
  ...["docs", "docs/resources", "emulator", "engine", "examples/images", "examples/gitops"].flatMap(
    (folder) => readdirSync(join(repository, folder)).map((name) => join(folder, name)),
  ),
].filter((name) => name.endsWith(".md"));

test.each(documents)("what %s links to is there", (document) => {
  const links = [...read(document).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
  for (const [, path = "", place] of links) {
    const target = path === "" ? document : join(dirname(document), path);
    expect(existsSync(join(repository, target)) ? target : `no ${target}`).toBe(target);
    if (place !== undefined) {
      const headings = [...read(target).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => anchor(heading));
      expect(headings).toContain(place);
    }
  }
});

const { scripts } = JSON.parse(read("package.json")) as { scripts: object };

test.each(["up", "preview", "refresh", "destroy", "emulator", "test", "bench"])(
  "npm run %s, which the README names, exists",
  (script) => {
    expect(scripts).toHaveProperty(script);
    expect(readme).toMatch(new RegExp(`npm (run )?${script}\\b`));
  },
);

test("what the documents say of npm run is so", () => {
  const named = documents.flatMap((name) =>
    [...read(name).matchAll(/npm run ([\w:]+)/g)].map(([, it]) => it),
  );
  for (const script of new Set(named)) {
    expect(Object.keys(scripts)).toContain(script);
  }
});
