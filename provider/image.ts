import * as pulumi from "@pulumi/pulumi";
import type { ImageVolume } from "./api/images";
import { refuseImport } from "./dynamic";
import { ImageImport, type Timeouts } from "./image-import";
import { ImageRecord, type ImageRecordArgs } from "./image-record";
import { importOutputs, importProperties, recordOutputs, recordProperties, rootOf } from "./properties";

/** What one declares of an image. A wrong value is refused in preview, before anything is done. */
export interface ImageArgs extends ImageRecordArgs {
  /** How long to wait. A change does nothing by itself. */
  timeouts?: pulumi.Input<Timeouts>;
}

/**
 * An image that servers can boot from, made from a qcow2 file in Object Storage.
 *
 * ```ts
 * const golden = new Image("golden", {
 *   name: "golden-2026-11",
 *   osDistro: "ubuntu",
 *   url: "https://object-store.kr-west1.e.samsungsdscloud.com/8989447062e04a818baf9e073fd04fa7:images/golden.qcow2",
 * });
 * export const imageId = golden.id;
 * ```
 *
 * It is two resources: an `ImageRecord`, made at once, and an `ImageImport`, made when the image is active. Whoever is interrupted
 * in between loses nothing: the next `pulumi up` waits for the same image. Every property here, the id too, has its value only
 * when the image is active.
 *
 * The resource options reach the part that they mean; `import` cannot work for dynamic resources.
 */
export class Image extends pulumi.ComponentResource {
  /** The image's id. */
  readonly id: pulumi.Output<string>;
  readonly name: pulumi.Output<string>;
  readonly osDistro: pulumi.Output<string>;
  readonly url: pulumi.Output<string>;
  readonly diskFormat: pulumi.Output<string>;
  readonly containerFormat: pulumi.Output<string>;
  /** Smallest disk, in GB. */
  readonly minDisk: pulumi.Output<number>;
  readonly minRam: pulumi.Output<number>;
  readonly protected: pulumi.Output<boolean>;
  readonly visibility: pulumi.Output<string>;
  /** The declared tags; undefined where none are declared. */
  readonly tags: pulumi.Output<Record<string, string> | undefined>;
  readonly region: pulumi.Output<string>;
  readonly environment: pulumi.Output<string>;
  /** Id of the account that owns the image. */
  readonly owner: pulumi.Output<string | undefined>;
  readonly ownerAccountName: pulumi.Output<string | undefined>;
  readonly ownerUserName: pulumi.Output<string | undefined>;
  /** Path of the image's data in the image service. */
  readonly file: pulumi.Output<string | undefined>;
  /** Whether lists leave the image out. */
  readonly osHidden: pulumi.Output<boolean | undefined>;
  /** ISO 8601, UTC. */
  readonly createdAt: pulumi.Output<string | undefined>;
  /** ISO 8601, UTC. As of the last change that this resource made or saw. */
  readonly updatedAt: pulumi.Output<string | undefined>;
  /** `active`, unless an operator has deactivated the image since. */
  readonly status: pulumi.Output<string>;
  /** The MD5 of the file, in hexadecimal. */
  readonly checksum: pulumi.Output<string | undefined>;
  /** The algorithm of `osHashValue`: `sha512`. */
  readonly osHashAlgo: pulumi.Output<string | undefined>;
  /** The hash of the file, in hexadecimal. */
  readonly osHashValue: pulumi.Output<string | undefined>;
  /** Size of the file, in bytes. */
  readonly size: pulumi.Output<number | undefined>;
  /** Size of the disk that the file describes, in bytes. */
  readonly virtualSize: pulumi.Output<number | undefined>;
  /** The volumes of an image that was made from a server. */
  readonly volumes: pulumi.Output<ImageVolume[] | undefined>;
  /** Such as `/dev/vda`. */
  readonly rootDeviceName: pulumi.Output<string | undefined>;
  /** The GPU driver's version. From API version 1.2 on. */
  readonly scpGpuDriver: pulumi.Output<string | undefined>;
  /** Such as `custom`. */
  readonly scpImageType: pulumi.Output<string | undefined>;
  readonly scpK8sVersion: pulumi.Output<string | undefined>;
  /** Such as `standard`: the type of the image that this one comes from. */
  readonly scpOriginalImageType: pulumi.Output<string | undefined>;
  readonly scpOsBuildVersion: pulumi.Output<string | undefined>;
  readonly scpOsVersion: pulumi.Output<string | undefined>;

