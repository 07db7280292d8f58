/** What stands in place of a value that is a secret in the state. */
export const hidden = "[secret]";

/** A value that the state tells, or tells to be a secret. */
export type Told<T> = T | typeof hidden;

/** What of a program holds an image. */
export type DeclaredAs = "ImagePipeline" | "Image" | "ServerImage" | "ImageRecord" | "ImageImport";

/** What is shown of one image. What the state does not tell is absent. Foreign text is fit to be shown already. */
export interface ReportedImage {
  id: string;
  /** Whose it is: the URN of the `Image`, or of the resource that stands alone. */
  urn: string;
  /** The logical name in the program; in a pipeline, the entry. */
  entry: string;
  /** The logical name of the `ImagePipeline`. */
  pipeline?: string;
  declaredAs: DeclaredAs;
  /** 0: the current image of its entry, 1: the one before it, and so on. */
  generation: number;
  version?: Told<string>;
  /** The channels that point at it. */
  channels: string[];
  /** Whether the program only looks it up. */
  lookedUp: boolean;
  /** Whether it is replaced already, and still to be deleted. */
  leaving: boolean;
  /** The image's own name. */
  name?: Told<string>;
  status?: Told<string>;
  osDistro?: Told<string>;
  /** Of the file, in bytes. */
  size?: Told<number>;
  /** Of the disk, in bytes. */
  virtualSize?: Told<number>;
  md5?: Told<string>;
  sha512?: Told<string>;
  /** ISO 8601, UTC. */
  createdAt?: Told<string>;
  /** Seconds from `createdAt` to when the report was made. */
  age?: number;
  protected?: Told<boolean>;
  visibility?: Told<string>;
  region?: Told<string>;
  environment?: Told<string>;
  /** In GB. */
  minDisk?: Told<number>;
  minRam?: Told<number>;
  /** Where it was imported from, without a query. */
  url?: Told<string>;
  /** The name of the file that it was made of. */
  file?: Told<string>;
  /** The server that it was made of. */
  serverId?: Told<string>;
  tags?: Told<Record<string, Told<string>>>;
  /** The accounts that it is shared with, as far as the program does that. */
  sharedWith: Told<string>[];
}

/** Where a channel points. */
export interface ReportedChannel {
  name: string;
  urn: string;
  entry: string;
  pipeline?: string;
  imageId: string;
  version?: Told<string>;
  /** Whether it names a version; else it follows the current image. */
  pinned: boolean;
}

/** One of the images of a change. */
export interface ImageReference {
  id: string;
  name?: Told<string>;
  version?: Told<string>;
}

/** A property of an image that is another now. */
export interface PropertyChange {
  property: string;
  from?: Told<unknown>;
  to?: Told<unknown>;
}

interface OfEntry {
  urn: string;
  entry: string;
  pipeline?: string;
}

/** A difference between two states of a stack. */
export type Change = OfEntry &
  (
    | { kind: "new"; image: ImageReference }
    /** `kept`: the image before is there still, as an earlier generation. */
    | { kind: "replaced"; from: ImageReference; to: ImageReference; kept: boolean }
    | { kind: "removed"; image: ImageReference }
    | { kind: "renamed"; image: ImageReference; from: string }
    | { kind: "updated"; image: ImageReference; properties: PropertyChange[] }
    | { kind: "channelAdded"; channel: string; to: ImageReference }
    | { kind: "channelRemoved"; channel: string; from: ImageReference }
    /** To a newer image, an older one, or one of another entry. */
    | {
        kind: "promoted" | "rolledBack" | "channelMoved";
        channel: string;
        from: ImageReference;
        to: ImageReference;
      }
  );

/** All that is shown. `--json` writes it as it is here; docs/report.md describes it. */
export interface Report {
  format: "pulumi-scp-images/report";
  /** Goes up when something that is there means another thing, or goes. */
  version: 1;
  /** ISO 8601, UTC. */
  generatedAt: string;
  /** Absent for an empty state, which does not tell. */
  stack?: { project: string; name: string };
  /** When the state was written: ISO 8601. */
  stateTime?: string;
  images: ReportedImage[];
  channels: ReportedChannel[];
  /** Only with a state before. */
  changes?: Change[];
  /** When that state was written: ISO 8601. */
  since?: string;
  /** What a reader should know of the states, in sentences. */
  notices: string[];
}
