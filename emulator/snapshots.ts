import type { Faults, OrderedFault } from "./faults";
import { removeImage, touch } from "./images";
import type { Settings } from "./settings";
import type { RawImage, Store, StoredImage } from "./store";
import { type Works, pause, untilAborted } from "./works";

/** What snapshots need of the rest of the emulator. */
interface Surroundings {
  settings: Settings;
  store: Store;
  faults: Faults;
  works: Works;
  raw: (image: StoredImage) => RawImage;
}

/** Images of servers: moves one through Glance's states while the volumes of its server are copied. */
export class Snapshots {
  constructor(private readonly around: Surroundings) {}

  /** Where nothing takes time, the image is active already when this returns. */
  start(image: StoredImage, server: string): void {
    const { settings, faults, works, store } = this.around;
    const { id, name } = image.body;
    const fault = faults.meet({ work: "snapshot", image: { id, name, url: server } });
    image.snapshot = { server, running: true };
    store.changed();
    if (!fault && settings.snapshotMs === 0) this.finish(image);
    else works.start(id, (signal) => this.run(image, fault, signal));
  }

  private async run(image: StoredImage, fault: OrderedFault | undefined, signal: AbortSignal): Promise<void> {
    const { settings, store, raw } = this.around;
    try {
      await pause(settings.queuedMs, signal);
      touch(image, settings.now(), { status: "saving" });
      store.changed();
      await pause(fault?.latencyMs ?? 0, signal);
      if (fault?.kind === "snapshot-hangs") await untilAborted(signal);
      const { snapshotMs } = settings;
      await pause(typeof snapshotMs === "function" ? snapshotMs(raw(image)) : snapshotMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    // Nova takes the image of a failed snapshot away, and tells nobody.
    if (fault) removeImage(image, store, settings);
    else this.finish(image);
    await store.saved().catch(() => undefined);
  }

  /** The data is in snapshots of the volumes; the image itself is empty. */
  private finish(image: StoredImage): void {
    const { settings, store } = this.around;
    touch(image, settings.now(), { size: 0, status: "active" });
    if (image.snapshot) image.snapshot.running = false;
    store.changed();
  }
}
