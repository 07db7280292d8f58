import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CreateBucketCommand, HeadBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { startEmulator, type Emulator } from "../../emulator";

/** The file that the examples import: see examples/images/README.md for how it was made. */
const example = join(__dirname, "../../../examples/images/example.qcow2");

export interface EmulatedCloud {
  /** What points a client here. */
  env: Record<string, string>;
  close: () => Promise<void>;
}

/** Starts the emulator on what it kept in a folder, and puts the example into its Object Storage, as a user would. */
export async function startEmulatedCloud(dataDir: string): Promise<EmulatedCloud> {
  const emulator = await startEmulator({ dataDir, importMs: 3000 });
  const { url, env } = emulator;
  process.stdout.write(
    `No SCP credentials are set, so this runs against the emulator (${url}, its data in ${dataDir}).\n\n`,
  );
  await putExample(env);
  await putRecord(emulator);
  return {
    env,
    close: () => emulator.close(),
  };
}

/** A record that somebody made, and that waits for its file: what examples/import-only imports into. */
async function putRecord(emulator: Emulator): Promise<void> {
  const id = "70a599e0-31e7-49b7-b260-868f441e862b";
  if (!emulator.images().some((image) => image.id === id)) {
    const unknown = {
      url: null,
      checksum: null,
      os_hash_algo: null,
      os_hash_value: null,
      size: null,
      virtual_size: null,
    };
    const created_at = "2026-01-01T00:00:00Z";
    await emulator.setImage(id, {
      name: "made-by-hand",
      os_distro: "alma",
      status: "queued",
      created_at,
      ...unknown,
    });
  }
}

async function putExample(env: Record<string, string>): Promise<void> {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  const storage = new S3Client({
    endpoint: env.SCP_OBJECT_STORAGE_ENDPOINT,
    forcePathStyle: true,
    region: env.SCP_REGION,
    credentials: { accessKeyId: env.SCP_ACCESS_KEY ?? "", secretAccessKey: env.SCP_SECRET_KEY ?? "" },
  });
  const Bucket = "images";
  try {
    await storage
      .send(new HeadBucketCommand({ Bucket }))
      .catch(() => storage.send(new CreateBucketCommand({ Bucket })));
    const Body = readFileSync(example);
    await storage.send(new PutObjectCommand({ Bucket, Key: "example.qcow2", Body, ACL: "public-read" }));
  } finally {
    storage.destroy();
  }
}
