import { ScpClient } from "../api/client";
import type { RetryPolicy } from "../api/http";
import { objectStorageUrl } from "../api/regions";
import type { SettingSources } from "../api/resolver";
import { findSettings, hasKeys, profilesOf, SettingsError, type Settings } from "../api/settings";
import { FileDigests } from "../file/digest-cache";
import { ObjectStore } from "../object-storage/store";
import { checkExpectedAccount, refusalOfKeys } from "./accounts";
import { Entries } from "./pipeline/entries";
import { ImageHolders } from "./holders";
import { Memberships } from "./sharing/memberships";
import { OrphanFinder } from "./orphans";
import type { Clock } from "./clock";
import type { Progress } from "./progress";
import { ImagePoller } from "./poller";
import { ImageReader } from "./reader";
import { ObjectDesk, StagedObjects } from "./source/staging";

/** What the life of a resource works with, in one run. */
export interface ProviderContext {
  clock: Clock;
  progress: Progress;
  /** What is known of files on this machine. */
  digests: FileDigests;
  /**
   * The settings for a resource that states some of them itself.
   * @throws SettingsError
   */
  settings: (overrides: Overrides) => Settings;
  /**
   * What works for a resource's location. Asks the service nothing.
   * @throws SettingsError
   */
  locate: (overrides: Overrides) => Location;
  /**
   * The same, when the keys are known to be of the account that `scp:accountId` states.
   * @throws SettingsError; ImageError
   */
  open: (overrides: Overrides) => Promise<Location>;
  program: RunProgram;
  /** Every account that is configured, or that this run has worked with. */
  accounts: () => Accounts;
}

/** What is known of the program of a run. */
export interface RunProgram {
  /** Whether it has declared anything. `pulumi destroy` runs none. */
  isSeen: boolean;
}

/** Where to look for what the whole stack may have left. */
export interface Accounts {
  /** One location of each account. */
  found: Location[];
  /** Whose keys cannot be used, and why. */
  left: string[];
}

/** A region of an environment, with what this run knows of it. */
export interface Location {
  client: ScpClient;
  clock: Clock;
  /** The one poller of everything that is waited for. */
  poller: ImagePoller;
  /** Reads of many images at little cost. */
  reader: ImageReader;
  holders: ImageHolders;
  /** What this run knows of the entries of pipelines. */
  entries: Entries;
  program: RunProgram;
  /** What the program says of images and the accounts that they are shared with. */
  memberships: Memberships;
  orphans: OrphanFinder;
  /** Says that the service does not accept the keys. Asked once a run. */
  refusalOfKeys: () => Promise<string | undefined>;
  /** Objects that were uploaded for images. */
  staging: StagedObjects;
  /** Images that this run created or took over, and whether they carry the creation tag. */
  created: Map<string, { tagged: boolean }>;
  /** The inputs before of records that check has seen in this run, by origin. */
  checked: Map<string, { protected?: boolean; retainOnDelete?: boolean }>;
  warn: (text: string) => void;
  /** Says something once a run. */
  warnOnce: (topic: string, text: string) => void;
}

/** The settings that a resource can state among its properties. */
export interface Overrides {
  region?: unknown;
  environment?: unknown;
  profile?: unknown;
}

/** The context that these sources of settings describe. Clients are kept, so that connections and the poller are shared. */
export function createContext(
  sources: SettingSources,
  clock: Clock,
  progress: Progress,
  retryPolicy: Partial<RetryPolicy> = {},
): ProviderContext {
  const digests = new FileDigests();
  const locations = new Map<string, Location & { account?: Promise<void> }>();
  const shared: Shared = nothingKnown();
  const settings = ({ region, environment, profile }: Overrides) =>
    findSettings({
      ...sources,
      profile: asText(profile) ?? sources.profile,
      overrides: {
        region: asText(region) ?? sources.overrides?.region,
        environment: asText(environment) ?? sources.overrides?.environment,
      },
    });
  const locate = (overrides: Overrides) => {
    const found = settings(overrides);
    const key = JSON.stringify(found);
    let location = locations.get(key);
    if (location === undefined) {
      location = createLocation(new ScpClient(found, retryPolicy, clock.now), { clock, progress }, shared);
      found.warnings.forEach(location.warn);
      locations.set(key, location);
    }
    return location;
  };
  return {
    clock,
    progress,
    digests,
    settings,
    locate,
    program: shared.program,
    async open(overrides) {
      const location = locate(overrides);
      location.account ??= checkExpectedAccount(location.client).catch((error: unknown) => {
        location.account = undefined; // A failure is not kept: the next call asks again.
        throw error;
      });
      await location.account;
      return location;
    },
    accounts: () => accountsOf(sources, locate, [...locations.values()]),
  };
}

