import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { startEmulator } from "../../emulator";
import { introduction } from "../../emulator/command";
import { MiB, noise } from "./s3";

const hasCurl = spawnSync("curl", ["--aws-sigv4", "aws:amz", "--version"]).status === 0;
const withCurl = hasCurl ? test : test.skip;

withCurl(
  "what the command prints puts a file in that everybody may read (skipped without curl)",
  async () => {
    const emulator = await startEmulator({ accessKey: "KEY", secretKey: "a/secret+key==" });
    const folder = mkdtempSync(path.join(tmpdir(), "curl-"));
    try {
      const file = noise(2 * MiB);
      writeFileSync(path.join(folder, "golden.qcow2"), file);
      const printed = introduction(emulator).split("\n");
      const script = printed.filter((line) => /^ {2}s3\b/.test(line));
      expect(script).toHaveLength(3);
      const env = { PATH: process.env.PATH, HOME: folder };
      await promisify(execFile)("sh", ["-ec", script.join("\n")], { cwd: folder, env });
      const there = await fetch(`${emulator.url}/${emulator.options.accountId}:images/golden.qcow2`);
      const sha256 = (body: Buffer) => createHash("sha256").update(body).digest("hex");
      expect(sha256(Buffer.from(await there.arrayBuffer()))).toBe(sha256(file));
      expect(emulator.objects()).toMatchObject([{ key: "golden.qcow2", acl: "public-read" }]);
    } finally {
      await emulator.close();
      rmSync(folder, { recursive: true });
    }
  },
);