  /**
   * @param name the resource's name in Pulumi; the image's own is `args.name`
   */
  constructor(name: string, args: ImageArgs, opts: pulumi.CustomResourceOptions = {}) {
    refuseImport("Image", name, opts);
    super("scp:index:Image", name, {}, componentOptions(opts));
    const { record, file } =
      opts.id === undefined ? this.declare(name, args, opts) : this.lookUp(name, opts.id);

    // What depends on an image must never see a half-made one: all waits for the import.
    const whenActive = <T>(output: pulumi.Output<T>) => file.id.apply<T>(() => output);
    this.id = file.id;
    this.name = whenActive(record.name);
    this.osDistro = whenActive(record.osDistro);
    this.url = whenActive(record.url);
    this.diskFormat = whenActive(record.diskFormat);
    this.containerFormat = whenActive(record.containerFormat);
    this.minDisk = whenActive(record.minDisk);
    this.minRam = whenActive(record.minRam);
    this.protected = whenActive(record.protected);
    this.visibility = whenActive(record.visibility);
    this.tags = whenActive(record.tags);
    this.region = whenActive(record.region);
    this.environment = whenActive(record.environment);
    this.owner = whenActive(record.owner);
    this.ownerAccountName = whenActive(record.ownerAccountName);
    this.ownerUserName = whenActive(record.ownerUserName);
    this.file = whenActive(record.file);
    this.osHidden = whenActive(record.osHidden);
    this.createdAt = whenActive(record.createdAt);
    this.updatedAt = whenActive(record.updatedAt);
    this.status = file.status;
    this.checksum = file.checksum;
    this.osHashAlgo = file.osHashAlgo;
    this.osHashValue = file.osHashValue;
    this.size = file.size;
    this.virtualSize = file.virtualSize;
    this.volumes = file.volumes;
    this.rootDeviceName = file.rootDeviceName;
    this.scpGpuDriver = file.scpGpuDriver;
    this.scpImageType = file.scpImageType;
    this.scpK8sVersion = file.scpK8sVersion;
    this.scpOriginalImageType = file.scpOriginalImageType;
    this.scpOsBuildVersion = file.scpOsBuildVersion;
    this.scpOsVersion = file.scpOsVersion;
    this.registerOutputs({ id: this.id });
  }

  /** Looks up an image that something else manages, by its id. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Image {
    return new Image(name, {} as ImageArgs, { ...opts, id });
  }

  private declare(name: string, args: ImageArgs, opts: pulumi.CustomResourceOptions): Parts {
    const { timeouts, ...properties } = args;
    const declared = { ...properties, settledByImport: true };
    const record = new ImageRecord(name, declared, this.partOptions(opts, recordKeys));
    // Deleting the record deletes the image, so the import's end is nothing to the cloud.
    const imported = {
      imageId: record.id,
      url: args.url,
      timeouts,
      deleteImage: false,
      region: args.region,
      environment: args.environment,
    };
    return { record, file: new ImageImport(name, imported, this.partOptions(opts, importKeys)) };
  }

  private lookUp(name: string, id: pulumi.Input<pulumi.ID>): Parts {
    const opts = { parent: this };
    return { record: ImageRecord.get(name, id, opts), file: ImageImport.get(name, id, opts) };
  }

  /** The options of one of the parts: those that do not reach it through its parent, as far as they are about it. */
  private partOptions(
    opts: pulumi.CustomResourceOptions,
    keys: ReadonlySet<string>,
  ): pulumi.CustomResourceOptions {
    const about = (paths: string[] | undefined) => paths?.filter((path) => keys.has(rootOf(path)));
    return {
      parent: this,
      dependsOn: opts.dependsOn,
      deleteBeforeReplace: opts.deleteBeforeReplace,
      retainOnDelete: opts.retainOnDelete,
      deletedWith: opts.deletedWith,
      replacementTrigger: opts.replacementTrigger as unknown,
      replaceWith: opts.replaceWith,
      ignoreChanges: about(opts.ignoreChanges),
      replaceOnChanges: about(opts.replaceOnChanges),
      additionalSecretOutputs: about(opts.additionalSecretOutputs),
      hideDiffs: about(opts.hideDiffs),
      customTimeouts: opts.customTimeouts,
    };
  }
}

/** The options of the component itself: those that its parts inherit, and those that concern its own place in the tree. */
function componentOptions(opts: pulumi.CustomResourceOptions): pulumi.ComponentResourceOptions {
  const {
    parent,
    aliases,
    protect,
    dependsOn,
    retainOnDelete,
    deletedWith,
    transformations,
    transforms,
    hooks,
  } = opts;
  return {
    parent,
    aliases,
    protect,
    dependsOn,
    retainOnDelete,
    deletedWith,
    transformations,
    transforms,
    hooks,
  };
}

const recordKeys = new Set(["*", ...Object.keys({ ...recordProperties, ...recordOutputs })]);
const importKeys = new Set(["*", ...Object.keys({ ...importProperties, ...importOutputs })]);

interface Parts {
  record: ImageRecord;
  file: ImageImport;
}
