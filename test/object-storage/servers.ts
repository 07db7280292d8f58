import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { startEmulator } from "../../emulator";
import type { ObjectStoreSettings } from "../../provider/object-storage/settings";

/** An S3 server on loopback, with a bucket `images`. */
export interface S3Server {
  settings: ObjectStoreSettings;
  /** The second path: the AWS SDK without any of the provider's code. */
  s3: S3Client;
  /** Whether objects have ACLs of their own. */
  hasAcls: boolean;
  anonymousUrl: (key: string) => string;
  close: () => Promise<void>;
}

export interface ServerKind {
  name: string;
  start: () => Promise<S3Server>;
}

/** Where versitygw is: named by VERSITYGW, on PATH, or in Go's folder. It is no npm package, so it may be missing. */
export function findVersitygw(): string | undefined {
  const named = process.env.VERSITYGW;
  const folders = [...(process.env.PATH ?? "").split(delimiter), goFolder()].filter(
    (folder) => folder !== "",
  );
  return [
    ...(named === undefined ? [] : [named]),
    ...folders.map((folder) => join(folder, "versitygw")),
  ].find((file) => existsSync(file));
}

function goFolder(): string {
  try {
    return join(execFileSync("go", ["env", "GOPATH"], { encoding: "utf8" }).trim(), "bin");
  } catch {
    return "";
  }
}

/** The servers that every test of uploads runs on. One that is missing is told as skipped. */
export const servers: ServerKind[] = [{ name: "the emulator", start: emulator }];
const versitygw = findVersitygw();
if (versitygw !== undefined) servers.push({ name: "versitygw", start: () => gateway(versitygw) });

/** Registers a skipped test where a server is missing, so that the totals tell. */
export function tellMissing(): void {
  if (versitygw === undefined)
    test.skip("on versitygw: it is not installed (CONTRIBUTING.md)", () => undefined);
}

async function emulator(): Promise<S3Server> {
  const started = await startEmulator();
  const { accessKey, secretKey, region } = started.options;
  const settings = { endpoint: started.objectStorageUrl, region, accessKey, secretKey };
  return {
    ...(await ready(settings)),
    hasAcls: true,
    anonymousUrl: (key) =>
      started.objectUrl("images", key).replace(/^https:\/\/[^/]+/, started.objectStorageUrl),
    close: () => started.close(),
  };
}

/** The posix backend, in a folder of its own. Attributes lie beside the objects, since not every file system has them. */
async function gateway(file: string): Promise<S3Server> {
  const folder = mkdtempSync(join(tmpdir(), "versitygw-"));
  const [root, sidecar, iam] = ["root", "sidecar", "iam"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  [root, sidecar, iam].forEach((name) => {
    mkdirSync(name);
  });
  const port = await freePort();
  const settings = {
    endpoint: `http://127.0.0.1:${port}`,
    region: "kr-west1",
    accessKey: "VERSITYKEY",
    secretKey: "versity-secret-key",
  };
  const child = spawn(
    file,
    [
      "--port",
      `127.0.0.1:${port}`,
      "--region",
      settings.region,
      "--iam-dir",
      iam,
      "posix",
      "--sidecar",
      sidecar,
      root,
    ],
    {
      stdio: "ignore",
      env: {
        PATH: process.env.PATH,
        ROOT_ACCESS_KEY: settings.accessKey,
        ROOT_SECRET_KEY: settings.secretKey,
      },
    },
  );
  const ended = once(child, "exit");
  return {
    ...(await ready(settings)),
    hasAcls: false,
    anonymousUrl: (key) => `${settings.endpoint}/images/${key}`,
    close: async () => {
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ready(settings: ObjectStoreSettings) {
  const s3 = new S3Client({
    endpoint: settings.endpoint,
    region: settings.region,
    forcePathStyle: true,
    credentials: { accessKeyId: settings.accessKey, secretAccessKey: settings.secretKey },
  });
  for (let tries = 0; ; tries++) {
    try {
      await s3.send(new CreateBucketCommand({ Bucket: "images" }));
      return { settings, s3 };
    } catch (error) {
      if (tries > 200) throw error;
      await delay(50); // A process that has just been started: it says nothing when it is ready.
    }
  }
}

/** versitygw takes no port 0. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
