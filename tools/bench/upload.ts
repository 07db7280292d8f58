// How fast provider/object-storage uploads, beside rclone with the same settings, on the same servers. One after the other, in turns.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { createCipheriv, createHash } from "node:crypto";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { peakOf } from "./memory";

const usage = `Usage: node dist/tools/bench/upload.js [--size 1GiB] [--runs 5]
Needs rclone on PATH, and versitygw on PATH, in Go's folder, or named by VERSITYGW; a server that is missing is left out.
`;

const MiB = 1024 ** 2;
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

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { size: { type: "string", default: "1GiB" }, runs: { type: "string", default: "5" } },
  });
  const size = bytesOf(values.size);
  const folder = mkdtempSync(join(tmpdir(), "bench-upload-"));
  try {
    const path = join(folder, "file");
    const sha256 = writeNoise(path, size);
    for (const start of [versitygw, emulator]) {
      const server = await start(join(folder, start.name));
      if (server === undefined) {
        process.stdout.write(`${start.name}: skipped, it is not installed\n`);
        continue;
      }
      try {
        await compare(server, { path, size, sha256 }, Number(values.runs));
      } finally {
        await server.close();
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface File {
  path: string;
  size: number;
  sha256: string;
}

async function compare({ name, endpoint }: BenchServer, file: File, runs: number): Promise<void> {
  await makeBucket(endpoint);
  const ratios: number[] = [];
  for (let run = 1; run <= runs; run++) {
    // Who begins changes, since the one before leaves dirty pages to write.
    const order = run % 2 === 0 ? [ours, rclone] : [rclone, ours];
    const results = new Map<unknown, Measured>();
    for (const upload of order) {
      results.set(upload, await upload(endpoint, file, `run-${run}`));
      rcloneRun(endpoint, ["delete", ":s3:images"]);
    }
    const [own, other] = [results.get(ours), results.get(rclone)];
    if (own === undefined || other === undefined) {
      continue;
    }
    ratios.push(other.seconds / own.seconds);
    process.stdout.write(
      `${name}, run ${run}: ours ${told(own, file.size)}, rclone ${told(other, file.size)}: ${(other.seconds / own.seconds).toFixed(2)} x\n`,
    );
  }
  const sorted = ratios.sort((a, b) => a - b);
  process.stdout.write(
    `${name}: ${sorted[Math.floor(sorted.length / 2)]?.toFixed(2) ?? "?"} x rclone's speed (median of ${runs}; ${sorted[0]?.toFixed(2) ?? "?"} to ${sorted.at(-1)?.toFixed(2) ?? "?"})\n`,
  );
}

const told = ({ seconds, peak }: Measured, size: number) =>
  `${seconds.toFixed(1)} s (${Math.round(size / MiB / seconds)} MiB/s, ${Math.round(peak)} MB)`;

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

/** Writes what no part of is like another; answers its SHA-256. */
function writeNoise(path: string, size: number): string {
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, 1), Buffer.alloc(16));
  const hash = createHash("sha256");
  const file = openSync(path, "w");
  for (let at = 0; at < size; at += MiB) {
    const bytes = cipher.update(Buffer.alloc(Math.min(MiB, size - at)));
    hash.update(bytes);
    writeSync(file, bytes);
  }
  closeSync(file);
  return hash.digest("hex");
}

function bytesOf(text: string): number {
  const [, number, unit] = /^(\d+)(MiB|GiB)$/.exec(text) ?? [];
  if (number === undefined) {
    throw new Error(`"${text}" should be a size such as 1GiB or 64MiB.`);
  }
  return Number(number) * (unit === "GiB" ? 1024 * MiB : MiB);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  process.exitCode = 1;
});
