import type { dynamic } from "@pulumi/pulumi";
import { ScpClient } from "../api/client";
import type { Patience } from "../api/http";
import { findSettings, type Settings, type Surroundings } from "../api/settings";
import { systemClock, type Clock } from "./clock";
import { Marks } from "./marks";
import { engineProgress, type Progress } from "./progress";
import { ImageWatch } from "./watch";

/** What the hooks of a resource work with. */
export interface Cloud {
  clock: Clock;
  progress: Progress;
  /**
   * The settings for a resource that states these itself.
   * @throws SettingsError
   */
  settings: (own: OwnSettings) => Settings;
  /** What works for a resource's place. */
  at: (own: OwnSettings) => CloudPlace;
}

export interface CloudPlace {
  client: ScpClient;
  /** The one watch over everything that waits. */
  watch: ImageWatch;
  marks: Marks;
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
  const places = new Map<string, CloudPlace>();
  const settings = ({ region, environment }: OwnSettings) =>
    findSettings({
      ...surroundings,
      own: {
        region: asText(region) ?? surroundings.own?.region,
        environment: asText(environment) ?? surroundings.own?.environment,
      },
    });
  return {
    clock,
    progress,
    settings,
    at(own) {
      const found = settings(own);
      const key = JSON.stringify(found);
      let place = places.get(key);
      if (place === undefined) {
        found.warnings.forEach((warning) => {
          console.warn(warning);
        });
        const client = new ScpClient(found, patience, clock.now);
        place = { client, watch: new ImageWatch(client, clock), marks: new Marks(client) };
        places.set(key, place);
      }
      return place;
    },
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
};

/** Without configuration, from a Pulumi that calls no configure, the environment and the vendor's files still count. */
function current(): Cloud {
  stackCloud ??= cloudIn({}, systemClock, engineProgress());
  return stackCloud;
}

function asText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
