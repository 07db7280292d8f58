import * as pulumi from "@pulumi/pulumi";
import type { Args, Outputs } from "../schema/description";
import { serverImageRecord } from "../schema/server-image-record";
import { serverImageSnapshot } from "../schema/server-image-snapshot";
import { isOfType, publicNames, refuseImport } from "./dynamic";
import { timeoutsOf } from "./image-import";
import { componentOptions, offer, partOptions } from "./parts";
import { ServerImageRecord } from "./server-image-record";
import { ServerImageSnapshot, type ServerImageSnapshotArgs } from "./server-image-snapshot";

/** What one declares of an image of a server. A wrong value is refused in preview, before anything is done. */
export interface ServerImageArgs
  extends Args<typeof serverImageRecord>, Pick<ServerImageSnapshotArgs, "timeouts"> {}

/** The component's type in the state. Permanent. */
const serverImageType = "scp:index:ServerImage";

type RecordOutputs = Omit<Outputs<typeof serverImageRecord>, "imageId">;
type SnapshotOutputs = Omit<Outputs<typeof serverImageSnapshot>, keyof ServerImageSnapshotArgs>;

export interface ServerImage extends RecordOutputs, SnapshotOutputs {}

/**
 * An image that servers can boot from, made of the disks of a server that is there.
 *
 * ```ts
 * const golden = new ServerImage("golden", {
 *   serverId: "4c2a8a0e-7d0b-4a53-9a3c-2f1d3c0a9b11",
 *   name: "golden-2026-11",
 *   protected: true,
 * });
 * export const imageId = golden.id;
 * ```
 *
 * It is made once, of the server as it is then: what changes on the server afterwards changes no image. It is two resources: a
 * `ServerImageRecord`, which is in the state as soon as SCP has answered with the image's id, and a `ServerImageSnapshot`, made when the
 * image is active and as it is declared. Whoever is interrupted in between loses nothing: the next `pulumi up` waits for the same image.
 * Every property here, the id too, has its value only when the image is active.
 *
 * The resource options reach the part that they mean; `import` cannot work for dynamic resources.
 */
export class ServerImage extends pulumi.ComponentResource {
  /** Whether a value is a `ServerImage`, also one of another copy of this package; and for policy packs, whether a resource is one. */
  static override isInstance(value: unknown): value is ServerImage {
    return isOfType(value, serverImageType);
  }

  /** The image's id. */
  readonly id: pulumi.Output<string>;

  /**
   * @param name the resource's name in Pulumi; the image's own is `args.name`
   */
  constructor(name: string, args: ServerImageArgs, opts: pulumi.CustomResourceOptions = {}) {
    refuseImport("ServerImage", name, opts);
    super(serverImageType, name, {}, componentOptions(opts));
    const { record, snapshot } =
      opts.id === undefined ? this.declare(name, args, opts) : this.lookUp(name, opts.id);

    this.id = snapshot.id;
    offer(this, record, recordNames);
    offer(this, snapshot, snapshotNames);
    this.registerOutputs({ id: this.id });
  }

  /** Looks up an image of a server that something else manages, by its id. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): ServerImage {
    return new ServerImage(name, {} as ServerImageArgs, { ...opts, id });
  }

  private declare(name: string, args: ServerImageArgs, opts: pulumi.CustomResourceOptions): Parts {
    const { timeouts = timeoutsOf(opts), ...declared } = args;
    const { region, environment, profile } = args;
    const record = new ServerImageRecord(name, declared, partOptions(this, opts, recordKeys));
    // The record says what is declared in the end, whatever options made of the arguments.
    const { id: imageId, minRam, protected: isProtected, visibility, tags } = record;
    const snapshot = new ServerImageSnapshot(
      name,
      { imageId, timeouts, region, environment, profile, minRam, protected: isProtected, visibility, tags },
      partOptions(this, opts, snapshotKeys),
    );
    return { record, snapshot };
  }

  private lookUp(name: string, id: pulumi.Input<pulumi.ID>): Parts {
    const opts = { parent: this, id };
    return {
      record: new ServerImageRecord(name, {} as ServerImageArgs, opts),
      snapshot: new ServerImageSnapshot(name, {}, opts),
    };
  }
}

/** The id of an image that was taken over is the image's own `id`. */
const recordNames = publicNames(serverImageRecord).filter((name) => name !== "imageId");
const stated = new Set<string>([
  "timeouts",
  "region",
  "environment",
  "profile",
] satisfies (keyof ServerImageSnapshotArgs)[]);
const snapshotNames = publicNames(serverImageSnapshot).filter((name) => !stated.has(name));

const recordKeys = new Set(["*", ...publicNames(serverImageRecord)]);
const snapshotKeys = new Set(["*", ...publicNames(serverImageSnapshot)]);

interface Parts {
  record: ServerImageRecord;
  snapshot: ServerImageSnapshot;
}
