import { createCipheriv } from "node:crypto";
import { lookup } from "node:dns";
import http from "node:http";
import { type HeadObjectCommand, S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import type { Emulator } from "../../emulator";

/** Names below `localhost` are this machine; not every resolver knows that. */
const agent = () =>
  new http.Agent({
    keepAlive: true,
    lookup: (name, options, done) => {
      lookup(name.endsWith(".localhost") ? "127.0.0.1" : name, options, done);
    },
  });

/** The AWS SDK's client of one of the emulator's accounts. */
export function sdkClient(emulator: Emulator, more: Partial<S3ClientConfig> = {}, account = 0): S3Client {
  const { accessKey, secretKey } = emulator.options.accounts[account]!;
  return new S3Client({
    endpoint: emulator.objectStorageUrl,
    region: "kr-west1",
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    requestHandler: { httpAgent: agent() },
    ...more,
  });
}

/** The same, with the bucket in the host's name. */
export function virtualHostClient(emulator: Emulator, more: Partial<S3ClientConfig> = {}): S3Client {
  const endpoint = emulator.objectStorageUrl.replace("127.0.0.1", "localhost");
  return sdkClient(emulator, { endpoint, forcePathStyle: false, ...more });
}

/** Sends a command of any kind. */
export const sendAny = (client: S3Client, command: object) => client.send(command as HeadObjectCommand);

export interface RawAnswer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
}

/** A request as it stands, to this machine whatever its Host header says. */
export function raw(
  emulator: Emulator,
  method: string,
  target: string,
  headers: http.OutgoingHttpHeaders = {},
  body: string | Buffer = "",
): Promise<RawAnswer> {
  const { hostname, port } = new URL(emulator.url);
  return new Promise((resolve, reject) => {
    const request = http.request(
      { hostname, port, method, path: target, headers, agent: false },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", reject);
        answer.on("end", () => {
          const text = Buffer.concat(chunks).toString("latin1");
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text });
        });
      },
    );
    request.on("error", reject).end(body);
  });
}

/** Bytes of which no two parts are the same; the same in every run. */
export function noise(length: number, seed = 1): Buffer {
  return createCipheriv("aes-128-ctr", Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(length));
}

export const MiB = 1024 * 1024;
