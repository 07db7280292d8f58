import type * as pulumi from "@pulumi/pulumi";
import type { Args, Outputs } from "../schema/description";
import { serverImageRecord } from "../schema/server-image-record";
import { DynamicResource, isOfType, typeName } from "./dynamic";
import { originOf } from "./origin";

/** What one declares of an image of a server. */
export interface ServerImageRecordArgs extends Args<typeof serverImageRecord> {}

export interface ServerImageRecord extends Outputs<typeof serverImageRecord> {}

/** An image of a server, in the state from the moment on that the service has answered with its id: a part of a `ServerImage`. */
export class ServerImageRecord extends DynamicResource {
  /** Whether a value is a `ServerImageRecord`, also one of another copy of this package. By this, policy packs know a `ServerImage`. */
  static override isInstance(value: unknown): value is ServerImageRecord {
    return isOfType(value, typeName("ServerImageRecord"));
  }

  constructor(name: string, args: ServerImageRecordArgs, opts: pulumi.CustomResourceOptions) {
    const isLookUp = opts.id !== undefined;
    const origin = isLookUp ? undefined : originOf(name, typeName("ServerImageRecord"), opts.parent);
    super("ServerImageRecord", "server-image-record", name, serverImageRecord, { ...args, origin }, opts);
  }
}
