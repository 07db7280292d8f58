import type { ScpClient } from "../api/client";
import { isTransient, ScpError } from "../api/errors";
import type { Image } from "../api/images";
import type { Clock } from "./clock";

/** What a look at an image gave: the image, or the passing trouble that hindered the look. */
export type Sight = Image | ScpError;

interface Watcher {
  /** When the watching began, which sets how often to look. */
  since: number;
  /** When to look next. */
  due: number;
  seen: (sight: Sight) => void;
  failed: (error: unknown) => void;
}

const shortestPause = 200;
const longestPause = 30_000;

/**
 * How long to wait for the next look, in milliseconds, after having waited this long already: short imports are noticed
 * promptly, long ones cost few calls, and in both the delay is a small part of the time that the import took.
 */
export function lookPause(waited: number): number {
  return Math.min(longestPause, Math.max(shortestPause, waited * 0.04));
}

/** From how many images on one list is cheaper than a look at each. */
const listFrom = 3;

/**
 * One watch over all images that this process waits for: however many they are, a look at them costs one call as long as they
 * are among the newest, and it is taken when the most impatient one is due.
 */
export class ImageWatch {
  private readonly watchers = new Map<string, Set<Watcher>>();
  /** Images that will be waited for, and how they looked once they were active. */
  private readonly expected = new Map<string, Image | undefined>();
  private running = false;

  constructor(
    private readonly client: Pick<ScpClient, "showImage" | "listImages">,
    private readonly clock: Clock,
  ) {}

  /**
   * Says that an image will be waited for. A deployment waits for only so many at once, but a list shows them all: of those that
   * are active by the time their turn comes, none costs a call, or a pause.
   */
  expect(id: string): void {
    this.expected.set(id, undefined);
  }

  /** The next sight of an image that has been waited for since then. Rejects when looking has become pointless: gone, refused. */
  next(id: string, since: number): Promise<Sight> {
    const active = this.expected.get(id);
    this.expected.delete(id);
    if (active !== undefined) {
      return Promise.resolve(active);
    }
    return new Promise((seen, failed) => {
      const due = this.clock.now() + lookPause(this.clock.now() - since);
      const watchers = this.watchers.get(id) ?? new Set();
      this.watchers.set(id, watchers.add({ since, due, seen, failed }));
      void this.run();
    });
  }

  private async run(): Promise<void> {
    if (this.running) {
      return;
    }
    this.running = true;
    while (this.watchers.size > 0) {
      const due = Math.min(...[...this.all()].map((watcher) => watcher.due));
      const wait = due - this.clock.now();
      if (wait > 0) {
        // Never long at once: who comes in the meantime may be due earlier.
        await this.clock.sleep(Math.min(wait, shortestPause));
      } else {
        await this.look();
      }
    }
    this.running = false;
  }

  private *all(): Generator<Watcher> {
    for (const watchers of this.watchers.values()) {
      yield* watchers;
    }
  }

  /** Looks at all that are due; in passing, at all others that the same answer shows. */
  private async look(): Promise<void> {
    const now = this.clock.now();
    const due = [...this.watchers].filter(([, watchers]) =>
      [...watchers].some((watcher) => watcher.due <= now),
    );
    const many = this.watchers.size + this.expected.size >= listFrom;
    const listed = many ? await this.list() : new Map<string, Sight>();
    for (const [id, sight] of listed) {
      this.tell(id, (watcher) => {
        watcher.seen(sight);
      });
    }
    await Promise.all(due.filter(([id]) => !listed.has(id)).map(([id]) => this.show(id)));
  }

  /**
   * The newest images, as far as they are watched. Passing trouble with the list counts as seen for all: looking at each by
   * itself would only add to it. Where the list is not allowed, each is looked at by itself.
   */
  private async list(): Promise<Map<string, Sight>> {
    const limit = Math.min(1000, 2 * (this.watchers.size + this.expected.size) + 20);
    try {
      const images = await this.client.listImages({ limit, sort: "created_at:desc" });
      images
        .filter(({ id, status }) => status === "active" && this.expected.has(id))
        .forEach((image) => this.expected.set(image.id, image));
      return new Map(images.filter(({ id }) => this.watchers.has(id)).map((image) => [image.id, image]));
    } catch (error) {
      return new Map(isTransient(error) ? [...this.watchers.keys()].map((id) => [id, error]) : []);
    }
  }

  private async show(id: string): Promise<void> {
    try {
      const image = await this.client.showImage(id);
      this.tell(id, (watcher) => {
        watcher.seen(image);
      });
    } catch (error) {
      this.tell(id, (watcher) => {
        if (isTransient(error)) {
          watcher.seen(error);
        } else {
          watcher.failed(error);
        }
      });
    }
  }

  private tell(id: string, message: (watcher: Watcher) => void): void {
    const watchers = this.watchers.get(id) ?? new Set<Watcher>();
    this.watchers.delete(id);
    watchers.forEach(message);
  }
}
