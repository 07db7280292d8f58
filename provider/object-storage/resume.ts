import { md5Of, type LocalFile } from "./local-file";
import type { Asking, ListedPart, ListedUpload, ObjectPlace, S3Operations } from "./operations";
import { limits, partAt, type Part, type PartSlots } from "./parts";
import { refuseIfCancelled } from "./errors";

/** An upload that was begun: what of it is there, and is what the file has. */
export interface Begun {
  id: string;
  partSize: number;
  /** The ETags of the good parts, by number. */
  good: Map<number, string>;
}

/** Parts larger than this were not sent by us, and would cost memory. Bytes. */
const largestResumed = 64 * 1024 ** 2;

/** Finds the upload to go on with: of those under the key, the one with most in it that the file has too. */
export class Resuming {
  /** MD5s of parts of the file, by start and size: uploads of the same file share them. */
  private readonly known = new Map<string, Promise<string>>();

  constructor(
    private readonly s3: S3Operations,
    private readonly slots: PartSlots,
    private readonly file: LocalFile,
    private readonly place: ObjectPlace,
    /** The size of a part that a new upload would have. */
    private readonly usual: number,
    private readonly asking: Asking,
  ) {}

  /** @returns the upload to go on with, if there is one, and the others, which are in the way. */
  async find(uploads: readonly ListedUpload[]): Promise<{ best?: Begun; others: string[] }> {
    const all: Begun[] = [];
    for (const { id } of uploads) {
      const parts = await this.s3.listParts(this.place, id, this.asking);
      all.push({ id, ...(await this.judge(parts)) });
    }
    const sizeOf = ({ good, partSize }: Begun) => good.size * partSize;
    const [best, ...others] = all.sort((one, other) => sizeOf(other) - sizeOf(one));
    return { best, others: others.map(({ id }) => id) };
  }

  private async judge(listed: readonly ListedPart[]): Promise<Omit<Begun, "id">> {
    const partSize = this.partSizeOf(listed);
    const fitting = fit(listed, this.file.size, partSize);
    const checked = await Promise.all(
      fitting.map(async ({ part, etag }) =>
        (await this.md5(part)) === etag.toLowerCase() ? [{ part, etag }] : [],
      ),
    );
    return { partSize, good: new Map(checked.flat().map(({ part, etag }) => [part.number, etag])) };
  }

  /** All parts of an upload but the last are of one size: ours, or that of an earlier release. */
  private partSizeOf(listed: readonly ListedPart[]): number {
    const { size } = this.file;
    const largest = listed.reduce((most, part) => Math.max(most, part.size), 0);
    const isPossible =
      largest >= limits.smallestPart && largest <= largestResumed && size / largest <= limits.parts;
    const isBetter = isPossible && fit(listed, size, largest).length > fit(listed, size, this.usual).length;
    return isBetter ? largest : this.usual;
  }

  private md5(part: Part): Promise<string> {
    const name = `${part.start}+${part.size}`;
    const md5 =
      this.known.get(name) ??
      this.slots.use(part.size, async (buffer) => {
        refuseIfCancelled(this.asking);
        await this.file.read(part, buffer);
        return md5Of(buffer).toString("hex");
      });
    this.known.set(name, md5);
    return md5;
  }
}

/** The listed parts that have the number and the size of a part of the file. */
function fit(listed: readonly ListedPart[], size: number, partSize: number): { part: Part; etag: string }[] {
  return listed.flatMap(({ number, size: found, etag }) => {
    const part = number >= 1 ? partAt(number, size, partSize) : undefined;
    return part?.size === found ? [{ part, etag }] : [];
  });
}
