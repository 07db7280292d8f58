// What only a process of its own can tell: what it loads, and how much memory it takes. It runs dist/.
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, ftruncateSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { run } from "../../tools/run/cli";
import { MiB } from "./world";

jest.setTimeout(300_000);

const repository = resolve(__dirname, "../..");
const store = join(repository, "dist/provider/object-storage/store.js");

test.each([
  ["the package", "pulumi-scp-images"],
  ["what the provider's process loads", "pulumi-scp-images/runtime/image-import"],
  ["provider/object-storage, and a store that nobody asks anything,", store],
])("%s does not load the AWS SDK", (_, module) => {
  const code = `const { ObjectStore } = require(${JSON.stringify(module)});
    if (ObjectStore) new ObjectStore({ endpoint: "http://127.0.0.1:1", region: "r", accessKey: "a", secretKey: "s" });
    console.log(Object.keys(require.cache).join("\\n"));`;
  const loaded = execFileSync(process.execPath, ["-e", code], { cwd: repository, encoding: "utf8" });
  expect(loaded).toContain("/dist/provider/");
  expect(loaded).not.toMatch(/node_modules\/(@aws-sdk|@smithy)\//);
});

/** Takes in an upload of zeros in parts of 8 MiB, and keeps nothing of it: it is the client's memory that is measured. */
async function sink(size: number) {
  const part = 8 * MiB;
  const md5 = createHash("md5").update(Buffer.alloc(part)).digest();
  const count = size / part;
  const etag = createHash("md5")
    .update(Buffer.concat(Array<Buffer>(count).fill(md5)))
    .digest("hex");
  const got = { bytes: 0, complete: false };
  const xml = { "content-type": "application/xml" };
  const server = http.createServer((request, response) => {
    const { method, url = "" } = request;
    request.on("data", (chunk: Buffer) => (got.bytes += method === "PUT" ? chunk.length : 0));
    request.on("end", () => {
      if (method === "PUT") response.writeHead(200, { etag: `"${md5.toString("hex")}"` }).end();
      else if (method === "POST" && url.includes("uploads")) {
        response
          .writeHead(200, xml)
          .end("<InitiateMultipartUploadResult><UploadId>one</UploadId></InitiateMultipartUploadResult>");
      } else if (method === "POST") {
        got.complete = true;
        response.writeHead(200, xml).end("<CompleteMultipartUploadResult/>");
      } else if (method === "HEAD" && got.complete) {
        response
          .writeHead(200, {
            "content-length": size,
            etag: `"${etag}-${count}"`,
            "x-amz-meta-sha256": "zeros",
          })
          .end();
      } else if (method === "GET" && url.includes("uploads")) {
        response
          .writeHead(200, xml)
          .end("<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>");
      } else response.writeHead(404, xml).end("<Error><Code>NoSuchKey</Code></Error>");
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { got, server, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

// By /proc, where there is one: the system's own maxRSS of a process begins with that of the process which started it.
const onLinux = process.platform === "linux" ? test : test.skip;

onLinux("a file of 4 GiB takes no more memory than a small one", async () => {
  const folder = mkdtempSync(join(tmpdir(), "object-storage-"));
  const path = join(folder, "sparse");
  const file = openSync(path, "w");
  const size = 4096 * MiB;
  ftruncateSync(file, size);
  closeSync(file);
  const { got, server, endpoint } = await sink(size);
  const code = `const { ObjectStore } = require(${JSON.stringify(store)});
    const store = new ObjectStore({ endpoint: "${endpoint}", region: "r", accessKey: "a", secretKey: "s" });
    store.upload({ path: ${JSON.stringify(path)}, size: ${size}, sha256: "zeros", bucket: "images", key: "zeros" })
      .then(() => { console.log(/VmHWM:\\s+(\\d+)/.exec(require("fs").readFileSync("/proc/self/status", "utf8"))[1] / 1024); store.close(); });`;
  const {
    code: exit,
    stdout,
    stderr,
  } = await run(process.execPath, ["-e", code], { cwd: repository, env: process.env });
  server.close();
  rmSync(folder, { recursive: true });
  expect([exit, stderr.replace(/[^]*NodeVersionSupportWarning[^]*/, "")]).toEqual([0, ""]);
  expect(got).toEqual({ bytes: size, complete: true });
  const peak = Number(stdout);
  process.stdout.write(`Peak memory of an upload of 4 GiB: ${Math.round(peak)} MB\n`);
  expect(peak).toBeLessThan(250);
});
