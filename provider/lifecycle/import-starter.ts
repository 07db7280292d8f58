import type { ScpClient } from "../api/client";
import { isConflict } from "../api/errors";
import type { Image } from "../api/images";
import type { Clock } from "./clock";
import { ImageError } from "./image-error";

interface Services {
  client: ScpClient;
  clock: Clock;
}

/** How many imports are started before a file is taken for one that cannot be imported. */
export const maxImportAttempts = 3;

/** How long a new record is left to start its import by itself, in milliseconds since it was created. */
const autoStartGrace = 3_000;

/** How long an accepted import may stay `queued` before it is asked about again, in milliseconds; more after each asking. */
const settle = 1_000;

/**
 * Starts an image's import where nothing else does.
 *
 * `queued` does not tell whether an import has not started, has been accepted, or has failed: a failed one falls back to it,
 * sometimes too fast to be seen. The import operation itself tells them apart: on a queued image, a conflict says that an
 * import is under way, and an acceptance that none was.
 */
export class ImportStarter {
  /** Imports that were accepted, so that none was under way when they were asked for. */
  private accepted = 0;
  /** How often `queued` was answered with a conflict: an import is said to be under way. */
  private conflicts = 0;
  private askAt?: number;

  constructor(
    private readonly imageId: string,
    private readonly url: string,
    private readonly services: Services,
  ) {}

  /**
   * Starts the import of an image that was seen `queued`, when it is time to.
   * @throws ScpError of the service; ImageError when imports keep failing
   */
  async startIfDue(image: Image): Promise<void> {
    if (this.services.clock.now() >= (this.askAt ??= this.firstAsk(image))) {
      await this.start().finally(() => {
        this.askAt = this.services.clock.now() + settle * 2 ** Math.min(5, this.accepted + this.conflicts);
      });
    }
  }

  /** What is known of an image that is queued still: a sentence. */
  told(): string {
    return this.conflicts > 0
      ? " It is queued, but an import is said to be under way."
      : ` It is queued; ${this.accepted} imports were started.`;
  }

  /** A new record may be about to start by itself; one that has been queued for longer is waiting for us. */
  private firstAsk(image: Image): number {
    const { client, clock } = this.services;
    const created = Date.parse(image.createdAt ?? "");
    const age = Number.isNaN(created) ? autoStartGrace : Math.max(0, client.serverNow() - created);
    return clock.now() + Math.max(0, autoStartGrace - age);
  }

  private async start(): Promise<void> {
    if (this.accepted >= maxImportAttempts) {
      throw this.keepsFailing();
    }
    try {
      await this.services.client.importImage(this.imageId, this.url);
      this.accepted += 1;
    } catch (error) {
      if (!isConflict(error)) {
        throw error;
      }
      this.conflicts += 1;
    }
  }

  private keepsFailing(): ImageError {
    return new ImageError(
      `Image ${this.imageId} fell back to queued after each of ${this.accepted} imports from ${this.url}. The service does not say why. ` +
        "Usual reasons: the object does not exist or is not public (its own ACL must be public-read), it is in another region or " +
        "account, or the file is not a sound qcow2 (a backing file is refused). Mend that and run pulumi up again: it goes on with the same image.",
    );
  }
}
