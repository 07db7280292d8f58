import path from "node:path";
import type { RawImage } from "./store";
import { type Unkindness, kind } from "./unkind";

/** Somebody who may call: an account with one key pair. */
export interface Account {
  accountId: string;
  accessKey: string;
  secretKey: string;
  /** As images tell it of their owner. */
  accountName: string;
  /** As images tell who made them. */
  userName: string;
}

export interface EmulatorOptions extends Partial<Unkindness> {
  /** TCP port on 127.0.0.1. Default 0: any free one. */
  port?: number;
  /** Folder for images, tags and objects. Without one they live in memory only. */
  dataDir?: string;
  /** Access key of the main account. Default `SCPEMULATORACCESSKEY`. */
  accessKey?: string;
  /** Secret key of the main account, by which its signatures are checked. Default `scp-emulator-secret-key`. */
  secretKey?: string;
  /** Id of the main account. Default `8989447062e04a818baf9e073fd04fa7`. */
  accountId?: string;
  /** Default `kr-west1`. */
  region?: string;
  /** Default `s`. */
  environment?: string;
  /** Further accounts, so that somebody is there to share with. Default: one, {@link secondAccount}. */
  accounts?: Account[];
  /** What starts an import: the creation of the record (default), or only the import operation. */
  importsBy?: ImportsBy;
  /** Least time in `importing` before `active`, milliseconds. Default 0. A failure does not wait for it. */
  importMs?: number | ((image: RawImage) => number);
  /**
   * How long an image of a server is `saving`, milliseconds. With 0, the default, it is `active` at once; else `queued`
   * comes first, as long as `queuedMs` says.
   */
  snapshotMs?: number | ((image: RawImage) => number);
  /** The vendor's own images, which every account sees and none may change, are there. Default false. */
  standardImages?: boolean;
  /** How long accepted work stays `queued`, milliseconds. Default 0; real Glance takes some 30. */
  queuedMs?: number;
  /** Object Storage paths that work: `/account:bucket/…` alone, or `/account/bucket/…` too (default). */
  pathForms?: PathForms;
  /**
   * What the next start makes of imports cut short: back to `queued` (default), or `importing` without end as Glance has
   * it. Snapshots of servers go on by default; `stuck`, they are `saving` without end.
   */
  interruptedImports?: InterruptedImports;
  /** The clock of signatures, Date headers and timestamps, in Unix milliseconds. It does not pace imports. */
  now?: () => number;
}

export type ImportsBy = "create" | "import";
export type PathForms = "both" | "colon";
export type InterruptedImports = "queued" | "stuck";

/** The options in effect. `accounts` holds everybody, the main account first. */
export type Settings = Required<Omit<EmulatorOptions, "dataDir" | "port">> &
  Pick<EmulatorOptions, "dataDir"> & { accounts: [Account, ...Account[]] };

export const defaults = {
  accessKey: "SCPEMULATORACCESSKEY",
  secretKey: "scp-emulator-secret-key",
  accountId: "8989447062e04a818baf9e073fd04fa7",
  region: "kr-west1",
  environment: "s",
} as const;

export const secondAccount: Account = {
  accountId: "a8f10467abfc4b87b64614ab36eb9ae4",
  accessKey: "SCPEMULATORSECONDKEY",
  secretKey: "scp-emulator-second-secret-key",
  accountName: "SecondAccount",
  userName: "second@emulator.invalid",
};

export function settingsFrom(options: EmulatorOptions): Settings {
  const accessKey = options.accessKey ?? defaults.accessKey;
  const secretKey = options.secretKey ?? defaults.secretKey;
  const accountId = options.accountId ?? defaults.accountId;
  const main = {
    accountId,
    accessKey,
    secretKey,
    accountName: "Emulator",
    userName: "user@emulator.invalid",
  };
  return {
    accessKey,
    secretKey,
    accountId,
    region: options.region ?? defaults.region,
    environment: options.environment ?? defaults.environment,
    accounts: [main, ...(options.accounts ?? [secondAccount])],
    importsBy: options.importsBy ?? "create",
    importMs: options.importMs ?? 0,
    queuedMs: options.queuedMs ?? 0,
    snapshotMs: options.snapshotMs ?? 0,
    standardImages: options.standardImages ?? false,
    pathForms: options.pathForms ?? "both",
    interruptedImports: options.interruptedImports ?? "queued",
    ...unkindness(options),
    now: options.now ?? Date.now,
    dataDir: options.dataDir === undefined ? undefined : path.resolve(options.dataDir),
  };
}

/** Kind, where nothing else is said. */
function unkindness(options: EmulatorOptions): Unkindness {
  const names = Object.keys(kind) as (keyof Unkindness)[];
  const said = names.filter((name) => options[name] !== undefined);
  return { ...kind, ...Object.fromEntries(said.map((name) => [name, options[name]])) };
}
