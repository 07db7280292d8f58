import { writeFileSync } from "node:fs";
import { readFileSync } from "node:fs";
import { startEmulator } from "../../../emulator";
import { openCli } from "../stack";

/** Records a state of this version, made by the Pulumi CLI: node dist/test/e2e/states/record.js test/e2e/states/<version>.json */
async function record(path: string): Promise<void> {
  const cloud = await startEmulator();
  await cloud.putObject("images", "golden.qcow2", readFileSync("examples/images/example.qcow2"));
  const stack = await openCli(cloud.env);
  try {
    const url = cloud.objectUrl("images", "golden.qcow2");
    const byHand = await cloud.setImage("0f5b9a3e-0000-4000-8000-000000000001", { name: "by-hand", url });
    const adopted = await cloud.setImage("0f5b9a3e-0000-4000-8000-000000000002", {
      name: "adopted",
      url,
      os_distro: "alma",
    });
    const common = { osDistro: "alma", url };
    stack.declare(
      { type: "Image", name: "whole", args: { name: "whole", ...common, minDisk: 3, tags: { team: "web" } } },
      { type: "Image", name: "adopted", args: { name: "adopted", ...common, imageId: adopted.id } },
      { type: "ImageRecord", name: "record", args: { name: "record", ...common } },
      { type: "ImageImport", name: "import", args: { imageId: byHand.id, url, timeouts: { create: "45m" } } },
    );
    const { ok, text } = await stack.up();
    if (!ok) {
      throw new Error(text);
    }
    const images = cloud.images();
    const recorded = { images, state: await stack.state() };
    writeFileSync(path, `${JSON.stringify(recorded, undefined, 2)}\n`);
  } finally {
    stack.close();
    await cloud.close();
  }
}

void record(process.argv[2] ?? "state.json");
