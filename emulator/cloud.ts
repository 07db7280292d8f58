import { Faults } from "./faults";
import { removeImage, srnOf, newImage, touch } from "./images";
import { Importer } from "./importer";
import { ApiError } from "./http";
import { Journal } from "./journal";
import type { Settings } from "./settings";
import type { ImageBody, RawImage, Store, StoredImage, Tag } from "./store";
import { Tags } from "./tags";

/** The emulated cloud: what the rooms of the services share. */
export class Cloud {
  readonly faults = new Faults();
  readonly journal = new Journal();
  readonly importer: Importer;
  readonly tags: Tags;
  /** What was deleted through the API, each image as it was then. */
  readonly deleted: RawImage[] = [];
  /** Base URL of everything; known once the server listens. */
  url = "";

  constructor(
    readonly settings: Settings,
    readonly store: Store,
  ) {
    this.tags = new Tags(store, settings);
    this.importer = new Importer({
      settings,
      store,
      faults: this.faults,
      storageUrl: () => this.url,
      raw: (image) => this.raw(image),
    });
    this.settleInterrupted();
  }

  now(): number {
    return this.settings.now();
  }

  raw(image: StoredImage): RawImage {
    const { body, ...internals } = image;
    return structuredClone({ ...body, ...internals, tags: this.tags.of(image) });
  }

  images(): RawImage[] {
    return [...this.store.images.values()].map((image) => this.raw(image));
  }

  /** Changes an image behind everybody's back, or makes it. A new status ends an import under way. */
  async setImage(id: string, patch: Partial<ImageBody>): Promise<RawImage> {
    const image =
      this.store.images.get(id) ?? newImage(id, this.settings.accounts[0], this.now(), { status: "active" });
    const unknown = Object.keys(patch).filter((name) => !(name in image.body) || name === "id");
    if (unknown.length > 0) {
      throw new ApiError(400, "Emulator.InvalidImage", `Not a field that can be set: ${unknown.join(", ")}.`);
    }
    if (patch.status !== undefined) {
      await this.importer.cancel(id);
      image.importRunning = false;
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
    await this.importer.cancel(id);
    await this.store.saved();
  }

  /** Back to an empty cloud; the settings stay. */
  async reset(): Promise<void> {
    await this.importer.cancelAll();
    this.faults.clear();
    this.journal.clear();
    this.deleted.length = 0;
    await this.store.reset();
  }

  /** Imports that the last process did not see the end of. */
  private settleInterrupted(): void {
    const status = this.settings.interruptedImports === "stuck" ? "importing" : "queued";
    for (const image of this.store.images.values()) {
      if (!image.importRunning) continue;
      image.importRunning = false;
      image.importError = "The emulator ended during the import.";
      touch(image, this.now(), { status });
      this.store.changed();
    }
  }
}
