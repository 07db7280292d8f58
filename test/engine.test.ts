import * as pulumi from "@pulumi/pulumi";
import { createStack } from "./engine";
import { mkdtempSync, readFileSync } from "node:fs";
import path from "node:path";
import os from "node:os";
const THING = path.join(__dirname, "engine/fixtures/thing.js");
class Thing extends pulumi.CustomResource {
  declare readonly serial: pulumi.Output<string>;
  declare readonly value: pulumi.Output<string>;
  constructor(name: string, args: pulumi.Inputs, options?: pulumi.CustomResourceOptions) {
    super(
      "pulumi-nodejs:dynamic/test:Thing",
      name,
      {
        __provider: `exports.handler = () => require(${JSON.stringify(THING)})`,
        serial: undefined,
        name,
        ...args,
      },
      options,
    );
  }
}
test("x", async () => {
  const cloud = mkdtempSync(path.join(os.tmpdir(), "cloud-"));
  const { renderer } = await import("./engine");
  const lines: string[] = [];
  const stack = createStack({
    env: { ...process.env, THING_CLOUD: cloud },
    config: { "test:password": { secret: "x" } },
    onEvent: renderer((l) => lines.push(l)),
  });
  const program = async (v: string) => {
    const a = new Thing("a", { value: v, secret: pulumi.secret("s") });
    const b = new Thing("b", { value: a.serial, zone: v }, { dependsOn: [a] });
    return Promise.resolve({ b: b.serial, s: a.value });
  };
  for (const v of ["1", "1", "2"]) {
    const t = Date.now();
    const r = await stack.up({ program: () => program(v) });
    lines.push(JSON.stringify(r.summary), JSON.stringify(r.outputs), String(Date.now() - t));
  }
  const r = await stack.preview({ program: () => program("4") });
  lines.push(JSON.stringify(r.summary), JSON.stringify(r.outputs));
  await stack.refresh();
  lines.push(JSON.stringify(await stack.state(), null, 1));
  await stack.destroy();
  console.log(lines.join("\n"));
  console.log(readFileSync(path.join(cloud, "calls.jsonl"), "utf8"));
  stack.close();
}, 30000);
