import * as pulumi from "@pulumi/pulumi";
import type { Outputs } from "../schema/description";
import { rootOf } from "../schema/diff";
import { imageSchemaOf, ofImport, sourceNames } from "../schema/image";
import { imageImport } from "../schema/image-import";
import { imageRecord } from "../schema/image-record";
import { isOfType, publicNames, refuseImport } from "./dynamic";
import { ImageFile, type ImageFileArgs } from "./image-file";
import { ImageImport, timeoutsOf, type ImageImportArgs } from "./image-import";
import { ImageRecord, type ImageRecordArgs } from "./image-record";
import { componentOptions, offer, partOptions } from "./parts";

/** What `Image` takes, as JSON Schema: for who reads images from a file. */
export const imageSchema = imageSchemaOf();

/** A file on this machine that an image is made of. */
export interface ImageSource extends Pick<ImageFileArgs, (typeof sourceNames)[number]> {}

/** What one declares of an image: `url` or `source`. A wrong value is refused in preview, before anything is done. */
export interface ImageArgs
  extends
    Omit<ImageRecordArgs, "url">,
    Partial<Pick<ImageRecordArgs, "url">>,
    Pick<ImageImportArgs, (typeof ofImport)[number]> {
  /** A file on this machine to make the image of, in place of `url`: it is uploaded, imported, and its object closed. */
  source?: ImageSource;
}

/** The component's type in the state. Permanent. */
const imageType = "scp:index:Image";

type RecordOutputs = Omit<Outputs<typeof imageRecord>, "imageId">;
type ImportOutputs = Omit<Outputs<typeof imageImport>, keyof ImageImportArgs>;

export interface Image extends RecordOutputs, ImportOutputs {}

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
  /**
   * Whether a value is an `Image`, also one of another copy of this package. For policy packs, whether a resource is one: an `Image` is a
   * component, and its properties are those of the `ImageRecord` and the `ImageImport` below it.
   */
  static override isInstance(value: unknown): value is Image {
    return isOfType(value, imageType);
  }

  /** The image's id. */
  readonly id: pulumi.Output<string>;

  /**
   * @param name the resource's name in Pulumi; the image's own is `args.name`
   */
  constructor(name: string, args: ImageArgs, opts: pulumi.CustomResourceOptions = {}) {
    refuseImport("Image", name, opts);
    super(imageType, name, {}, componentOptions(opts));
    const { record, file } =
      opts.id === undefined ? this.declare(name, args, opts) : this.lookUp(name, opts.id);

    this.id = file.id;
    offer(this, record, recordNames);
    offer(this, file, importNames);
    this.registerOutputs({ id: this.id });
  }

  /** Looks up an image that something else manages, by its id. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Image {
    return new Image(name, {} as ImageArgs, { ...opts, id });
  }

  private declare(name: string, args: ImageArgs, opts: pulumi.CustomResourceOptions): Parts {
    const { source, verify, expectedChecksum, ...declared } = args;
    const { region, environment, profile } = args;
    const timeouts = args.timeouts ?? timeoutsOf(opts);
    refuseSource(name, source);
    const uploaded = source && this.upload(name, source, args, opts);
    const from = {
      url: uploaded?.object.url ?? args.url ?? "", // Check says that neither is there.
      object: uploaded?.object,
      path: source?.file,
      expectedChecksum,
      verify,
      timeouts,
    };
    const settled = { ...declared, ...from, settledByImport: true };
    const record = new ImageRecord(name, settled, partOptions(this, opts, recordKeys));
    // Deleting the record deletes the image, so the import's end is nothing to the cloud.
    const imported = {
      ...from,
      imageId: record.id,
      afterImport: source?.afterImport,
      deleteImage: false,
      partOfImage: true,
      region,
      environment,
      profile,
    };
    return { record, file: new ImageImport(name, imported, partOptions(this, opts, importKeys)) };
  }

  private upload(
    name: string,
    source: ImageSource,
    { region, environment, profile, minDisk, url, expectedChecksum }: ImageArgs,
    { dependsOn, retainOnDelete, ignoreChanges }: pulumi.CustomResourceOptions,
  ): ImageFile {
    const ignores = (...names: string[]) =>
      ignoreChanges?.some((path) => ["*", ...names].includes(rootOf(path))) === true;
    const ignoreContent = ignores("source");
    // The object is where the image is, and of the same account.
    const ignored = ["region", "environment", "profile"].filter((name) => ignores(name));
    const of = {
      region,
      environment,
      profile,
      minDisk,
      url,
      expectedChecksum,
      ignoreContent: ignoreContent || undefined,
    };
    // Two contents are two objects, so the new one is always uploaded before anything of the old is deleted.
    const options = { parent: this, dependsOn, retainOnDelete, ignoreChanges: ignored };
    return new ImageFile(name, { ...source, ...of }, options);
  }

  private lookUp(name: string, id: pulumi.Input<pulumi.ID>): Parts {
    const opts = { parent: this };
    return { record: ImageRecord.get(name, id, opts), file: ImageImport.get(name, id, opts) };
  }
}

/** What a file is made of must be known when the program runs: its members can be outputs, the whole cannot. */
function refuseSource(name: string, source: unknown): void {
  const isPlain = typeof source === "object" && source !== null && !pulumi.Output.isInstance(source);
  if (source !== undefined && !isPlain) {
    throw new Error(
      `Image "${name}": source must be an object like { file: "build/golden.qcow2", bucket: "images" }; its members can be outputs.`,
    );
  }
}

/** The id of an image that was taken over is the image's own `id`. */
const recordNames = publicNames(imageRecord).filter((name) => name !== "imageId");
const stated = new Set<string>([
  "imageId",
  "url",
  "timeouts",
  "deleteImage",
  "region",
  "environment",
  "profile",
] satisfies (keyof ImageImportArgs)[]);
const importNames = publicNames(imageImport).filter((name) => !stated.has(name));

const recordKeys = new Set(["*", "expectedChecksum", ...publicNames(imageRecord)]);
const importKeys = new Set(["*", ...publicNames(imageImport)]);

interface Parts {
  record: ImageRecord;
  file: ImageImport;
}
