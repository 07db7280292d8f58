import type { ScpClient } from "../api/client";
import { isConflict, isNotFound, isTransient, ScpError } from "../api/errors";
import type { Image } from "../api/images";
import { shownAfter } from "./gone";
import type { Clock } from "./clock";
import { ImageError } from "./image-error";
import { duration, tally, type Progress, type Waiting } from "./progress";
import type { ImagePoller, PollResult } from "./poller";

export interface WaitOptions {
  imageId: string;
  /** Where the image's file is, for when the import must be started. */
  url: string;
  /** How long to wait in all, in milliseconds. */
  timeout: number;
  /** Whether the image was created so lately that the service may not show it yet. */
  mayNotBeShownYet?: boolean;
}

interface Services {
  client: ScpClient;
  poller: ImagePoller;
  clock: Clock;
  progress: Progress;
}

/** The time is up, and the import may be under way still. */
export class ImageTimeout extends ImageError {}

/** States that an image never leaves for `active` by itself. */
const terminalStates: Record<string, string> = {
  killed: "the service gave the image up",
  deleted: "the image was deleted",
  pending_delete: "the image is being deleted",
  deactivated: "an operator deactivated the image; ask the provider's support to reactivate it",
};

/** How many imports are started before a file is taken for one that cannot be imported. */
export const maxImportAttempts = 3;

/** How long a new record is left to start its import by itself, in milliseconds since it was created. */
const autoStartGrace = 3_000;

/** How long an accepted import may stay `queued` before it is asked about again, in milliseconds; more after each asking. */
const settle = 1_000;

/**
 * Waits until an image is active, starting its import where nothing else does.
 *
 * `queued` does not tell whether an import has not started, has been accepted, or has failed: a failed one falls back to it,
 * sometimes too fast to be seen. The import operation itself tells them apart: on a queued image, a conflict says that an
 * import is under way, and an acceptance that none was.
 *
 * @throws ScpError of the service; ImageError when the image ends otherwise, when imports keep failing, or at the deadline
 */
export async function waitForActive(options: WaitOptions, services: Services): Promise<Image> {
  const { clock, progress } = services;
  const waiting: Waiting = { name: options.imageId, status: "queued", since: clock.now() };
  const done = progress.show(waiting);
  try {
    return await new Waiter(options, services, waiting).run();
  } finally {
    done();
  }
}

class Waiter {
  private readonly seen: string[] = [];
  private trouble?: ScpError;
  /** Imports that were accepted, so that none was under way when they were asked for. */
  private accepted = 0;
  /** How often `queued` was answered with a conflict: an import is said to be under way. */
  private conflicts = 0;
  private askAt?: number;

  constructor(
    private readonly options: WaitOptions,
    private readonly services: Services,
    private readonly waiting: Waiting,
  ) {}

  async run(): Promise<Image> {
    const { poller, clock } = this.services;
    const { imageId, timeout } = this.options;
    for (;;) {
      const image = this.evaluate(
        await poller.next(imageId, this.waiting.since).catch((error: unknown) => this.notShownYet(error)),
      );
      if (image?.status === "active") {
        return image;
      }
      if (image?.status === "queued" && clock.now() >= (this.askAt ??= this.firstAsk(image))) {
        await this.startImport();
      }
      if (clock.now() - this.waiting.since >= timeout) {
        throw this.tooLate();
      }
    }
  }

  /** A 404 in the first moments after the creation is passing trouble. */
  private notShownYet(error: unknown): ScpError {
    const waited = this.services.clock.now() - this.waiting.since;
    if (this.options.mayNotBeShownYet === true && isNotFound(error) && waited < shownAfter) {
      return error;
    }
    throw error;
  }

  /** Notes what was seen, and gives the image where one was. Throws where waiting has become pointless. */
  private evaluate(result: PollResult): Image | undefined {
    if (result instanceof ScpError) {
      this.trouble = result;
      this.seen.push("without an answer");
      return undefined;
    }
    this.trouble = undefined;
    this.seen.push(result.status);
    this.waiting.name = `"${result.name}"`;
    this.waiting.status = result.status;
    const end = terminalStates[result.status];
    if (end !== undefined) {
      throw new ImageError(
        `Image ${result.id} (${result.name}) is ${result.status} and will not become active: ${end}.`,
      );
    }
    return result;
  }

  /** A new record may be about to start by itself; one that has been queued for longer is waiting for us. */
  private firstAsk(image: Image): number {
    const { client, clock } = this.services;
    const created = Date.parse(image.createdAt ?? "");
    const age = Number.isNaN(created) ? autoStartGrace : Math.max(0, client.serverNow() - created);
    return clock.now() + Math.max(0, autoStartGrace - age);
  }

  private async startImport(): Promise<void> {
    const { client, clock } = this.services;
    if (this.accepted >= maxImportAttempts) {
      throw this.keepsFailing();
    }
    try {
      await client.importImage(this.options.imageId, this.options.url);
      this.accepted += 1;
    } catch (error) {
      if (isConflict(error)) {
        this.conflicts += 1;
      } else if (isTransient(error)) {
        this.trouble = error;
      } else {
        this.trouble = this.notShownYet(error);
      }
    }
    this.askAt = clock.now() + settle * 2 ** Math.min(5, this.accepted + this.conflicts);
  }

  private keepsFailing(): ImageError {
    const { imageId, url } = this.options;
    return new ImageError(
      `Image ${imageId} fell back to queued after each of ${this.accepted} imports from ${url}. The service does not say why. ` +
        "Usual reasons: the object does not exist or is not public (its own ACL must be public-read), it is in another region or " +
        "account, or the file is not a sound qcow2 (a backing file is refused). Mend that and run pulumi up again: it goes on with the same image.",
    );
  }

  private tooLate(): ImageTimeout {
    const { imageId, timeout } = this.options;
    const queued =
      this.waiting.status !== "queued"
        ? ""
        : this.conflicts > 0
          ? " It is queued, but an import is said to be under way."
          : ` It is queued; ${this.accepted} imports were started.`;
    const trouble = this.trouble === undefined ? "" : ` The last poll failed: ${this.trouble.message}`;
    return new ImageTimeout(
      `Image ${imageId} is not active after ${duration(timeout)}. Seen: ${tally(this.seen)}.${queued}${trouble} ` +
        "Run pulumi up again to go on waiting for the same image, or give it more time with timeouts: { create: … }.",
    );
  }
}