/** By their keys: an account is asked once, wherever its images are. */
function accountsOf(
  sources: SettingSources,
  locate: ProviderContext["locate"],
  used: readonly Location[],
): Accounts {
  const found = new Map(used.map((location) => [keysOf(location), location]));
  const isUsed = (profile?: string) => used.some(({ client }) => client.settings.profile === profile);
  const left: string[] = [];
  for (const profile of [undefined, ...profilesOf(sources)].filter((one) => !isUsed(one))) {
    try {
      if (profile !== undefined || hasKeys(sources)) {
        const location = locate({ profile });
        found.set(keysOf(location), location);
      }
    } catch (error) {
      if (!(error instanceof SettingsError)) {
        throw error;
      }
      left.push(...error.problems);
    }
  }
  return { found: [...found.values()], left };
}

function keysOf({ client }: Location): string {
  const { accessKey, environment, endpoint } = client.settings;
  return JSON.stringify([accessKey, environment, endpoint]);
}

/**
 * What all locations of a run know together: one program may have images in several regions, of several accounts, and of one account by
 * several keys. Ids of images and places of objects are nobody else's, whatever the account.
 */
interface Shared {
  holders: ImageHolders;
  entries: Entries;
  program: RunProgram;
  memberships: Memberships;
  /** The ids of the images that were told as left by a killed run. */
  told: Set<string>;
  /** The tags of the images that the run creates. */
  ownTags: Set<string>;
  objects: ObjectDesk;
  created: Location["created"];
  checked: Location["checked"];
}

const nothingKnown = (): Shared => ({
  holders: new ImageHolders(),
  entries: new Entries(),
  program: { isSeen: false },
  memberships: new Memberships(),
  told: new Set(),
  ownTags: new Set(),
  objects: new ObjectDesk(),
  created: new Map(),
  checked: new Map(),
});

/** What works for a location, with nothing known yet. */
export function createLocation(
  client: ScpClient,
  { clock, progress }: Pick<ProviderContext, "clock" | "progress">,
  shared: Shared = nothingKnown(),
): Location & { account?: Promise<void> } {
  const said = new Set<string>();
  let refusal: Promise<string | undefined> | undefined;
  const warn = (text: string) => {
    console.warn(text);
  };
  const warnOnce = (topic: string, text: string) => {
    if (!said.has(topic)) {
      said.add(topic);
      warn(text);
    }
  };
  return {
    client,
    clock,
    poller: new ImagePoller(client, clock),
    reader: new ImageReader(client, clock),
    holders: shared.holders,
    entries: shared.entries,
    program: shared.program,
    memberships: shared.memberships,
    orphans: new OrphanFinder({ client, ...shared, warn, warnOnce }),
    refusalOfKeys: () => (refusal ??= refusalOfKeys(client)),
    staging: new StagedObjects(
      { store: objectStoreOf(client.settings), clock, progress, warn },
      shared.objects,
    ),
    created: shared.created,
    checked: shared.checked,
    warn,
    warnOnce,
  };
}

/** The account's Object Storage in the region of these settings. */
export function objectStoreOf(settings: Settings): ObjectStore {
  const { objectStorageEndpoint, endpoint = objectStorageUrl(settings) } = settings;
  const { region, accessKey, secretKey } = settings;
  return new ObjectStore({ endpoint: objectStorageEndpoint ?? endpoint, region, accessKey, secretKey });
}

function asText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
