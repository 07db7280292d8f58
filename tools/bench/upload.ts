// How fast provider/object-storage uploads, beside rclone with the same settings, on the same servers. One after the other, in turns.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { range, writeNoise } from "./files";
import { peakOf } from "./memory";

const keys = { accessKey: "BENCHACCESSKEY", secretKey: "bench-secret-key" };
const repository = resolve(__dirname, "../../..");
/** Of both: what ours does by default. */
const settings = { parallel: 4, partMiB: 8 };

interface BenchServer {
  name: string;
  endpoint: string;
  close: () => Promise<void>;
}

interface Measured {
  seconds: number;
  /** Megabytes, the most that the process took. */
  peak: number;
}

/** How our uploads compare with rclone's, on one server. */
export interface Uploads {
  server: string;
  /** rclone's seconds by ours, a pair a run: above 1 means that ours is faster. */
  ratios: number[];
  seconds: { ours: number[]; rclone: number[] };
  /** Megabytes at most. */
  peak: { ours: number; rclone: number };
}

/** Uploads a file of random bytes to each server that is here. */
export async function measureUploads(
  size: number,
  runs: number,
  tell: (line: string) => void,
): Promise<Uploads[]> {
  const folder = mkdtempSync(join(tmpdir(), "bench-upload-"));
  const measured: Uploads[] = [];
  try {
    const path = join(folder, "file");
    const sha256 = writeNoise(path, size);
    for (const start of [versitygw, emulator]) {
      const server = await start(join(folder, start.name));
      if (server === undefined) {
        tell(`${start.name}: skipped, it is not installed`);
        continue;
      }
      try {
        measured.push(await compare(server, { path, size, sha256 }, runs, tell));
      } finally {
        await server.close();
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return measured;
}

interface File {
  path: string;
  size: number;
  sha256: string;
}

async function compare(
  { name, endpoint }: BenchServer,
  file: File,
  runs: number,
  tell: (line: string) => void,
): Promise<Uploads> {
  await makeBucket(endpoint);
  const result: Uploads = {
    server: name,
    ratios: [],
    seconds: { ours: [], rclone: [] },
    peak: { ours: 0, rclone: 0 },
  };
  for (let run = 1; run <= runs; run++) {
    // Who begins changes, since the one before leaves dirty pages to write.
    const order = run % 2 === 0 ? (["ours", "rclone"] as const) : (["rclone", "ours"] as const);
    for (const who of order) {
      const { seconds, peak } = await (who === "ours" ? ours : rclone)(endpoint, file, `run-${run}`);
      result.seconds[who].push(seconds);
      result.peak[who] = Math.max(result.peak[who], peak);
      tell(`${name}, run ${run}: ${who} ${seconds.toFixed(1)} s, ${Math.round(peak)} MB`);
      rcloneRun(endpoint, ["delete", ":s3:images"]);
    }
    result.ratios.push((result.seconds.rclone.at(-1) ?? NaN) / (result.seconds.ours.at(-1) ?? NaN));
  }
  return result;
}

/** The numbers as rows of a table. */
export function uploadRows({ server, ratios, seconds, peak }: Uploads): [string, string][] {
  return [
    [`speed of an upload to ${server}, by that of rclone`, `**${range(ratios)}**`],
    [`seconds: ours; rclone's`, `${range(seconds.ours, 1)}; ${range(seconds.rclone, 1)}`],
    ["megabytes at most: ours; rclone's", `${Math.round(peak.ours)}; ${Math.round(peak.rclone)}`],
  ];
}

/** In a process of its own, start and loading included, as rclone is. */
async function ours(endpoint: string, file: File, key: string): Promise<Measured> {
  const store = join(repository, "dist/provider/object-storage/store.js");
  const code = `const { ObjectStore } = require(${JSON.stringify(store)});
    const store = new ObjectStore(${JSON.stringify({ endpoint, region: "kr-west1", ...keys })});
    store.upload(${JSON.stringify({ ...file, bucket: "images", key: `ours/${key}` })}).then(() => store.close());`;
  return measure(
    spawn(process.execPath, ["--no-warnings", "-e", code], { stdio: ["ignore", "inherit", "inherit"] }),
  );
}

async function rclone(endpoint: string, { path }: File, key: string): Promise<Measured> {
  const args = [
    "copyto",
    path,
    `:s3:images/rclone/${key}`,
    ...["--s3-upload-concurrency", String(settings.parallel), "--s3-chunk-size", `${settings.partMiB}M`],
    ...["--s3-upload-cutoff", "0", "--s3-no-check-bucket", "--ignore-times"],
  ];
  return measure(spawn("rclone", [...args, ...rcloneSettings(endpoint)], rcloneOptions));
}

const rcloneOptions = {
  stdio: ["ignore", "inherit", "inherit"] as ["ignore", "inherit", "inherit"],
  // rclone's S3 client does not take a file of certificates from there.
  env: { PATH: process.env.PATH, HOME: tmpdir(), RCLONE_CONFIG: "/dev/null" },
};

const rcloneSettings = (endpoint: string) => [
  ...["--s3-provider", "Other", "--s3-endpoint", endpoint, "--s3-region", "kr-west1"],
  ...["--s3-access-key-id", keys.accessKey, "--s3-secret-access-key", keys.secretKey],
];

function rcloneRun(endpoint: string, args: readonly string[]): void {
  execFileSync("rclone", [...args, ...rcloneSettings(endpoint)], rcloneOptions);
}

async function makeBucket(endpoint: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    if (await fetch(endpoint).catch(() => undefined)) {
      break;
    }
    if (tries > 200) {
      throw new Error(`Nobody answers at ${endpoint}.`);
    }
    await delay(50);
  }
  rcloneRun(endpoint, ["mkdir", ":s3:images"]);
}

/** The peak is asked for while the process runs. Linux only; elsewhere it is 0. */
async function measure(child: ChildProcess): Promise<Measured> {
  const started = performance.now();
  let peak = 0;
  const timer = setInterval(() => (peak = Math.max(peak, peakOf(child.pid ?? 0))), 100);
  const [code] = (await once(child, "exit")) as [number | null];
  clearInterval(timer);
  if (code !== 0) {
    throw new Error(`${child.spawnfile} ended with ${code ?? "a signal"}.`);
  }
  return { seconds: (performance.now() - started) / 1000, peak };
}

/** A process and its port: what is closed is what was started. */
async function served(name: string, child: ChildProcess, port: number): Promise<BenchServer> {
  const ended = once(child, "exit");
  return Promise.resolve({
    name,
    endpoint: `http://127.0.0.1:${port}`,
    close: async () => {
      child.kill();
      await ended;
    },
  });
}

async function versitygw(folder: string): Promise<BenchServer | undefined> {
  const file = findVersitygw();
  if (file === undefined) {
    return undefined;
  }
  const [root, sidecar, iam] = ["root", "sidecar", "iam"].map((name) => join(folder, name));
  for (const name of [root, sidecar, iam]) {
    mkdirSync(name ?? "", { recursive: true });
  }
  const port = await freePort();
  const args = ["--port", `127.0.0.1:${port}`, "--region", "kr-west1", "--iam-dir", iam ?? "", "posix"];
  const child = spawn(file, [...args, "--sidecar", sidecar ?? "", root ?? ""], {
    stdio: "ignore",
    env: { PATH: process.env.PATH, ROOT_ACCESS_KEY: keys.accessKey, ROOT_SECRET_KEY: keys.secretKey },
  });
  return served("versitygw", child, port);
}

async function emulator(folder: string): Promise<BenchServer> {
  const port = await freePort();
  const code = `require(${JSON.stringify(join(repository, "dist/emulator/index.js"))})
    .startEmulator(${JSON.stringify({ port, dataDir: folder, ...keys })});`;
  const child = spawn(process.execPath, ["--no-warnings", "-e", code], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return served("emulator", child, port);
}

function findVersitygw(): string | undefined {
  const { VERSITYGW, PATH = "", HOME = "", GOPATH = join(HOME, "go") } = process.env;
  const files = [...PATH.split(delimiter), join(GOPATH, "bin")].map((folder) => join(folder, "versitygw"));
  return [...(VERSITYGW === undefined ? [] : [VERSITYGW]), ...files].find((file) => existsSync(file));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
