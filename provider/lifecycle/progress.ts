/** One image, or file, that is being waited for. */
export interface Waiting {
  /** What it is. By default an image. */
  what?: "image" | "file";
  /** Its name, once that is known. */
  name: string;
  status: string;
  /** How far it is. */
  detail?: string;
  /** When the waiting began. */
  since: number;
}

/** Tells the user that something is still happening. */
export interface Progress {
  /** Shows these images until the function that comes back is called. Their `name`, `status` and `detail` may be changed meanwhile. */
  show: (waiting: Waiting) => () => void;
}

/**
 * Progress for all that waits in this process, in one line that is shown less and less often: Pulumi shows each second that a
 * resource is being created anyway, and writes every line into the log where there is no terminal. Two hours make some 30 lines.
 */
export class ProgressBoard implements Progress {
  private readonly waiting = new Set<Waiting>();
  private timer?: NodeJS.Timeout;
  private begun = 0;
  private next = 0;

  constructor(
    private readonly write: (message: string) => void,
    private readonly now: () => number,
  ) {}

  show(waiting: Waiting): () => void {
    this.waiting.add(waiting);
    if (this.timer === undefined) {
      this.begun = this.now();
      this.next = 2000;
      this.timer = setInterval(() => {
        this.tick();
      }, 1000).unref();
    }
    return () => {
      this.waiting.delete(waiting);
      if (this.waiting.size === 0) {
        clearInterval(this.timer);
        this.timer = undefined;
      }
    };
  }

  /** Called every second while something waits. */
  tick(): void {
    const elapsed = this.now() - this.begun;
    if (elapsed >= this.next) {
      this.write(this.message());
      this.next = elapsed * 1.3;
    }
  }

  private message(): string {
    const all = [...this.waiting];
    const [longest, ...others] = all.sort((a, b) => a.since - b.since);
    if (longest === undefined) {
      return "";
    }
    const time = duration(this.now() - longest.since);
    const detail = longest.detail === undefined ? "" : `${longest.detail}, `;
    if (others.length === 0) {
      return `${longest.what ?? "image"} ${longest.name}: ${longest.status}, ${detail}${time}`;
    }
    const images = all.every(({ what }) => what === "file") ? "files" : "images";
    return `${all.length} ${images} to go: ${tally(all.map((one) => one.status))}; longest ${longest.name}, ${detail}${time}`;
  }
}

/** Counts texts: `3 importing, 1 queued`. */
export function tally(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  texts.forEach((text) => counts.set(text, (counts.get(text) ?? 0) + 1));
  return [...counts].map(([text, count]) => `${count} ${text}`).join(", ");
}

/**
 * How far an upload is: `45 % of 2.0 GiB, 80.0 MiB/s, 14 s left`.
 * @param upload bytes that are there, in all, and of an earlier run, which took no time of this one; milliseconds
 */
export function uploadDetail(upload: { sent: number; total: number; kept: number; elapsed: number }): string {
  const { sent, total, kept, elapsed } = upload;
  const percent = `${Math.floor((100 * sent) / Math.max(1, total))} % of ${bytes(total)}`;
  if (sent === kept || elapsed === 0) {
    return percent;
  }
  const rate = (sent - kept) / elapsed;
  return `${percent}, ${bytes(rate * 1000)}/s, ${duration((total - sent) / rate)} left`;
}

/** A number of bytes for people: `2.0 GiB`. */
export function bytes(number: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, number)) / 10));
  return power === 0
    ? `${Math.round(number)} bytes`
    : `${(number / 1024 ** power).toFixed(1)} ${units[power] ?? ""}`;
}

/** A time span for people: `45 s`, `3 min 20 s`, `1 h 5 min`. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) {
    return `${seconds} s`;
  }
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
