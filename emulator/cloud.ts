import { randomUUID } from "node:crypto";
import { Faults } from "./faults";
import { removeImage, srnOf, newImage, touch } from "./images";
import { Importer } from "./importer";
import { ApiError } from "./http";
import { Journal } from "./journal";
import { type ServerGiven, newServer } from "./servers";
import type { Settings } from "./settings";
import { Snapshots } from "./snapshots";
import { standardImages } from "./standard";
import type { ImageBody, RawImage, Store, StoredImage, StoredServer, Tag } from "./store";
import { Tags } from "./tags";
import { Works } from "./works";

/** The emulated cloud: what the rooms of the services share. */
export class Cloud {
  readonly faults = new Faults();
  readonly journal = new Journal();
  readonly works = new Works();
  readonly importer: Importer;
  readonly snapshots: Snapshots;
  readonly tags: Tags;
  /** What was deleted through the API, each image as it was then. */
  readonly deleted: RawImage[] = [];
  /** Base URL of everything; known once the server listens. */
  url = "";
  private readonly standard = standardImages();

  constructor(
    readonly settings: Settings,
    readonly store: Store,
  ) {
    this.tags = new Tags(store, settings);
    const { faults, works } = this;
    const around = { settings, store, faults, works, raw: (image: StoredImage) => this.raw(image) };
    this.importer = new Importer({ ...around, storageUrl: () => this.url });
    this.snapshots = new Snapshots(around);
    this.settleInterrupted();
  }

  now(): number {
    return this.settings.now();
  }

  raw(image: StoredImage): RawImage {
    const { body, ...internals } = image;
    return structuredClone({ ...body, ...internals, tags: this.tags.of(image) });
  }

  /** Every image that accounts have; the vendor's own are not among them unless they are asked for. */
  images({ standard = false } = {}): RawImage[] {
    const images = standard ? this.everyImage() : [...this.store.images.values()];
    return images.map((image) => this.raw(image));
  }

  /** What the API's operations find: the accounts' images, and the vendor's own. */
  everyImage(): StoredImage[] {
    return [...this.store.images.values(), ...(this.settings.standardImages ? this.standard.values() : [])];
  }

  findImage(id: string): StoredImage | undefined {
    return this.store.images.get(id) ?? (this.settings.standardImages ? this.standard.get(id) : undefined);
  }

  /** Makes many images behind everybody's back, each `active` and the main account's unless it says otherwise. */
  async addImages(given: Partial<ImageBody>[]): Promise<RawImage[]> {
    const images = given.map((fields) => {
      const image = newImage(fields.id ?? randomUUID(), this.settings.accounts[0], this.now(), {
        status: "active",
      });
      refuseUnknown(fields, image);
      Object.assign(image.body, fields);
      return image;
    });
    for (const image of images) this.store.images.set(image.body.id, image);
    this.store.changed();
    await this.store.saved();
    return images.map((image) => this.raw(image));
  }

  /** Makes a server known. Then its account has no others than those that are. */
  async addServer(given: ServerGiven = {}): Promise<StoredServer> {
    const server = newServer(given, this.settings.accounts);
    this.store.servers.set(server.id, server);
    this.store.changed();
    await this.store.saved();
    return { ...server };
  }

  /** Changes an image behind everybody's back, or makes it. A new status ends an import or a snapshot under way. */
  async setImage(id: string, patch: Partial<ImageBody>): Promise<RawImage> {
    const image =
      this.store.images.get(id) ?? newImage(id, this.settings.accounts[0], this.now(), { status: "active" });
    refuseUnknown(patch, image, "id");
    if (this.standard.has(id)) throw invalidImage(`${id} is an image of the vendor's.`);
    if (patch.status !== undefined) {
      await this.works.cancel(id);
      image.importRunning = false;
      if (image.snapshot) image.snapshot.running = false;
    }
    const tags = this.tags.of(image);
    this.store.tags.delete(srnOf(image.body, this.settings));
    touch(image, this.now(), patch);
    // A patch of created_at or updated_at is meant as it stands.
    Object.assign(image.body, patch);
    if (tags.length > 0) this.store.tags.set(srnOf(image.body, this.settings), tags);
    this.store.images.set(id, image);
    this.store.changed();
    await this.store.saved();
    return this.raw(image);
  }

  /** Whether an image is so new that the API does not know it yet. */
  isHidden(image: StoredImage): boolean {
    const newcomer = this.store.newcomers.get(image.body.id);
    return newcomer !== undefined && this.now() < newcomer.createdMs + this.settings.showLagMs;
  }

  /** Takes a new image in, as the API's operations make them. */
  addImage(image: StoredImage, tags: Tag[] = []): void {
    if (this.settings.gpuImages) image.body.scp_gpu_driver ??= "535.129.03";
    this.store.images.set(image.body.id, image);
    this.tags.give(image, tags);
    this.store.changed();
  }

  /** Deletes as the API does, which leaves a trace here. */
  async deleteImage(image: StoredImage): Promise<void> {
    this.deleted.push(this.raw(image));
    await this.removeImage(image.body.id);
  }

  /** Sets an image's tags behind everybody's back. */
  async setTags(id: string, tags: Tag[]): Promise<void> {
    const image = this.store.images.get(id);
    if (!image) throw new ApiError(404, "NotFound", `There is no image ${id}.`);
    this.store.tags.set(srnOf(image.body, this.settings), tags);
    this.store.changed();
    await this.store.saved();
  }

  async removeImage(id: string): Promise<void> {
    const image = this.store.images.get(id);
    if (!image) return;
    removeImage(image, this.store, this.settings);
    await this.works.cancel(id);
    await this.store.saved();
  }

  /** Back to an empty cloud; the settings stay. */
  async reset(): Promise<void> {
    await this.works.cancelAll();
    this.faults.clear();
    this.journal.clear();
    this.deleted.length = 0;
    await this.store.reset();
  }

  /** Imports and snapshots that the last process did not see the end of. */
  private settleInterrupted(): void {
    const isStuck = this.settings.interruptedImports === "stuck";
    const status = isStuck ? "importing" : "queued";
    for (const image of this.store.images.values()) {
      if (image.snapshot?.running) {
        if (isStuck) touch(image, this.now(), { status: "saving" });
        else this.snapshots.start(image, image.snapshot.server);
      }
      if (!image.importRunning) continue;
      image.importRunning = false;
      image.importError = "The emulator ended during the import.";
      touch(image, this.now(), { status });
      this.store.changed();
    }
  }
}

const invalidImage = (detail: string) => new ApiError(400, "Emulator.InvalidImage", detail);

function refuseUnknown(fields: object, image: StoredImage, ...fixed: string[]): void {
  const unknown = Object.keys(fields).filter((name) => !(name in image.body) || fixed.includes(name));
  if (unknown.length > 0) throw invalidImage(`Not a field that can be set: ${unknown.join(", ")}.`);
}
