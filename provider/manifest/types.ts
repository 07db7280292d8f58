import type { ImageProperties } from "../schema/manifest";
import type { Position } from "./problems";
import type { VariableSources } from "./variables";

/** What an image's entry says, with overrides, defaults and variables put in. Its position is that of its key. */
interface CommonEntry extends Position {
  /** The key: the image's logical name. */
  key: string;
  /** Label of this generation. */
  version?: string;
  /** How many earlier generations stay. */
  keep: number;
  /** The accounts that it is shared with; undefined where the manifest does not say. `visibility` is `shared` where there are any. */
  sharedWith?: string[];
  /** Earlier keys. */
  renamedFrom: string[];
  /** Those of its properties that a secret of the stack's configuration went into. */
  secrets: string[];
}

/** An image of a file: in Object Storage (`url`), or on this machine (`source`). */
export interface FileEntry extends CommonEntry {
  origin: "url" | "source";
  /** What `Image` takes. A `source.file` is as it is written. */
  properties: ImageProperties & Required<Pick<ImageProperties, "name" | "osDistro">>;
}

/** An image of a server. */
export interface ServerEntry extends CommonEntry {
  origin: "server";
  /** The server's id. */
  server: string;
  properties: Omit<
    ImageProperties,
    "url" | "source" | "osDistro" | "diskFormat" | "containerFormat" | "minDisk"
  > &
    Required<Pick<ImageProperties, "name">>;
}

/** An image that something else manages. */
export interface LookupEntry extends CommonEntry {
  origin: "lookup";
  /** The image's id. */
  lookup: string;
  properties: Pick<ImageProperties, "region" | "environment" | "profile">;
}

export type ImageEntry = FileEntry | ServerEntry | LookupEntry;

/** A channel, at the position of its key. */
export interface ChannelEntry extends Position {
  name: string;
  /** The key of an image of the manifest. */
  image: string;
  /** A generation that is kept; undefined for the current one. */
  version?: string;
  /** Those of its properties that a secret of the stack's configuration went into. */
  secrets: string[];
}

export interface Manifest {
  images: ImageEntry[];
  channels: ChannelEntry[];
}

/** Whose manifest it is, and where variables get their values. */
export interface ManifestContext extends VariableSources {
  /** The stack's name, by which overrides are chosen. */
  stack: string;
}

export interface ValidateOptions extends VariableSources {
  /** Whether a variable that has no value is a mistake. Otherwise what it stands in is taken to be right. */
  strict?: boolean;
  /** Whether a configuration value, by its whole key, is there and cannot be read. It is taken to be right. */
  isEncrypted?: (key: string) => boolean;
}
