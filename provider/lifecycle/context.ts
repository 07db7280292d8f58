import { ScpClient } from "../api/client";
import type { RetryPolicy } from "../api/http";
import { objectStorageUrl } from "../api/regions";
import type { SettingSources } from "../api/resolver";
import { findSettings, type Settings } from "../api/settings";
import { FileDigests } from "../file/digest-cache";
import { ObjectStore } from "../object-storage/store";
import { checkExpectedAccount, refusalOfKeys } from "./accounts";
import { ImageHolders } from "./holders";
import { Memberships } from "./memberships";
import { OrphanFinder } from "./orphans";
import type { Clock } from "./clock";
import type { Progress } from "./progress";
import { ImagePoller } from "./poller";
import { ImageReader } from "./reader";
import { StagedObjects } from "./staging";

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
    async open(overrides) {
      const location = locate(overrides);
      location.account ??= checkExpectedAccount(location.client).catch((error: unknown) => {
        location.account = undefined; // A failure is not kept: the next call asks again.
        throw error;
      });
      await location.account;
      return location;
    },
  };
}

/** What all locations of a run know together: one program may have images in several regions. */
interface Shared {
  holders: ImageHolders;
  memberships: Memberships;
  /** The ids of the images that were told as left by a killed run. */
  told: Set<string>;
  /** The tags of the images that the run creates. */
  ownTags: Set<string>;
}

const nothingKnown = (): Shared => ({
  holders: new ImageHolders(),
  memberships: new Memberships(),
  told: new Set(),
  ownTags: new Set(),
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
    memberships: shared.memberships,
    orphans: new OrphanFinder({ client, ...shared, warn, warnOnce }),
    refusalOfKeys: () => (refusal ??= refusalOfKeys(client)),
    staging: new StagedObjects({ store: objectStoreOf(client.settings), clock, progress, warn }),
    created: new Map(),
    checked: new Map(),
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
