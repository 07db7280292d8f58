import type { ScpClient } from "../api/client";
import { isTransient, ScpError } from "../api/errors";
import type { Image } from "../api/images";
import type { Clock } from "./clock";

/** What a poll of an image gave: the image, or the passing trouble that hindered it. */
export type PollResult = Image | ScpError;

interface Subscriber {
  /** When the polling began, which sets how often to poll. */
  since: number;
  /** When to poll next. */
  due: number;
  seen: (result: PollResult) => void;
  failed: (error: unknown) => void;
}

const shortestInterval = 200;
const longestInterval = 30_000;

/**
 * How long to wait for the next poll, in milliseconds, after having waited this long already: short imports are noticed
 * promptly, long ones cost few calls, and in both the delay is a small part of the time that the import took.
 */
export function pollInterval(waited: number): number {
  return Math.min(longestInterval, Math.max(shortestInterval, waited * 0.04));
}

/** How long lists alone are believed that say that an image is not active, in milliseconds. */
const listTrusted = 90_000;

/** From how many images on one list is cheaper than a poll of each. */
const listFrom = 3;

/**
 * One poller of all images that this process waits for: however many they are, a poll of them costs one call as long as they
 * are among the newest, and it is taken when the most impatient one is due.
 */
export class ImagePoller {
  private readonly subscribers = new Map<string, Set<Subscriber>>();
  /** Images that will be waited for, and how they looked once they were active. */
  private readonly expected = new Map<string, Image | undefined>();
  /** By an image's id, since when nothing but lists has told of it. */
  private readonly listedSince = new Map<string, number>();
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

  /** The next result of an image that has been waited for since then. Rejects when polling has become pointless: gone, refused. */
  next(id: string, since: number): Promise<PollResult> {
    const active = this.expected.get(id);
    this.expected.delete(id);
    if (active !== undefined) {
      return Promise.resolve(active);
    }
    return new Promise((seen, failed) => {
      const due = this.clock.now() + pollInterval(this.clock.now() - since);
      const subscribers = this.subscribers.get(id) ?? new Set();
      this.subscribers.set(id, subscribers.add({ since, due, seen, failed }));
      void this.run();
    });
  }

  private async run(): Promise<void> {
    if (this.running) {
      return;
    }
    this.running = true;
    while (this.subscribers.size > 0) {
      const due = Math.min(...[...this.all()].map((subscriber) => subscriber.due));
      const wait = due - this.clock.now();
      if (wait > 0) {
        // Never long at once: who comes in the meantime may be due earlier.
        await this.clock.sleep(Math.min(wait, shortestInterval));
      } else {
        await this.poll();
      }
    }
    this.running = false;
  }

  private *all(): Generator<Subscriber> {
    for (const subscribers of this.subscribers.values()) {
      yield* subscribers;
    }
  }

  /** Polls all that are due; in passing, at all others that the same answer shows. */
  private async poll(): Promise<void> {
    const now = this.clock.now();
    const due = [...this.subscribers].filter(([, subscribers]) =>
      [...subscribers].some((subscriber) => subscriber.due <= now),
    );
    const many = this.subscribers.size + this.expected.size >= listFrom;
    const listed = many ? await this.list() : new Map<string, PollResult>();
    for (const [id] of due) {
      if (this.isListTooLong(id, listed.get(id), now)) {
        listed.delete(id);
      }
    }
    for (const [id, result] of listed) {
      this.tell(id, (subscriber) => {
        subscriber.seen(result);
      });
    }
    await Promise.all(due.filter(([id]) => !listed.has(id)).map(([id]) => this.show(id)));
  }

  /** Whether an image is to be shown by itself for once: a list may be out of date, or not answer, for as long as it likes. */
  private isListTooLong(id: string, result: PollResult | undefined, now: number): boolean {
    const since = this.listedSince.get(id) ?? now;
    const isActive = !(result instanceof ScpError) && result?.status === "active";
    const tooLong = !isActive && now - since >= listTrusted;
    this.listedSince.set(id, tooLong ? now : since);
    return tooLong;
  }

  /**
   * The newest images, as far as they are polled. Passing trouble with the list counts as seen for all: polling each by
   * itself would only add to it. Where the list is not allowed, each is polled by itself.
   */
  private async list(): Promise<Map<string, PollResult>> {
    const limit = Math.min(1000, 2 * (this.subscribers.size + this.expected.size) + 20);
    try {
      const images = await this.client.listImages({ limit, sort: "created_at:desc" });
      images
        .filter(({ id, status }) => status === "active" && this.expected.has(id))
        .forEach((image) => this.expected.set(image.id, image));
      return new Map(images.filter(({ id }) => this.subscribers.has(id)).map((image) => [image.id, image]));
    } catch (error) {
      return new Map(isTransient(error) ? [...this.subscribers.keys()].map((id) => [id, error]) : []);
    }
  }

  private async show(id: string): Promise<void> {
    try {
      const image = await this.client.showImage(id);
      this.tell(id, (subscriber) => {
        subscriber.seen(image);
      });
    } catch (error) {
      this.tell(id, (subscriber) => {
        if (isTransient(error)) {
          subscriber.seen(error);
        } else {
          subscriber.failed(error);
        }
      });
    }
  }

  private tell(id: string, message: (subscriber: Subscriber) => void): void {
    const subscribers = this.subscribers.get(id) ?? new Set<Subscriber>();
    this.subscribers.delete(id);
    subscribers.forEach(message);
  }
}
