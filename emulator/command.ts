import { parseArgs } from "node:util";
import { startEmulator, type Emulator, type EmulatorOptions } from ".";
import { secondProfile } from "./environment";

export const usage = `The emulator of Samsung Cloud Platform's image API.

  --port N               port on 127.0.0.1 (default 4510; 0: any free one)
  --data FOLDER          where it keeps its data (default .local/emulator)
  --import-ms N          least time of an import in milliseconds (default 3000)
  --snapshot-ms N        how long an image of a server is saved, likewise (default 3000)
  --imports-by WHAT      create: a created image starts importing by itself (default)
                         import: it waits for the import operation
  --standard-images      the vendor's own images are there, for every account to see
  --access-key, --secret-key, --account-id, --region, --environment
`;

export class UsageError extends Error {}

/**
 * The command `npx pulumi-scp-images emulator`: runs an emulator until a SIGINT or SIGTERM comes.
 * @returns the exit code
 */
export async function emulatorCommand(args: string[]): Promise<number> {
  try {
    const options = optionsFrom(args);
    if (options === "help") {
      process.stdout.write(usage);
      return 0;
    }
    const emulator = await startEmulator(options);
    const stopped = new Promise((resolve) => {
      process.once("SIGINT", resolve).once("SIGTERM", resolve);
    });
    process.stdout.write(introduction(emulator));
    await stopped;
    await emulator.close();
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    if (error instanceof UsageError || isWrongOption(error)) process.stderr.write(usage);
    return 1;
  }
}

function isWrongOption(error: unknown): boolean {
  return Boolean((error as NodeJS.ErrnoException).code?.startsWith("ERR_PARSE_ARGS"));
}

/** Reads the command line; refuses what it does not know. */
export function optionsFrom(args: string[]): EmulatorOptions | "help" {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args,
    options: {
      port: text,
      data: text,
      "import-ms": text,
      "snapshot-ms": text,
      "imports-by": text,
      "standard-images": { type: "boolean" },
      "access-key": text,
      "secret-key": text,
      "account-id": text,
      region: text,
      environment: text,
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return "help";
  const importsBy = values["imports-by"] ?? "create";
  if (importsBy !== "create" && importsBy !== "import")
    throw new UsageError("--imports-by is create or import.");
  return {
    port: whole("--port", values.port ?? "4510", 65535),
    dataDir: values.data ?? ".local/emulator",
    importMs: whole("--import-ms", values["import-ms"] ?? "3000", 2 ** 31 - 1),
    queuedMs: 30,
    snapshotMs: whole("--snapshot-ms", values["snapshot-ms"] ?? "3000", 2 ** 31 - 1),
    standardImages: values["standard-images"] ?? false,
    importsBy,
    accessKey: values["access-key"],
    secretKey: values["secret-key"],
    accountId: values["account-id"],
    region: values.region,
    environment: values.environment,
  };
}

function whole(name: string, text: string, most: number): number {
  if (!/^\d+$/.test(text) || Number(text) > most)
    throw new UsageError(`${name} is a whole number from 0 to ${most}.`);
  return Number(text);
}

/** What a newcomer needs to see. */
export function introduction(emulator: Emulator): string {
  const { url, options, env } = emulator;
  const accounts = options.accounts.map(
    ({ accountId, accessKey, secretKey }) =>
      `  account ${accountId}  access key ${accessKey}  secret key ${secretKey}`,
  );
  const exports = Object.entries(env).map(([name, value]) => `  export ${name}=${value}`);
  return [
    `The SCP emulator listens on ${url} (image API, tags, IAM and Object Storage; its own: ${url}/_emulator/settings)`,
    `Data: ${options.dataDir ?? "in memory"}. Imports start by: ${options.importsBy}.`,
    ...accounts,
    "For a client:",
    ...exports,
    ...(options.accounts.length > 1
      ? [`A program works with the second account where a resource says profile: "${secondProfile}".`]
      : []),
    "To put a file in, take any S3 client, or curl:",
    ...uploadByCurl(emulator).map((line) => `  ${line}`),
    `An image's url looks like ${emulator.objectUrl("images", "golden.qcow2")}`,
    "",
  ].join("\n");
}

/** The image service reads an object without credentials, so its own ACL is public-read. */
function uploadByCurl({ objectStorageUrl, options }: Emulator): string[] {
  const { region, accessKey, secretKey } = options;
  const signed = `--aws-sigv4 aws:amz:${region}:s3 --user "${accessKey}:${secretKey}" -H x-amz-content-sha256:UNSIGNED-PAYLOAD`;
  return [
    `s3() { curl -fsS ${signed} "$@"; }`,
    `s3 -X PUT ${objectStorageUrl}/images`,
    `s3 -H x-amz-acl:public-read -T golden.qcow2 ${objectStorageUrl}/images/golden.qcow2`,
  ];
}
