import { createHash } from "node:crypto";
import http from "node:http";
import type { Faults } from "./faults";
import { touch } from "./images";
import { loopbackAddress } from "./objectUrl";
import { headerBytes, readQcow2Header } from "./qcow2";
import type { Settings } from "./settings";
import type { RawImage, Store, StoredImage } from "./store";
import { type Works, pause, untilAborted } from "./works";

const mostRedirects = 5;

/** What the importer needs of the rest of the emulator. */
interface Surroundings {
  settings: Settings;
  store: Store;
  faults: Faults;
  works: Works;
  storageUrl: () => string;
  raw: (image: StoredImage) => RawImage;
}

/** Imports: fetches an image's file over HTTP, measures it, and moves the image through Glance's states. */
export class Importer {
  constructor(private readonly around: Surroundings) {}

  /** Accepts an import. It begins after the caller's own answer is made: that one still says `queued`. */
  start(image: StoredImage, url: string): void {
    image.importRunning = true;
    image.importsStarted++;
    image.importError = null;
    this.around.store.changed();
    this.around.works.start(image.body.id, (signal) => this.run(image, url, signal));
  }

  private async run(image: StoredImage, url: string, signal: AbortSignal): Promise<void> {
    const { settings, store } = this.around;
    try {
      await pause(settings.queuedMs, signal);
      touch(image, settings.now(), { status: "importing" });
      store.changed();
      const facts = await this.import(image, url, signal);
      touch(image, settings.now(), { ...facts, status: "active" });
    } catch (error) {
      if (signal.aborted) return;
      touch(image, settings.now(), { status: "queued" });
      image.importsFailed++;
      image.importError = error instanceof Error ? error.message : String(error);
    }
    image.importRunning = false;
    store.changed();
    // Should that fail, the next request's answer says so.
    await store.saved().catch(() => undefined);
  }

  private async import(image: StoredImage, url: string, signal: AbortSignal) {
    const { settings, raw } = this.around;
    const started = performance.now();
    await this.meetFault(image, signal);
    const facts = await this.measure(url, signal);
    const wanted =
      typeof settings.importMs === "function" ? settings.importMs(raw(image)) : settings.importMs;
    await pause(wanted - (performance.now() - started), signal);
    return facts;
  }

  private async meetFault(image: StoredImage, signal: AbortSignal): Promise<void> {
    const fault = this.around.faults.meet({ work: "import", image: image.body });
    if (!fault) return;
    await pause(fault.latencyMs ?? 0, signal);
    if (fault.kind === "import-fails") throw new Error("This failure was ordered as a fault.");
    await untilAborted(signal);
  }

  /** Reads the file once, start to end. */
  private async measure(url: string, signal: AbortSignal) {
    const source = await this.open(url, signal);
    const md5 = createHash("md5");
    const sha512 = createHash("sha512");
    let start = Buffer.alloc(0);
    let size = 0;
    for await (const chunk of source as AsyncIterable<Buffer>) {
      md5.update(chunk);
      sha512.update(chunk);
      size += chunk.length;
      if (start.length < headerBytes) start = Buffer.concat([start, chunk.subarray(0, headerBytes)]);
    }
    return {
      checksum: md5.digest("hex"),
      os_hash_algo: "sha512",
      os_hash_value: sha512.digest("hex"),
      size,
      virtual_size: readQcow2Header(start).virtualSize,
      root_device_name: "/dev/vda",
    };
  }

  private async open(url: string, signal: AbortSignal): Promise<http.IncomingMessage> {
    const { settings, storageUrl } = this.around;
    let next = url;
    for (let hops = 0; hops <= mostRedirects; hops++) {
      const address = loopbackAddress(next, settings, storageUrl());
      if (!address) throw new Error("The source is not in this region's Object Storage.");
      const response = await anonymousRequest("GET", address, signal);
      const status = response.statusCode ?? 0;
      if (status === 200) return response;
      response.destroy();
      if (status < 300 || status >= 400) throw new Error(`The source answered ${status}.`);
      next = new URL(response.headers.location ?? "", address).href;
    }
    throw new Error("The source redirects too often.");
  }
}

/** Whether anybody may read the object, asked as the importer will: over HTTP and without credentials. */
export async function isReadable(address: URL): Promise<boolean> {
  try {
    const response = await anonymousRequest("HEAD", address);
    response.resume();
    return response.statusCode === 200;
  } catch {
    return false;
  }
}

function anonymousRequest(method: string, address: URL, signal?: AbortSignal): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    http.request(address, { method, signal, agent: false }, resolve).on("error", reject).end();
  });
}
