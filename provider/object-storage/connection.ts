import { setTimeout as delay } from "node:timers/promises";
import type { S3Client } from "@aws-sdk/client-s3";
import { asStorageError } from "./answers";
import { loadLibraries, newClient, type Libraries, type Sdk } from "./clients";
import { failedAs, isTransient } from "./errors";
import { checkEndpoint, defaultPatience, type ObjectStoreSettings, type StoragePatience } from "./settings";

/** One request. */
export interface StorageCall<T> {
  /** The operation, as the beginning of a sentence for messages. */
  operation: string;
  send: (client: S3Client, sdk: Sdk, options: { abortSignal?: AbortSignal }) => Promise<T>;
  signal?: AbortSignal;
  /** Whether it is tried once only: who calls looks what became of it before it is sent again. */
  once?: true;
  /** Whether the service may be silent for long while it works. */
  slow?: true;
}

/** All of this room's input and output to the service: the SDK's clients, retries, and one kind of error. */
export class Connection {
  readonly patience: StoragePatience;
  private libraries?: Promise<Libraries>;
  private readonly clients = new Map<boolean, S3Client>();

  constructor(
    private readonly settings: ObjectStoreSettings,
    patience: Partial<StoragePatience> = {},
  ) {
    this.patience = { ...defaultPatience, ...patience };
    checkEndpoint(settings.endpoint);
  }

  /** @throws ObjectStorageError */
  async send<T>(call: StorageCall<T>): Promise<T> {
    // The SDK takes long to load: only who needs Object Storage pays for it.
    const libraries = await (this.libraries ??= loadLibraries());
    const client = this.client(libraries, call.slow === true);
    const attempt = async () => {
      try {
        return await call.send(client, libraries.sdk, { abortSignal: call.signal });
      } catch (error) {
        throw asStorageError(error, call.operation, this.settings, call.signal);
      }
    };
    return call.once === true ? attempt() : this.retried(attempt, call.signal);
  }

  /** Tries again what failed for now. The SDK's own retries are off, so that there is one place that decides. */
  async retried<T>(attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { attempts, initialBackoff, maxBackoff } = this.patience;
    for (let tries = 1; ; tries++) {
      try {
        return await attempt();
      } catch (error) {
        // After an answer that complains about the clock, the SDK signs with the service's time.
        if (tries >= attempts || !(isTransient(error) || (failedAs(error, "clock") && tries === 1))) {
          throw error;
        }
      }
      const ceiling = Math.min(maxBackoff, initialBackoff * 2 ** (tries - 1));
      // Cancelled in the pause: the next try says so.
      await delay(ceiling * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
    }
  }

  /** Closes the connections that are kept open. */
  close(): void {
    this.clients.forEach((client) => {
      client.destroy();
    });
    this.clients.clear();
  }

  private client(libraries: Libraries, slow: boolean): S3Client {
    const { silence, completeSilence, connectTimeout } = this.patience;
    const known = this.clients.get(slow);
    const client =
      known ??
      newClient(libraries, this.settings, { connectTimeout, silence: slow ? completeSilence : silence });
    this.clients.set(slow, client);
    return client;
  }
}
