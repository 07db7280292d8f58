import type { dynamic } from "@pulumi/pulumi";
import { ScpClient } from "../api/client";
import type { Patience } from "../api/http";
import { findSettings, type Settings, type Surroundings } from "../api/settings";
import { checkExpectedAccount } from "./accounts";
import { ImageHolders } from "./holders";
import { OrphanFinder } from "./orphans";
import { systemClock, type Clock } from "./clock";
import { engineProgress, type Progress } from "./progress";
import { ImageWatch } from "./poller";

/** What the hooks of a resource work with. */
export interface Cloud {
  clock: Clock;
  progress: Progress;
  /**
   * The settings for a resource that states these itself.
   * @throws SettingsError
   */
  settings: (own: OwnSettings) => Settings;
  /**
   * What works for a resource's place. Asks the service nothing.
   * @throws SettingsError
   */
  at: (own: OwnSettings) => CloudPlace;
  /**
   * The same, when the keys are known to be of the account that `scp:accountId` states.
   * @throws SettingsError; ImageError
   */
  open: (own: OwnSettings) => Promise<CloudPlace>;
}

export interface CloudPlace {
  client: ScpClient;
  clock: Clock;
  /** The one watch over everything that waits. */
  watch: ImageWatch;
  holders: ImageHolders;
  orphans: OrphanFinder;
  /** Images that this run created or adopted, and whether they carry the creation tag. */
  created: Map<string, { tagged: boolean }>;
  warn: (text: string) => void;
  /** Says something once a run. */
  warnOnce: (topic: string, text: string) => void;
}

/** The settings that a resource can state among its properties. */
export interface OwnSettings {
  region?: unknown;
  environment?: unknown;
}

/** The cloud as the surroundings say it is. Clients are kept, so that connections and the watch are shared. */
export function cloudIn(
  surroundings: Surroundings,
  clock: Clock,
  progress: Progress,
  patience: Partial<Patience> = {},
): Cloud {
  const places = new Map<string, CloudPlace & { checked?: Promise<void> }>();
  const settings = ({ region, environment }: OwnSettings) =>
    findSettings({
      ...surroundings,
      own: {
        region: asText(region) ?? surroundings.own?.region,
        environment: asText(environment) ?? surroundings.own?.environment,
      },
    });
  const at = (own: OwnSettings) => {
    const found = settings(own);
    const key = JSON.stringify(found);
    let place = places.get(key);
    if (place === undefined) {
      place = placeFor(new ScpClient(found, patience, clock.now), clock);
      found.warnings.forEach(place.warn);
      places.set(key, place);
    }
    return place;
  };
  return {
    clock,
    progress,
    settings,
    at,
    async open(own) {
      const place = at(own);
      place.checked ??= checkExpectedAccount(place.client).catch((error: unknown) => {
        place.checked = undefined; // A failure is not kept: the next call asks again.
        throw error;
      });
      await place.checked;
      return place;
    },
  };
}

/** What works for a place, with nothing known yet. */
export function placeFor(client: ScpClient, clock: Clock): CloudPlace & { checked?: Promise<void> } {
  const said = new Set<string>();
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
    watch: new ImageWatch(client, clock),
    holders: new ImageHolders(),
    orphans: new OrphanFinder({ client, warnOnce }),
    created: new Map(),
    warn,
    warnOnce,
  };
}

let stackCloud: Cloud | undefined;
let configured = false;

/**
 * Called by Pulumi with the stack's configuration before any other hook; by every resource type, since each brings a provider
 * of its own. The configuration is the same each time, and the first cloud stays: what it knows of the run, and how many requests
 * it has under way, is of all types together. It waits for nothing: a first call may already run beside it.
 */
export function configure({ config }: dynamic.ConfigureRequest): Promise<void> {
  if (!configured) {
    configured = true;
    stackCloud = cloudIn({ config: (key) => config.get(key) }, systemClock, engineProgress());
  }
  return Promise.resolve();
}

/** The cloud of the stack that this process works for. */
export const cloudOfStack: Cloud = {
  clock: systemClock,
  get progress() {
    return current().progress;
  },
  settings: (own) => current().settings(own),
  at: (own) => current().at(own),
  open: (own) => current().open(own),
};

/** Without configuration, from a Pulumi that calls no configure, the environment and the vendor's files still count. */
function current(): Cloud {
  stackCloud ??= cloudIn({}, systemClock, engineProgress());
  return stackCloud;
}

function asText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
