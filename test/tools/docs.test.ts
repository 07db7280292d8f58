import { readFileSync } from "node:fs";
import { join } from "node:path";
import { tables } from "../../tools/docs/tables";

const readme = readFileSync(join(__dirname, "../../README.md"), "utf8");

/** Prettier pads the cells of a table: neither that nor the length of its rule is a difference. */
const plain = (text: string) => text.replace(/ +\|/g, " |").replace(/\| +/g, "| ").replace(/-{3,}/g, "---");

test.each(Object.entries(tables))(
  "the README's table of %s says what the code does (npm run docs writes it)",
  (_name, table) => {
    expect(plain(readme)).toContain(plain(table));
  },
);

test.each(["up", "preview", "refresh", "destroy", "emulator", "test"])(
  "npm run %s, which the README names, exists",
  (script) => {
    const { scripts } = JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8")) as {
      scripts: object;
    };
    expect(scripts).toHaveProperty(script);
    expect(readme).toMatch(new RegExp(`npm (run )?${script}\\b`));
  },
);
