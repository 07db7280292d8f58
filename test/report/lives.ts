import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { startEmulator, type Emulator } from "../../emulator";
import type { StateDocument } from "../../engine";
import type { Declaration } from "../e2e/program";
import { openEmbedded, succeed } from "../e2e/stack";
import { qcow2 } from "../emulator/testing";

/** What a stack's state was after each step of its life. */
export interface Lives {
  /** The first generation of everything. */
  first: StateDocument;
  /** A second generation of ubuntu and rocky; stable stays on the first one of ubuntu. */
  second: StateDocument;
  /** ubuntu's stable is at the second. */
  promoted: StateDocument;
  /** A third generation of ubuntu; the sles image is gone, windows is protected, and there is an image from a file. */
  third: StateDocument;
  /** ubuntu's stable is back at the first. */
  rolledBack: StateDocument;
  /** The images' ids by their names. */
  ids: Record<string, string>;
}

const GiB = 1024 ** 3;

interface Made {
  name: string;
  size: number;
  disk: number;
  day: string;
}

/** As they would be in the cloud: the emulator's file is small. */
const made: Made[] = [
  { name: "ubuntu-24-04-2026-09-1", size: 612_368_384, disk: 10, day: "2026-09-02T07:14:00Z" },
  { name: "ubuntu-24-04-2026-10-1", size: 618_659_840, disk: 10, day: "2026-10-06T07:20:00Z" },
  { name: "ubuntu-24-04-2026-11-1", size: 621_805_568, disk: 10, day: "2026-11-24T16:41:00Z" },
  { name: "rocky-9-5", size: 1_104_150_528, disk: 20, day: "2026-08-19T09:02:00Z" },
  { name: "rocky-9-6", size: 1_127_219_200, disk: 20, day: "2026-10-21T13:30:00Z" },
  { name: "windows-2022-core", size: 9_663_676_416, disk: 40, day: "2026-07-01T05:00:00Z" },
  { name: "bastion", size: 322_961_408, disk: 8, day: "2026-11-24T16:44:00Z" },
  { name: "sles-15", size: 842_006_528, disk: 20, day: "2025-05-12T10:00:00Z" },
  { name: "k8s-node", size: 2_362_232_012, disk: 30, day: "2026-11-03T11:11:00Z" },
];

/** Plays the life of a stack on the embedded engine and the emulator. */
export async function playLives(): Promise<Lives> {
  const cloud = await startEmulator();
  const stack = await openEmbedded(cloud.env, "prod");
  const folder = mkdtempSync(join(tmpdir(), "report-"));
  try {
    for (const [index, { name }] of made.entries()) {
      await cloud.putObject("images", `${name}.qcow2`, Buffer.concat([qcow2(), Buffer.from([index])]));
    }
    const file = join(folder, "bastion.qcow2");
    copyFileSync("examples/images/example.qcow2", file);
    const step = async (...declarations: Declaration[]): Promise<StateDocument> => {
      stack.declare(...declarations);
      await succeed(stack.up());
      await settle(cloud);
      await succeed(stack.refresh());
      return stack.state();
    };
    const worlds = worldsOf(cloud, { file, manifest: join(folder, "images.yaml") });
    const first = await step(...worlds.first());
    const second = await step(...worlds.second());
    const promoted = await step(...worlds.promoted());
    const third = await step(...worlds.third());
    const rolledBack = await step(...worlds.rolledBack());
    const seen = [...cloud.deleted(), ...cloud.images()];
    const ids = Object.fromEntries(seen.map(({ name, id }) => [name, id]));
    return { first, second, promoted, third, rolledBack, ids };
  } finally {
    stack.close();
    rmSync(folder, { recursive: true });
    await cloud.close();
  }
}

async function settle(cloud: Emulator): Promise<void> {
  for (const { id, name } of cloud.images()) {
    const known = made.find((one) => one.name === name);
    if (known !== undefined) {
      const { size, disk, day } = known;
      await cloud.setImage(id, { size, virtual_size: disk * GiB, created_at: day });
    }
  }
}

/** What the program declares at each step. */
function worldsOf(cloud: Emulator, { file, manifest }: Record<"file" | "manifest", string>) {
  const url = (name: string) => cloud.objectUrl("images", `${name}.qcow2`);
  const entry = (name: string, osDistro: string, version: string, more: object = {}) => ({
    name,
    osDistro,
    url: url(name),
    version,
    keep: 2,
    ...more,
  });
  const ubuntu = (month: string) =>
    entry(`ubuntu-24-04-2026-${month}-1`, "ubuntu", `2026.${month}.1`, {
      minDisk: 10,
      tags: { team: "platform", "cis-level": "1" },
    });
  const rocky = (minor: number) => entry(`rocky-9-${minor}`, "rocky", `9.${minor}`);
  const windows = (more: object) => entry("windows-2022-core", "windows", "21H2", { minDisk: 40, ...more });
  const pipeline = (
    images: Record<string, unknown>,
    stable: string,
    more: Record<string, unknown> = {},
  ): Declaration => {
    const channels = {
      "ubuntu-24.04/stable": { image: "ubuntu-24.04", version: stable },
      "ubuntu-24.04/edge": { image: "ubuntu-24.04" },
      ...more,
    };
    writeFileSync(manifest, stringify({ images, channels }));
    return { type: "ImagePipeline", name: "golden", args: { manifest } };
  };
  const node: Declaration = {
    type: "Image",
    name: "k8s-node",
    args: { name: "k8s-node", osDistro: "alma", url: url("k8s-node"), tags: { team: "containers" } },
  };
  const bastion: Declaration = {
    type: "Image",
    name: "bastion",
    args: { name: "bastion", osDistro: "alma", source: { file, bucket: "images" } },
  };
  const sles: Declaration = {
    type: "ImageRecord",
    name: "sles",
    args: { name: "sles-15", osDistro: "sles", url: url("sles-15") },
  };
  const rockyStable = { "rocky-9/stable": { image: "rocky-9" } };
  return {
    first: () => [
      pipeline({ "ubuntu-24.04": ubuntu("09"), "rocky-9": rocky(5), windows: windows({}) }, "2026.09.1"),
      sles,
      node,
    ],
    second: () => [
      pipeline({ "ubuntu-24.04": ubuntu("10"), "rocky-9": rocky(6), windows: windows({}) }, "2026.09.1"),
      sles,
      node,
    ],
    promoted: () => [
      pipeline(
        { "ubuntu-24.04": ubuntu("10"), "rocky-9": rocky(6), windows: windows({}) },
        "2026.10.1",
        rockyStable,
      ),
      sles,
      node,
    ],
    third: () => [
      pipeline(
        {
          "ubuntu-24.04": ubuntu("11"),
          "rocky-9": rocky(6),
          windows: windows({ protected: true, visibility: "shared" }),
        },
        "2026.10.1",
        rockyStable,
      ),
      node,
      bastion,
    ],
    rolledBack: () => [
      pipeline(
        {
          "ubuntu-24.04": ubuntu("11"),
          "rocky-9": rocky(6),
          windows: windows({ protected: true, visibility: "shared" }),
        },
        "2026.09.1",
        rockyStable,
      ),
      node,
      bastion,
    ],
  };
}
