/** One request that came, and what became of it. */
export interface LoggedRequest {
  operation: string;
  method: string;
  path: string;
  /** The image it was about; of a creation, the one it made. */
  imageId?: string;
  /** Null as long as it is not answered, and for good when a fault cut the connection. */
  status: number | null;
  scpApiVersion?: string;
  /** The kind of the fault that struck it. */
  fault?: string;
  /** When it came, Unix milliseconds by the emulator's clock. */
  at: number;
}

const mostKept = 10_000;

/** Counts every call, and remembers the last ten thousand. */
export class Journal {
  private entries: LoggedRequest[] = [];
  private counts: Record<string, number> = {};

  open(entry: LoggedRequest): LoggedRequest {
    this.counts[entry.operation] = (this.counts[entry.operation] ?? 0) + 1;
    this.entries.push(entry);
    if (this.entries.length > mostKept) this.entries.shift();
    return entry;
  }

  stats(): Record<string, number> {
    return { ...this.counts };
  }

  requests(): LoggedRequest[] {
    return this.entries.map((entry) => ({ ...entry }));
  }

  clear(): void {
    this.entries = [];
    this.counts = {};
  }
}
