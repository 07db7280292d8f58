import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash, randomFillSync } from "node:crypto";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { startEmulator, type Emulator, type Fault } from "../../emulator";
import { openCli } from "../e2e/stack";
import { run } from "../../tools/run/cli";
import type { Kills } from "./kills";
import { startAndKill } from "./real-kills";

const repository = dirname(require.resolve("pulumi-scp-images/package.json"));

/** MiB of the file, and parts that it is uploaded in. */
const size = 44;
const parts = Math.ceil(size / 8);

const storage = (operation: string, more: Partial<Fault> = {}): Fault => ({
  kind: "hang",
  service: "storage",
  operation,
  ...more,
});

/** The moments of an image's making from a file: the request that the cloud holds the answer to when the process is killed. */
export const moments: Record<string, Fault> = {
  "before an upload is begun": storage("createMultipartUpload"),
  "when it is begun": storage("createMultipartUpload", { kind: "hang-after" }),
  "in the midst of a part": storage("uploadPart", { nth: 2 }),
  "between parts": storage("uploadPart", { nth: 5, kind: "hang-after" }),
  "after the last part": storage("completeMultipartUpload"),
  "after completion": storage("completeMultipartUpload", { kind: "hang-after" }),
  "before the object is public": storage("putObjectAcl"),
  "when the object is public": storage("putObjectAcl", { kind: "hang-after" }),
  "before the image is created": { kind: "hang", operation: "createImage" },
  "while it imports": { kind: "hang", operation: "showImage" },
  "before the object is removed": storage("deleteObject"),
  "when the object is removed": storage("deleteObject", { kind: "hang-after" }),
};

/** Kills the Pulumi CLI, with all that it has started, at these moments. The next run goes on from there. */
export async function killUploads(names: readonly string[] = Object.keys(moments)): Promise<Kills> {
  const result: Kills = { kills: 0, lives: 0, told: 0, lost: [] };
  for (const name of names) {
    result.lost.push(...(await killOnce(name)).map((what) => `killed ${name}: ${what}`));
    result.kills += 1;
    result.lives += 1;
  }
  return result;
}

async function killOnce(moment: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "source-kill-"));
  const file = join(folder, "golden.qcow2");
  const example = readFileSync(join(repository, "examples/images/example.qcow2"));
  writeFileSync(
    file,
    Buffer.concat([example, randomFillSync(Buffer.alloc(size * 1024 ** 2 - example.length))]),
  );
  const cloud = await startEmulator();
  const stack = await openCli(cloud.env);
  try {
    await cloud.putObject("images", "not-ours", Buffer.from("not ours"), "private");
    const source = { file, bucket: "images" };
    stack.declare({ type: "Image", name: "golden", args: { name: "golden", osDistro: "alma", source } });
    cloud.faults.add(moments[moment]!);
    await startAndKill(cloud, stack.command, "up");
    cloud.faults.clear();
    const sent = cloud.uploads().flatMap((upload) => upload.parts).length;
    const before = cloud.stats().uploadPart ?? 0;
    // The one who was killed has left the backend locked.
    await run(stack.command.cli, ["cancel", "--yes", "--non-interactive"], stack.command);
    const { ok, text } = await stack.up();
    const again = (cloud.stats().uploadPart ?? 0) - before;
    const wrong = [...(ok ? [] : [`the next run fails: ${text}`]), ...whatIsWrong(cloud, file)];
    // One may have been tried twice: the request of a process that was killed can still be under way.
    if (sent > 0 && again > parts - sent + 1) {
      wrong.push(`${again} parts were sent, although ${sent} of ${parts} were there`);
    }
    const after = await stack.preview({ expectNoChanges: true });
    return after.ok ? wrong : [...wrong, `there is something left to do: ${after.text}`];
  } finally {
    stack.close();
    await cloud.close();
    rmSync(folder, { recursive: true });
  }
}

function whatIsWrong(cloud: Emulator, file: string): string[] {
  const images = cloud.images();
  const checksum = createHash("md5").update(readFileSync(file)).digest("hex");
  const objects = cloud.objects().filter(({ key }) => key !== "not-ours");
  return [
    // What is killed between the creation and the state's knowing leaves an image that is told: see killTheCli.
    ...(images.length === 1 ? [] : [`there are ${images.length} images`]),
    ...images
      .filter((image) => image.checksum !== checksum)
      .map((image) => `image ${image.id} is ${image.status}`),
    ...objects.map(({ key, acl }) => `the object ${key} is left, ${JSON.stringify(acl)}`),
    ...cloud.uploads().map(({ key }) => `an upload of ${key} is left`),
    ...(cloud.objects().length === objects.length ? ["what is not ours was removed"] : []),
  ];
}
