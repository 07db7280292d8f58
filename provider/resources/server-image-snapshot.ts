import type * as pulumi from "@pulumi/pulumi";
import type { Args, Outputs } from "../schema/description";
import { serverImageSnapshot } from "../schema/server-image-snapshot";
import { DynamicResource } from "./dynamic";
import type { ServerImageRecord } from "./server-image-record";

/** How the image is waited for. */
export interface ServerImageSnapshotArgs extends Args<typeof serverImageSnapshot> {}

export interface ServerImageSnapshot extends Outputs<typeof serverImageSnapshot> {}

/** What the record has, for the snapshot to bring about. A snapshot that is only looked up has no record. */
type OfRecord = Partial<Pick<ServerImageRecord, "minRam" | "protected" | "visibility" | "tags">> & {
  imageId?: pulumi.Input<string>;
};

/** The wait for an image of a server, made when it is active and as declared: a part of a `ServerImage`. */
export class ServerImageSnapshot extends DynamicResource {
  constructor(name: string, args: ServerImageSnapshotArgs & OfRecord, opts: pulumi.CustomResourceOptions) {
    super("ServerImageSnapshot", "server-image-snapshot", name, serverImageSnapshot, { ...args }, opts);
  }
}
