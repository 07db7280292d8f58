import type { ScpClient } from "../api/client";
import { isNotFound, isTransient, ScpError } from "../api/errors";
import type { Image } from "../api/images";
import { parseDuration } from "../schema/kinds";
import { shownAfter } from "./gone";
import type { Clock } from "./clock";
import { ImageError } from "./image-error";
import { ImportStarter } from "./import-starter";
import { duration, tally, type Progress, type Waiting } from "./progress";
import type { ImagePoller, PollResult } from "./poller";

export interface WaitOptions {
  imageId: string;
  /** Where the image's file is, for when the import must be started. Without it none is: the image comes to be by itself. */
  url?: string;
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

/** How long an image may take to become active when the program does not say, in milliseconds. */
const defaultTimeout = 2 * 60 * 60_000;

/** How long a program lets an image take to become active, in milliseconds. */
export function createTimeout({ timeouts }: { timeouts?: { create?: string } }): number {
  return parseDuration(timeouts?.create) ?? defaultTimeout;
}

/**
 * Waits until an image is active, starting its import where it has one and nothing else does.
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
  private readonly starter?: ImportStarter;

  constructor(
    private readonly options: WaitOptions,
    private readonly services: Services,
    private readonly waiting: Waiting,
  ) {
    const { imageId, url } = options;
    this.starter = url === undefined ? undefined : new ImportStarter(imageId, url, services);
  }

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
      if (image?.status === "queued") {
        this.trouble = await this.starter
          ?.startIfDue(image)
          .then(() => undefined)
          .catch((error: unknown) => (isTransient(error) ? error : this.notShownYet(error)));
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

  private tooLate(): ImageTimeout {
    const { imageId, timeout } = this.options;
    const queued = this.waiting.status === "queued" ? (this.starter?.told() ?? "") : "";
    const trouble = this.trouble === undefined ? "" : ` The last poll failed: ${this.trouble.message}`;
    return new ImageTimeout(
      `Image ${imageId} is not active after ${duration(timeout)}. Seen: ${tally(this.seen)}.${queued}${trouble} ` +
        "Run pulumi up again to go on waiting for the same image, or give it more time with timeouts: { create: … }.",
    );
  }
}
